from django.apps import AppConfig
from django.contrib.admin import apps
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    """What staff work with: the site, its look, its roles and its sign-in."""

    name = "asteri.staff"
    label = "staff"
    default = True

    def ready(self) -> None:
        """Have new permissions given to the roles, by whom hears of them first: this app stands before `auth`."""
        from asteri.staff import checks, roles  # noqa: F401, PLC0415 - they need the apps.

        post_migrate.connect(roles.give_new, dispatch_uid="asteri.staff.roles")


class StaffAdminConfig(apps.AdminConfig):
    """Django's admin, with Asteri's site as the one that `@admin.register` and `reverse("admin:…")` mean."""

    default_site = "asteri.staff.site.StaffSite"
    default = False  # of the two in this module

    def ready(self) -> None:
        """Register every app's models, and then those whose own registration isn't ours to write."""
        super().ready()
        from asteri.staff import accounts  # noqa: F401, PLC0415 - it needs the models.
