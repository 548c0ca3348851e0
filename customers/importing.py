"""Importing: rows of a sheet become customers under the API's own rules, batch by batch.

A batch is one transaction. So an import that is killed leaves whole batches, and when it's run again, it skips the
customers that are there already.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rest_framework.serializers import ValidationError

from asteri.api.errors import Issue, issues_of
from customers import loading
from customers.conflicts import taken_message
from customers.loading import Mould, Record
from customers.models import Customer
from customers.serializers import CreateCustomerSerializer
from customers.sheets import Row
from organizations.models import Organization

UNIQUE = {"email": "email_key", "external_id": "external_id"}  # the fields that one customer holds, and their columns
# What makes two customers the same one: an address or a number that is only written differently still is the same.
IDENTITY = (
    "account_type",
    "display_name",
    "company_name",
    "first_name",
    "last_name",
    "email_key",
    "phone_key",
    "external_id",
)
Key = tuple[str, str]  # a unique field and its value
Holders = dict[Key, tuple[Any, ...]]  # who holds what, by what makes a customer


@dataclass(frozen=True)
class Judged:
    """A row that was judged: the customer that it becomes, or what is wrong with it."""

    row: int
    record: Record = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


@dataclass
class Outcome:
    """How many rows became customers, were customers already, and could not become any."""

    created: int = 0
    skipped: int = 0
    failed: int = 0


def judge(organization: Organization) -> Callable[[Row], Judged]:
    """Answer what judges a row as the API judges a create. One serializer serves all: a new one each costs more."""
    serializer = CreateCustomerSerializer(context={"organization": organization})
    mould = Mould(organization)

    def judged(row: Row) -> Judged:
        if row.fault:
            return Judged(row.number, issues=[Issue(path="", message=row.fault)])
        try:
            return Judged(row.number, mould.record(serializer.run_validation(row.cells)))
        except ValidationError as error:
            return Judged(row.number, issues=list(issues_of(error.detail)))

    return judged


def keys_of(record: Record) -> list[Key]:
    """Answer what a customer would hold."""
    return [(name, record[column]) for name, column in UNIQUE.items() if record.get(column)]


def identity_of(record: Record) -> tuple[Any, ...]:
    """Answer what makes the customer."""
    return tuple(record.get(column) for column in IDENTITY)


class Shelf:
    """Where an import puts customers: the organization's own."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization

    def holders(self, records: list[Record]) -> Holders:
        """Answer who holds what the records would."""
        customers = Customer.objects.of(self.organization)
        return {
            (name, value): tuple(identity)
            for name, column in UNIQUE.items()
            for value, *identity in customers.filter(
                **{f"{column}__in": [record[column] for record in records if record[column]]}
            ).values_list(column, *IDENTITY)
        }

    def add(self, records: list[Record]) -> list[Record]:
        """Store the records; answer those that others were quicker than."""
        return loading.store(records)

    def close(self) -> None:
        """Give back what was needed on the way: nothing."""


class Rehearsal(Shelf):
    """Where a preview puts them: beside the database, in a file that goes with the process; so memory stays flat."""

    def __init__(self, organization: Organization) -> None:
        super().__init__(organization)
        self.seen = sqlite3.connect("", isolation_level=None)
        self.seen.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, identity TEXT NOT NULL) WITHOUT ROWID")

    def holders(self, records: list[Record]) -> Holders:
        """Answer who holds what the records would, the customers of earlier rows included."""
        found = super().holders(records)
        for key in {key for record in records for key in keys_of(record)}:
            held = self.seen.execute("SELECT identity FROM seen WHERE key = ?", [json.dumps(key)]).fetchone()
            if held:
                found[key] = tuple(json.loads(held[0]))
        return found

    def add(self, records: list[Record]) -> list[Record]:
        """Remember the records."""
        pairs = ((json.dumps(key), json.dumps(identity_of(record))) for record in records for key in keys_of(record))
        self.seen.executemany("INSERT INTO seen VALUES (?, ?)", pairs)
        return []

    def close(self) -> None:
        """Forget what was seen."""
        self.seen.close()


class Import:
    """One import of rows into one organization; `refuse` is told of each row that fails, and why."""

    def __init__(self, shelf: Shelf, refuse: Callable[[int, list[Issue]], None]) -> None:
        self.shelf, self.refuse, self.outcome = shelf, refuse, Outcome()
        self.under_way: list[Record] = []

    def run(self, rows: Iterable[Row]) -> Iterator[Outcome]:
        """Import the rows; yield what has become of them so far, after each batch."""
        for batch in loading.ahead(loading.batches(map(judge(self.shelf.organization), rows), loading.BATCH)):
            waiting = batch
            while waiting:
                waiting = self.settle(waiting)
            yield self.outcome

    def settle(self, batch: list[Judged]) -> list[Judged]:
        """Put the new customers on the shelf, refuse or skip the others; answer those to settle again."""
        holders = self.shelf.holders([judged.record for judged in batch if judged.record])
        new = {judged.record["id"]: judged for judged in batch if self.is_new(judged, holders)}
        self.under_way = [judged.record for judged in new.values()]
        lost = self.shelf.add(self.under_way) if new else []
        self.outcome.created, self.under_way = self.outcome.created + len(new) - len(lost), []
        return [new[record["id"]] for record in lost]

    def stop(self) -> Outcome:
        """Answer what became of the rows when the work ended early, maybe with a batch stored and not yet counted."""
        ids = [record["id"] for record in self.under_way]
        self.outcome.created += Customer.objects.filter(pk__in=ids).count()
        return self.outcome

    def is_new(self, judged: Judged, holders: Holders) -> bool:
        """Whether the row becomes a customer, who then is a holder too; count and report it if not."""
        keys, identity = keys_of(judged.record), identity_of(judged.record)
        held = {name: holders[name, value] for name, value in keys if (name, value) in holders}
        issues = judged.issues or [
            Issue(path=name, message=taken_message(name)) for name, holder in held.items() if holder != identity
        ]
        if issues:
            self.outcome.failed += 1
            self.refuse(judged.row, issues)
        elif held:
            self.outcome.skipped += 1
        else:
            holders.update(dict.fromkeys(keys, identity))
        return not (issues or held)
