"""The triggers are there after every migration, and a check says where one is missing."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from asteri.audit import laying
from asteri.audit.actor import attend
from asteri.audit.history import of_subject
from asteri.audit.models import Record
from organizations.models import Organization
from tests.factories import make_organization

ON_POSTGRESQL = connection.vendor == "postgresql"
TABLE = "organizations_organization"
DAMAGE = {
    "dropped": f"DROP TRIGGER audit_created ON {TABLE}" if ON_POSTGRESQL else f"DROP TRIGGER audit_created_{TABLE}",
    **({"disabled": f"ALTER TABLE {TABLE} DISABLE TRIGGER audit_created"} if ON_POSTGRESQL else {}),
    "another": (
        f"COMMENT ON TRIGGER audit_created ON {TABLE} IS 'another release''s'"
        if ON_POSTGRESQL
        else "DROP TRIGGER audit_created_auth_group"
    ),
}


def names() -> list[str]:
    return sorted(f"{trigger.table}.{trigger.name}" for trigger in laying.missing(connection))


def found() -> list[str]:
    return [message.msg for message in run_checks(databases=["default"]) if message.id == "asteri.E030"]


def test_every_table_has_its_triggers(db: None) -> None:
    assert (names(), found()) == ([], [])
    assert len(laying.laid(connection)) >= 2 + 3 * 5 + 3


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_missing_is_found_and_laid_anew(db: None, damage: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(damage)
    assert len(names()) == len(found()) == 1
    laying.lay(connection)
    assert names() == []
    assert of_subject(make_organization()).count() == 1


def test_without_a_database_to_ask_none_is_asked() -> None:
    assert not [message for message in run_checks() if message.id == "asteri.E030"]


def laid() -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid, tgname FROM pg_trigger" if ON_POSTGRESQL else "SELECT rowid, name FROM sqlite_master"
        )
        return sorted(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_migrating_again_touches_nothing() -> None:
    before = laid()
    call_command("migrate", verbosity=0)
    assert laid() == before


@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_made_anew_has_its_triggers_again() -> None:
    """On SQLite a changed column makes the table anew, which takes its triggers away; elsewhere nothing is lost."""
    if not ON_POSTGRESQL:
        laying.make_way("default", plan=["a migration"])
        with connection.schema_editor() as made:
            editor: Any = made
            editor._remake_table(Organization)
            editor._remake_table(Organization.api_keys.rel.related_model)
        assert any(TABLE in name for name in names())
    laying.make_way("default", plan=[])
    laying.keep_laid("default")
    assert names() == []


@pytest.mark.django_db(transaction=True)
def test_the_trail_is_unmade_and_made_by_migrations() -> None:
    try:
        call_command("migrate", "audit", "zero", verbosity=0)
        assert laying.laid(connection) == {}
        assert (names(), "audit_record" in connection.introspection.table_names()) == ([], False)
        attend(connection)
        make_organization()
    finally:
        call_command("migrate", verbosity=0)
    assert names() == []
    assert of_subject(make_organization()).count() == 1


def test_what_the_model_says_is_what_the_table_has(db: None) -> None:
    with connection.cursor() as cursor:
        there = {column.name for column in connection.introspection.get_table_description(cursor, "audit_record")}
    assert there == {field.column for field in Record._meta.concrete_fields}


def test_a_table_that_is_not_there_yet_has_no_triggers(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", lambda: ["audit_record"])
    assert {trigger.table for trigger in laying.wanted(connection)} == {"audit_record"}
