"""What tests of kept counts stand on."""

import pytest

from customers.tallies import CustomerTally


@pytest.fixture
def exact_counts(db: None) -> None:
    """Counts of nothing: SQLite's `flush` empties tables with their triggers on, and some of what those write stays."""
    CustomerTally.objects.all().delete()
