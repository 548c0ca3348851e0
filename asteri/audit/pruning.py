"""Pruning: records go by age, which is all that the database lets anybody delete them by."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from asteri.audit.models import Record
from asteri.audit.postgresql import GATE

BATCH = 1_000
OPEN = {
    "postgresql": f"SELECT set_config('{GATE}', %s, true)",
    "sqlite": "INSERT OR REPLACE INTO audit_gate (id, prunes_before) VALUES (1, %s)",
}
SHUT = {"postgresql": f"SELECT set_config('{GATE}', '', true)", "sqlite": "DELETE FROM audit_gate"}


def prune() -> int:
    """Delete one batch of the records older than AUDIT_DAYS, the oldest first; answer how many they were.

    They are in the order of their ids, so nothing is looked through to find them.
    """
    before = timezone.now() - timedelta(days=settings.AUDIT_DAYS)
    first = Record.objects.order_by("id").values_list("pk", "at")[:BATCH]
    ids = [pk for pk, at in first if at < before]
    with transaction.atomic():
        use_gate(OPEN, before)
        Record.objects.filter(pk__in=ids).delete()
        use_gate(SHUT)
    return len(ids)


def use_gate(statements: dict[str, str], before: datetime | None = None) -> None:
    """Open the gate for records from before a time, or shut it; it shuts with the transaction anyway."""
    with connection.cursor() as cursor:
        cursor.execute(statements[connection.vendor], [f"{before:%Y-%m-%d %H:%M:%S.%f}"] if before else None)
