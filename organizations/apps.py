from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    """The tenants."""

    name = "organizations"
