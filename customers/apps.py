from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """The customers of each organization."""

    name = "customers"
