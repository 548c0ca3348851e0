from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class AuditConfig(AppConfig):
    """The audit trail."""

    name = "asteri.audit"
    verbose_name = "audit trail"

    def ready(self) -> None:
        """Have every connection say who acts, and the triggers laid after every migration."""
        from asteri.audit import checks  # noqa: F401, PLC0415 - they need the apps.
        from asteri.audit.actor import attend  # noqa: PLC0415
        from asteri.audit.laying import keep_laid, make_way  # noqa: PLC0415

        connection_created.connect(attend)
        pre_migrate.connect(make_way, sender=self)
        post_migrate.connect(keep_laid, sender=self)
