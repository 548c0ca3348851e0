from django.apps import AppConfig


class UsageConfig(AppConfig):
    """Usage: how often each key asks, what it's refused, and why."""

    name = "apikeys.usage"
    label = "usage"
    verbose_name = "Usage"
