from collections.abc import Callable
from typing import Any

from apikeys.usage import pruning
from asteri.audit.pruning import prune as prune_audit
from asteri.management.base import Command as ReportingCommand
from customers import idempotency, storedsheets
from customers.changes import feeds_to_prune


def all_batches(prune: Callable[[], int]) -> int:
    """Prune batch by batch, each a short transaction of its own, until nothing is left; answer how much it was."""
    total = 0
    while count := prune():
        total += count
    return total


class Command(ReportingCommand):
    """Deletes what need not be kept."""

    help = (
        "Delete idempotency records and sheets being imported older than 24 hours, changes older than 90 days, "
        "refusals older than 7 days, usage older than USAGE_DAYS and records of the audit trail older than AUDIT_DAYS, "
        "in batches. Run it daily."
    )
    example = "manage.py prune"

    def handle(self, **options: Any) -> None:
        """Delete it and say how much it was."""
        result = {
            "idempotency_records": all_batches(idempotency.prune),
            "changes": sum(all_batches(feed.prune) for feed in feeds_to_prune()),
            "usage": all_batches(pruning.prune_usage),
            "refusals": all_batches(pruning.prune_refusals),
            "stored_sheets": all_batches(storedsheets.prune),
            "audit_records": all_batches(prune_audit),
        }
        all_batches(pruning.prune_batches)
        self.report(result, [f"Deleted {in_words(result)}."], as_json=options["json"])


def in_words(counts: dict[str, int]) -> str:
    """Write how much of each there was."""
    *first, last = (f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return f"{', '.join(first)} and {last}"
