"""Records are kept: the database refuses to change or delete one, except by age."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from asteri.audit import laying, pruning
from asteri.audit.models import Record
from tests.factories import make_organization

ON_POSTGRESQL = connection.vendor == "postgresql"
GATE_OPEN = (
    "SET LOCAL asteri.audit_prunes_before TO 'infinity'"
    if ON_POSTGRESQL
    else "INSERT INTO audit_gate (id, prunes_before) VALUES (1, '9999-01-01')"
)
COLUMNS = "at, actor_kind, actor, request_id, address, subject_type, subject_id, organization_id, action, changes"
FORGED = f"SELECT id, {COLUMNS} FROM audit_record"
TAMPERING = {
    "update": "UPDATE audit_record SET actor = 'somebody else'",
    "update of nothing's worth": "UPDATE audit_record SET at = at",
    "delete": "DELETE FROM audit_record",
    "delete one": "DELETE FROM audit_record WHERE id IN (SELECT min(id) FROM audit_record)",
    "truncate": "TRUNCATE audit_record",
    "truncate with others": "TRUNCATE customers_customer, audit_record RESTART IDENTITY CASCADE",
    "replace": f"INSERT OR REPLACE INTO audit_record (id, {COLUMNS}) {FORGED}",
    "upsert": f"INSERT INTO audit_record (id, {COLUMNS}) OVERRIDING SYSTEM VALUE {FORGED}"
    " ON CONFLICT (id) DO UPDATE SET actor = 'somebody else'",
}
LIFT = "DROP TRIGGER audit_kept ON audit_record" if ON_POSTGRESQL else "DROP TRIGGER audit_kept_unchanged"
FOREIGN = ("replace",) if ON_POSTGRESQL else ("truncate", "truncate with others", "upsert")


@pytest.fixture
def record(db: None) -> Record:
    """A record that has just been made."""
    organization = make_organization()
    return Record.objects.get(subject_id=str(organization.pk))


@pytest.mark.parametrize("gate", ["SELECT 1", GATE_OPEN], ids=["shut", "open"])
@pytest.mark.parametrize("statement", [sql for name, sql in TAMPERING.items() if name not in FOREIGN])
def test_the_database_refuses(record: Record, statement: str, gate: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(gate)
        with pytest.raises(IntegrityError, match="never changed"):
            cursor.execute(statement)
        transaction.set_rollback(True)
    assert Record.objects.filter(pk=record.pk, actor="").count() == 1


def test_the_orm_is_refused_as_well(record: Record) -> None:
    for write in (record.delete, record.save, Record.objects.all().delete, lambda: Record.objects.update(actor="x")):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            write()


def age(*records: Record, days: int) -> None:
    """Make records that old, as the tables' owner can who lifts the trigger."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LIFT)
        ids = ", ".join(["0", *(str(record.pk) for record in records)])
        moment = f"{timezone.now() - timedelta(days=days):%Y-%m-%d %H:%M:%S.%f}"
        cursor.execute(f"UPDATE audit_record SET at = %s WHERE id IN ({ids})", [moment])
        laying.lay(connection)


@pytest.fixture
def kept(db: None) -> list[Record]:
    """Records of three organizations, after whatever the tests' database began with."""
    made = [str(make_organization().pk) for _ in range(3)]
    return list(Record.objects.filter(subject_id__in=made).order_by("id"))


@pytest.fixture
def _alone(kept: list[Record]) -> None:
    """Nothing else is there: what the tests' database began with is older than anything is kept."""
    age(*Record.objects.exclude(pk__in=[record.pk for record in kept]), days=5_000)
    pruned()


def pruned() -> Any:
    out = StringIO()
    call_command("prune", "--json", stdout=out)
    return json.loads(out.getvalue())["audit_records"]


def left(records: list[Record]) -> list[int]:
    """Answer the places of those that are still there."""
    there = set(Record.objects.values_list("pk", flat=True))
    return [place for place, record in enumerate(records) if record.pk in there]


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("batch", [1, 2, 1_000])
def test_prune_deletes_by_age(kept: list[Record], monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(pruning, "BATCH", batch)
    age(*kept[:2], days=731)
    age(kept[2], days=729)
    assert pruned() == 2
    assert (left(kept), pruned()) == ([2], 0)


@pytest.mark.usefixtures("_alone")
def test_prune_keeps_for_as_long_as_is_set(kept: list[Record], settings: Settings) -> None:
    settings.AUDIT_DAYS = 31
    age(kept[0], days=32)
    age(kept[1], days=30)
    assert pruned() == 1
    assert left(kept) == [1, 2]


@pytest.mark.usefixtures("_alone")
def test_the_database_keeps_what_is_younger_than_30_days_whatever_it_is_asked(
    kept: list[Record], settings: Settings
) -> None:
    settings.AUDIT_DAYS = 1
    age(kept[0], days=29)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        pruning.prune()
    assert left(kept) == [0, 1, 2]


@pytest.mark.usefixtures("_alone")
def test_the_gate_is_shut_afterwards(kept: list[Record]) -> None:
    age(*kept, days=800)
    pruning.use_gate(pruning.SHUT)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Record.objects.all().delete()
    assert pruned() == 3
    age(*Record.objects.all(), days=800)
    make_organization()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Record.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_flush_leaves_them(transactional_db: None) -> None:
    organization = make_organization()
    call_command("flush", verbosity=0, interactive=False)
    assert Record.objects.filter(subject_id=str(organization.pk), action="created").count() == 1
