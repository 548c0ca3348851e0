from collections.abc import Callable
from typing import Any

from asteri.management.base import Command as ReportingCommand
from customers import idempotency
from customers.changes import feeds_to_prune


def all_batches(prune: Callable[[], int]) -> int:
    """Prune batch by batch, each a short transaction of its own, until nothing is left; answer how much it was."""
    total = 0
    while count := prune():
        total += count
    return total


class Command(ReportingCommand):
    """Deletes what need not be kept."""

    help = "Delete idempotency records older than 24 hours and changes older than 90 days, in batches. Run it daily."
    example = "manage.py prune"

    def handle(self, **options: Any) -> None:
        """Delete it and say how much it was."""
        records = all_batches(idempotency.prune)
        changes = sum(all_batches(feed.prune) for feed in feeds_to_prune())
        result = {"idempotency_records": records, "changes": changes}
        self.report(result, [f"Deleted {records} idempotency records and {changes} changes."], as_json=options["json"])
