"""The audit trail's triggers on PostgreSQL: a new row costs a share of one statement, a changed or deleted one its own.

Their functions are carried out as the tables' owner, so that the role that serves needs no right to write records.
Their path holds no schema in which that role could put a table of its own in the trail's place.
"""

from collections.abc import Iterable, Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from asteri.audit.actor import SETTING
from asteri.audit.subjects import LINKS, SUBJECTS, Column, Link, Subject
from asteri.audit.trigger import LEAST_DAYS, REFUSAL, Trigger

GATE = "asteri.audit_prunes_before"
TABLE = """
CREATE TABLE audit_record (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamp with time zone NOT NULL,
    actor_kind text NOT NULL CONSTRAINT audit_actor_is_of_a_kind
        CHECK (actor_kind IN ('api_key', 'user', 'command', 'unknown')),
    actor text NOT NULL, request_id text NOT NULL, address text NOT NULL,
    subject_type text NOT NULL, subject_id text NOT NULL, organization_id uuid,
    action text NOT NULL, changes jsonb NOT NULL
);
"""
DROP_TABLE = "DROP TABLE audit_record"

FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said jsonb := nullif(current_setting('{setting}', true), '');
    found jsonb;
BEGIN
    {body}
    RETURN NULL;
END $$
"""
RECORD = """INSERT INTO {schema}.audit_record (at, actor_kind, actor, request_id, address, subject_type, subject_id,
        organization_id, action, changes)
    SELECT clock_timestamp(), coalesce(said->>'kind', 'unknown'), coalesce(said->>'name', ''),
        coalesce(said->>'request_id', ''), coalesce(said->>'address', ''), '{label}', {subject},
        {organization}, '{action}', {changes}"""
TEXTS, HOLDS_TEXT = ("CharField", "TextField"), "<> ''"
IF_CHANGED = """found := {changes};
    IF found <> '{{}}' THEN {record}; END IF;"""
LINKED_TO = "coalesce((SELECT {name} FROM {table} WHERE id = {id}), {id}::text)"
REFUSE = f"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gate timestamptz := nullif(current_setting('{GATE}', true), '');
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'STATEMENT' AND gate IS NOT NULL THEN RETURN NULL; END IF;
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' AND OLD.at < least(gate, now() - interval '{LEAST_DAYS} days') THEN
        RETURN OLD;
    END IF;
    RAISE restrict_violation USING MESSAGE = '{REFUSAL}';
END $$
"""
REFUSALS = {
    "audit_kept": "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record FOR EACH STATEMENT",
    "audit_kept_by_age": "BEFORE DELETE ON audit_record FOR EACH ROW",
}


def triggers(connection: BaseDatabaseWrapper) -> Iterator[Trigger]:
    """Yield every trigger of the trail; subjects whose tables aren't there yet have none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
    there = set(connection.introspection.table_names())
    for name, event in REFUSALS.items():
        yield Trigger(name, "audit_record", f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION audit_refuse()", REFUSE)
    for subject in SUBJECTS:
        if subject.table in there:
            yield from of_subject(subject, subject.columns(connection), schema)
    for link in LINKS:
        if link.table in there:
            yield of_link(link, schema)


def of_subject(subject: Subject, columns: list[Column], schema: str) -> Iterator[Trigger]:
    """Yield the triggers of a subject's table."""
    table = subject.table
    body = record(subject, schema, "created", "new_rows", collected(created(columns, subject)))
    yield trigger(
        "created", "INSERT", table, f"{body} FROM new_rows;", "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"
    )
    changes, body = collected(map(changed, columns)), record(subject, schema, "changed", "NEW", "found")
    yield trigger("changed", "UPDATE", table, IF_CHANGED.format(changes=changes, record=body))
    body = record(subject, schema, "deleted", "OLD", collected(deleted(columns, subject)))
    yield trigger("deleted", "DELETE", table, f"{body};")
    body = RECORD.format(
        schema=schema, label=subject.label, subject="'*'", organization="NULL", action="deleted", changes="'{}'"
    )
    yield trigger("emptied", "TRUNCATE", table, f"{body};", "FOR EACH STATEMENT")


def trigger(name: str, event: str, table: str, body: str, way: str = "FOR EACH ROW") -> Trigger:
    """Answer a trigger that carries out a function of its own after an event."""
    function = f"audit_{name}_{table}"
    creation = f"CREATE TRIGGER audit_{name} AFTER {event} ON {table} {way} EXECUTE FUNCTION {function}()"
    return Trigger(f"audit_{name}", table, creation, FUNCTION.format(name=function, setting=SETTING, body=body))


def record(subject: Subject, schema: str, action: str, row: str, changes: str) -> str:
    """Answer what writes the record of a row."""
    organization = f"{row}.{subject.organization}" if subject.organization else "NULL"
    key = f"{'OLD' if action == 'changed' else row}.{subject.key.name}::text"
    return RECORD.format(
        schema=schema, label=subject.label, subject=key, organization=organization, action=action, changes=changes
    )


def collected(pairs: Iterable[tuple[str, str]]) -> str:
    """Answer an object with the pairs `[from, to]` by field, those that are null left out."""
    told = ", ".join(f"'{name}', {pair}" for name, pair in pairs)
    return f"jsonb_strip_nulls(jsonb_build_object({told}))"


def created(columns: Iterable[Column], subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield what a new row begins with: each column that holds something."""
    for column in filter(subject.told_at_creation, columns):
        yield column.name, pair(column, f"{filled('new_rows', column)}", "NULL", value("new_rows", column))


def changed(column: Column) -> tuple[str, str]:
    """Answer what becomes of a column."""
    differs = f"OLD.{column.name} IS DISTINCT FROM NEW.{column.name}"
    before, after = ("'…'", "'…'") if column.is_secret else (value("OLD", column), value("NEW", column))
    return column.name, pair(column, differs, before, after)


def deleted(columns: Iterable[Column], subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield what goes with a row: each column that held something, the secret ones apart."""
    for column in columns:
        if not column.is_secret and column.name not in (subject.key.name, subject.organization):
            yield column.name, pair(column, filled("OLD", column), value("OLD", column), "NULL")


def pair(column: Column, condition: str, before: str, after: str) -> str:
    """Answer a pair where the condition holds, null where it doesn't."""
    return f"CASE WHEN {condition} THEN jsonb_build_array({before}, {after}) END"


def filled(row: str, column: Column) -> str:
    """Answer the condition that a column holds something."""
    return f"{row}.{column.name} {HOLDS_TEXT if column.kind in TEXTS else 'IS NOT NULL'}"


def value(row: str, column: Column) -> str:
    """Answer a column's value; a time in ISO-8601 in UTC, as it is on any engine."""
    name = f"{row}.{column.name}"
    if column.kind == "DateTimeField":
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
    return name


def of_link(link: Link, schema: str) -> Trigger:
    """Answer the trigger of a table of links: a link that goes and one that comes are a change of the subject each."""
    gone = f"IF TG_OP <> 'INSERT' THEN {linked(link, schema, 'OLD', '{name}, NULL')}; END IF;"
    come = f"IF TG_OP <> 'DELETE' THEN {linked(link, schema, 'NEW', 'NULL, {name}')}; END IF;"
    return trigger("linked", "INSERT OR UPDATE OR DELETE", link.table, f"{gone}\n    {come}")


def linked(link: Link, schema: str, row: str, shape: str) -> str:
    """Answer what writes the record of a link."""
    subject, target = link.ends
    name = LINKED_TO.format(name=link.name, table=f"{schema}.{link.target}", id=f"{row}.{target}")
    return RECORD.format(
        schema=schema,
        label=link.label,
        subject=f"{row}.{subject}::text",
        organization="NULL",
        action="changed",
        changes=f"jsonb_build_object('{link.relation}', jsonb_build_array({shape.format(name=name)}))",
    )
