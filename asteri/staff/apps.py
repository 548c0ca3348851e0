from django.apps import AppConfig
from django.contrib.admin import apps


class StaffConfig(AppConfig):
    """What staff work with: the site, its look, its roles and its sign-in."""

    name = "asteri.staff"
    label = "staff"
    default = True


class StaffAdminConfig(apps.AdminConfig):
    """Django's admin, with Asteri's site as the one that `@admin.register` and `reverse("admin:…")` mean."""

    default_site = "asteri.staff.site.StaffSite"
    default = False  # of the two in this module
