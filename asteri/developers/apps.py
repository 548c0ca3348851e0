from django.apps import AppConfig


class DevelopersConfig(AppConfig):
    """The reference site, made from the OpenAPI document."""

    name = "asteri.developers"
