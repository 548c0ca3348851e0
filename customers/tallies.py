"""Kept counts: how many customers of each account type an organization has, at a price that doesn't grow with them.

The database keeps them itself, in triggers, so that no way of writing can miss one. On PostgreSQL each write appends
what it adds or takes away, so writers never wait for each other, and now and then a writer folds what others have
committed into one row. SQLite has one writer at a time, which brings one row up to date. A count is the sum of its
rows.
"""

from typing import Any

from django.db import connection, models
from django.db.models import Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce

from organizations.models import Organization

# In one statement, so that both counts are of one moment: what is found missing is exactly what is missing, whatever
# others write meanwhile.
DRIFT = """
    SELECT organization_id, account_type, sum(actual) - sum(kept) FROM (
        SELECT organization_id, account_type, count(*) AS actual, 0 AS kept FROM customers_customer GROUP BY 1, 2
        UNION ALL
        SELECT organization_id, account_type, 0, sum(count) FROM customers_customertally GROUP BY 1, 2
    ) AS counts
    GROUP BY 1, 2 HAVING sum(actual) <> sum(kept)
"""
REPAIR = f"INSERT INTO customers_customertally (organization_id, account_type, count) {DRIFT}"


class CustomerTally(models.Model):
    """What writes have added to a count, or taken away from it."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    account_type = models.CharField(max_length=10)
    count = models.BigIntegerField()

    class Meta:
        app_label = "customers"

    def __str__(self) -> str:
        return f"{self.count} {self.account_type}"


def kept_count(**of: Any) -> Coalesce:
    """Answer the expression for the count of an `organization`, or of one `account_type`, to be part of a query."""
    total = Cast(Sum("count"), models.BigIntegerField())  # PostgreSQL adds up in decimals, which cost more to read
    sums = CustomerTally.objects.filter(**of).values("organization").annotate(sum=total).values("sum")
    return Coalesce(Subquery(sums, output_field=models.BigIntegerField()), Value(0))


def count(**of: Any) -> int:
    """Answer the count itself."""
    found = CustomerTally.objects.filter(**of).aggregate(n=Coalesce(Sum("count"), 0))
    return int(found["n"])


def drift() -> list[tuple[Any, str, int]]:
    """Answer by how much a kept count is too small, by organization and account type; nothing where all are exact."""
    with connection.cursor() as cursor:
        cursor.execute(DRIFT)
        return list(cursor.fetchall())


def repair() -> None:
    """Add to each kept count what it lacks."""
    with connection.cursor() as cursor:
        cursor.execute(REPAIR)
