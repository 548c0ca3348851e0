from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OrganizationsConfig(AppConfig):
    """The tenants."""

    name = "organizations"

    def ready(self) -> None:
        """Register the system checks; have the tables secured after every migration."""
        from organizations import checks  # noqa: F401, PLC0415 - they need the models.
        from organizations.policies import keep_laid  # noqa: PLC0415

        post_migrate.connect(keep_laid, sender=self)
