from django.apps import AppConfig


class AsteriConfig(AppConfig):
    """What wires the house together: checks and the quickstart."""

    name = "asteri"

    def ready(self) -> None:
        """Register the system checks."""
        from asteri import checks  # noqa: F401, PLC0415 - checks register when they are imported, and need the apps.
