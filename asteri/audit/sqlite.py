"""The audit trail's triggers on SQLite.

Each first asks who acts: it puts an empty row into `audit_acting`, which a trigger of our own connections fills
(asteri/audit/actor.py) and nobody fills in a bare `sqlite3`. It then writes the record and takes the row away, all in
the one statement whose change it is, so nothing can be left there for somebody else's.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from asteri.audit.subjects import LINKS, SUBJECTS, Column, Link, Subject
from asteri.audit.trigger import LEAST_DAYS, REFUSAL, Trigger

TABLE = """
CREATE TABLE audit_record (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    at datetime NOT NULL,
    actor_kind text NOT NULL CONSTRAINT audit_actor_is_of_a_kind
        CHECK (actor_kind IN ('api_key', 'user', 'command', 'unknown')),
    actor text NOT NULL, request_id text NOT NULL, address text NOT NULL,
    subject_type text NOT NULL, subject_id text NOT NULL, organization_id char(32),
    action text NOT NULL, changes text NOT NULL CHECK (json_valid(changes))
);
CREATE TABLE audit_acting (id integer PRIMARY KEY CHECK (id = 1), said text NOT NULL);
CREATE TABLE audit_gate (id integer PRIMARY KEY CHECK (id = 1), prunes_before datetime NOT NULL);
"""
DROP_TABLE = "DROP TABLE audit_record; DROP TABLE audit_acting; DROP TABLE audit_gate"

DASH = " || '-' || "
RECORD = """
    INSERT OR REPLACE INTO audit_acting (id, said) VALUES (1, '');
    INSERT INTO audit_record (at, actor_kind, actor, request_id, address, subject_type, subject_id, organization_id,
        action, changes)
    SELECT strftime('%Y-%m-%d %H:%M:%f', 'now'), coalesce(json_extract(nullif(said, ''), '$.kind'), 'unknown'),
        coalesce(json_extract(nullif(said, ''), '$.name'), ''),
        coalesce(json_extract(nullif(said, ''), '$.request_id'), ''),
        coalesce(json_extract(nullif(said, ''), '$.address'), ''), '{label}', {subject}, {organization}, '{action}',
        {changes}
    FROM audit_acting;
    DELETE FROM audit_acting;
"""
LINKED_TO = "coalesce((SELECT {name} FROM {table} WHERE id = {id}), {id})"
# "REPLACE" passes by the triggers of what it replaces, so an id that is taken is refused by itself.
SHUT = "OLD.at >= coalesce((SELECT prunes_before FROM audit_gate), '')"
YOUNG = f"OLD.at >= strftime('%Y-%m-%d %H:%M:%f', 'now', '-{LEAST_DAYS} days')"
REFUSALS = {
    "audit_kept_unchanged": ("UPDATE", "1"),
    "audit_kept_unreplaced": ("INSERT", "EXISTS (SELECT 1 FROM audit_record WHERE id = NEW.id)"),
    "audit_kept_by_age": ("DELETE", f"{SHUT} OR {YOUNG}"),
}


def triggers(connection: BaseDatabaseWrapper) -> Iterator[Trigger]:
    """Yield every trigger of the trail; subjects whose tables aren't there yet have none."""
    for name, (event, condition) in REFUSALS.items():
        yield trigger(name, f"BEFORE {event}", "audit_record", f" SELECT RAISE(ABORT, '{REFUSAL}'); ", condition)
    there = set(connection.introspection.table_names())
    for subject in SUBJECTS:
        if subject.table in there:
            yield from of_subject(subject, subject.columns(connection))
    for link in LINKS:
        if link.table in there:
            yield from of_link(link)


def trigger(name: str, event: str, table: str, body: str, condition: str = "") -> Trigger:
    """Answer a trigger."""
    when = f" WHEN {condition}" if condition else ""
    return Trigger(name, table, f"CREATE TRIGGER {name} {event} ON {table}{when} BEGIN{body}END")


def of_subject(subject: Subject, columns: list[Column]) -> Iterator[Trigger]:
    """Yield the triggers of a subject's table."""
    table, kept = subject.table, (subject.key.name, subject.organization)
    pairs = {column.name: pair("NEW", column, is_new=True) for column in columns if subject.told_at_creation(column)}
    yield trigger(f"audit_created_{table}", "AFTER INSERT", table, record(subject, "created", "NEW", pairs))
    differs = " OR ".join(map(difference, columns))
    pairs = {column.name: change(column) for column in columns}
    yield trigger(f"audit_changed_{table}", "AFTER UPDATE", table, record(subject, "changed", "NEW", pairs), differs)
    told = [column for column in columns if column.name not in kept and not column.is_secret]
    pairs = {column.name: pair("OLD", column, is_new=False) for column in told}
    yield trigger(f"audit_deleted_{table}", "AFTER DELETE", table, record(subject, "deleted", "OLD", pairs))


def record(subject: Subject, action: str, row: str, pairs: dict[str, str]) -> str:
    """Answer what writes the record of a row."""
    told = ", ".join(f"'{name}', {pair}" for name, pair in pairs.items())
    return RECORD.format(
        label=subject.label,
        subject=value("OLD" if action == "changed" else row, subject.key),
        organization=f"{row}.{subject.organization}" if subject.organization else "NULL",
        action=action,
        changes=f"json_patch('{{}}', json_object({told}))",
    )


def pair(row: str, column: Column, *, is_new: bool) -> str:
    """Answer what a new row begins with, or what goes with one; null where the column holds nothing."""
    shape = f"NULL, {value(row, column)}" if is_new else f"{value(row, column)}, NULL"
    return f"CASE WHEN {row}.{column.name} <> '' THEN json_array({shape}) END"


def difference(column: Column) -> str:
    """Answer the condition that a column has changed."""
    return f"OLD.{column.name} IS NOT NEW.{column.name}"


def change(column: Column) -> str:
    """Answer what becomes of a column; null where nothing does."""
    shape = "'…', '…'" if column.is_secret else f"{value('OLD', column)}, {value('NEW', column)}"
    return f"CASE WHEN {difference(column)} THEN json_array({shape}) END"


def value(row: str, column: Column) -> str:
    """Answer a column's value as it's on any engine: a UUID with its dashes, a time in ISO-8601, a boolean."""
    name = f"{row}.{column.name}"
    match column.kind:
        case "UUIDField":
            parts = [
                f"substr({name}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
            ]
            return f"({DASH.join(parts)})"
        case "DateTimeField":
            return f"strftime('%Y-%m-%dT%H:%M:%fZ', {name})"
        case "BooleanField":
            return f"json(CASE WHEN {name} THEN 'true' ELSE 'false' END)"
        case _:
            return name


def of_link(link: Link) -> Iterator[Trigger]:
    """Yield the triggers of a table of links: a link that goes and one that comes are a change of the subject each."""
    gone, come = linked(link, "OLD", "{name}, NULL"), linked(link, "NEW", "NULL, {name}")
    for name, event, body in (
        ("linked", "INSERT", come),
        ("relinked", "UPDATE", gone + come),
        ("unlinked", "DELETE", gone),
    ):
        yield trigger(f"audit_{name}_{link.table}", f"AFTER {event}", link.table, body)


def linked(link: Link, row: str, shape: str) -> str:
    """Answer what writes the record of a link."""
    subject, target = link.ends
    name = LINKED_TO.format(name=link.name, table=link.target, id=f"{row}.{target}")
    changes = f"json_object('{link.relation}', json_array({shape.format(name=name)}))"
    return RECORD.format(
        label=link.label, subject=f"{row}.{subject}", organization="NULL", action="changed", changes=changes
    )
