from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    """Keys: who asks, what it may do, and how often."""

    name = "apikeys"
    verbose_name = "API keys"
