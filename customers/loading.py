"""Loading: many customers at once, as fast as the engine takes them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection, transaction

from asteri.api.identifiers import new_id
from customers.models import Customer, now_in_milliseconds
from organizations.models import Organization

Record = dict[str, Any]  # a customer that may be stored, as the values of its columns
Item = TypeVar("Item")

BATCH = 5_000  # customers that are stored in one transaction: a quarter of a second, in which others may have to wait
FIELDS = Customer._meta.concrete_fields
TABLE, COLUMNS = Customer._meta.db_table, [field.attname for field in FIELDS]
NAMES, MARKS = ", ".join(COLUMNS), ", ".join(["%s"] * len(COLUMNS))
values_of = itemgetter(*COLUMNS)


class Mould:
    """Makes an organization's records.

    One customer takes each record for its attributes: to make a new one costs more than all that is computed from them.
    """

    def __init__(self, organization: Organization) -> None:
        self.customer = Customer(organization=organization)
        self.blank = vars(self.customer)

    def record(self, fields: Mapping[str, Any], created_at: datetime | None = None) -> Record:
        """Answer a new customer with these fields and all that is computed from them, as saving it would store it."""
        moment = created_at or now_in_milliseconds()
        record = {**self.blank, **fields, "id": new_id(), "created_at": moment, "updated_at": moment}
        self.customer.__dict__ = record
        self.customer.compute()
        return record


def store(records: list[Record]) -> list[Record]:
    """Store new customers in one transaction; answer those that weren't, as others held their e-mail or external id."""
    insert = copy_in if connection.vendor == "postgresql" else insert_each
    with transaction.atomic():
        if insert(records) == len(records):
            return []
        stored = set(Customer.objects.filter(pk__in=[record["id"] for record in records]).values_list("pk", flat=True))
    return [record for record in records if record["id"] not in stored]


def copy_in(records: list[Record]) -> int:
    """Store what doesn't conflict, by PostgreSQL's COPY; answer how many that were.

    COPY itself stops at a conflict, so it fills a table of its own. What goes on from there is sorted: two imports that
    meet in one organization wait for each other in the same order, and neither ends in a deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE incoming (LIKE {TABLE}) ON COMMIT DROP")
        with cursor.copy(f"COPY incoming ({NAMES}) FROM STDIN") as copy:
            for record in records:
                copy.write_row(values_of(record))
        cursor.execute(
            f"INSERT INTO {TABLE} ({NAMES}) SELECT {NAMES} FROM incoming ORDER BY email_key ON CONFLICT DO NOTHING"  # noqa: S608 - names of ours.
        )
        stored = int(cursor.rowcount)
        cursor.execute("DROP TABLE incoming")
    return stored


def insert_each(records: list[Record]) -> int:
    """Store what doesn't conflict, by one prepared INSERT on any other engine; answer how many that were."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {TABLE} ({NAMES}) VALUES ({MARKS}) ON CONFLICT DO NOTHING",  # noqa: S608 - names of ours.
            [prepared(record) for record in records],
        )
        return int(cursor.rowcount)


def prepared(record: Record) -> list[Any]:
    """Answer a record's values as the database's driver takes them."""
    return [field.get_db_prep_save(record[field.attname], connection) for field in FIELDS]


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of that size, the last one shorter."""
    items = iter(items)
    while batch := list(islice(items, size)):
        yield batch


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items, the next of which is made on a thread of its own while this one is stored.

    The database works in another process and the thread needs no connection, so both cores are busy.
    """
    following: Callable[[], Any] = iter(items).__next__
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(following)
        while True:
            try:
                item = coming.result()
            except StopIteration:
                return
            coming = thread.submit(following)
            yield item
