"""Statements: what the ORM says, said once; a request binds its values and sends it, prepared, past the ORM's layers.

A query that every request makes costs more to write than to carry out. Here its SQL is still the ORM's own, so it
can't drift from the models, and it runs on Django's own connection, so it takes part in whatever transaction is open.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.models import Field, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import InsertQuery

from asteri.audit.actor import SETTING, is_watched, said

M = TypeVar("M", bound=Model)
Statement = tuple[str, Sequence[Any]]  # its SQL, and the values to be bound


class Parameter(Expression):
    """A value that is bound whenever the statement is carried out; `field` says how the database wants it."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Write a placeholder, with this parameter in its value's place."""
        return "%s", (self,)

    def of(self, values: Mapping[str, Any], database: Any) -> Any:
        """Answer the value to be bound, as the database wants it; PostgreSQL's driver takes Python's as they are."""
        value = values[self.name]
        return value if database.vendor == "postgresql" else self.output_field.get_db_prep_value(value, database)


class Select:
    """A query whose SQL is written once, with `Parameter`s for what differs from request to request."""

    def __init__(self, build: Callable[[], QuerySet[Any, tuple[Any, ...]]]) -> None:
        """`build` answers the query, as tuples of values; it's called when the statement is first carried out."""
        self.build = build

    @cached_property
    def compiled(self) -> tuple[str, list[Any], SQLCompiler, dict[int, Any]]:
        """The SQL, what stands in for its values, and what turns the database's values into the model's."""
        compiler = self.build().query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        return sql, list(params), compiler, converters_of(compiler)

    def asked(self, **values: Any) -> "Asked":
        """Bind the values, to be sent by `rows_of`."""
        return Asked(self, values)

    def bound(self, values: Mapping[str, Any], database: Any) -> Statement:
        """Answer the SQL with its values as the database wants them."""
        sql, params, *_ = self.compiled
        return sql, [param.of(values, database) if isinstance(param, Parameter) else param for param in params]

    def converted(self, rows: list[Any]) -> list[Any]:
        """Answer the database's rows with the model's values."""
        _, _, compiler, converters = self.compiled
        return list(compiler.apply_converters(rows, converters)) if converters else rows


def converters_of(compiler: SQLCompiler) -> dict[int, Any]:
    """Answer what turns columns into the model's values; PostgreSQL's driver answers numbers as such."""
    found = compiler.get_converters([expression for expression, *_ in compiler.select])
    if compiler.connection.vendor != "postgresql":
        return found
    needed = {place: ([c for c in made if c != of.convert_value], of) for place, (made, of) in found.items()}
    return {place: (made, of) for place, (made, of) in needed.items() if made}


class Asked(NamedTuple):
    """A query with the values that it's to be carried out with."""

    select: Select
    values: Mapping[str, Any]

    def rows(self) -> list[Any]:
        """Answer the query's rows."""
        (rows,) = rows_of(self)
        return rows


def rows_of(*asked: Asked) -> list[list[Any]]:
    """Answer the rows of each query; PostgreSQL gets and answers all of them in one message."""
    database: Any = connections[DEFAULT_DB_ALIAS]  # looked up once: `connection` does it at every touch
    found = read(database, *(select.bound(values, database) for select, values in asked))
    return [select.converted(rows) for (select, _), rows in zip(asked, found, strict=True)]


def instance_of(model: type[M], names: Sequence[str], row: Sequence[Any]) -> M:
    """Answer the instance of a row that begins with the columns of those names; signals of its making are not sent.

    Django's own way sets them one by one, through all that may listen, which costs thrice as much.
    """
    instance = model.__new__(model)
    vars(instance).update(zip(names, row, strict=False), _state=ModelState())
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    return instance


class Insert:
    """The insert of a model's row, its SQL written once. Signals of saving are not sent."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model

    @cached_property
    def compiled(self) -> tuple[str, list["Field[Any, Any]"]]:
        """The SQL, and the fields whose values it takes."""
        fields = list(self.model._meta.concrete_fields)
        query = InsertQuery(self.model)
        query.insert_values(fields, [self.model()])
        ((sql, _),) = query.get_compiler(connection=connection).as_sql()
        return sql, fields

    def send(self, row: Model) -> None:
        """Insert the row; raises what the database says against it."""
        sql, fields = self.compiled
        database = connections[DEFAULT_DB_ALIAS]
        if database.vendor == "postgresql":  # whose driver takes Python's values as they are
            send(database, with_actor(sql, [getattr(row, field.attname) for field in fields]))
        else:
            send(database, (sql, [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields]))
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def with_actor(sql: str, values: list[Any]) -> Statement:
    """Have an insert say who acts, in passing: triggers run after it has returned what it's asked for."""
    return f"{sql} RETURNING set_config('{SETTING}', %s, true)", [*values, said()]


def read(database: Any, *statements: Statement) -> list[list[Any]]:
    """Answer each statement's rows; once more where the kept connection is dead, which spares asking it first."""
    try:
        return send(database, *statements)
    except (OperationalError, InterfaceError):
        if database.in_atomic_block or not is_dead(database):
            raise
        database.close()
        return send(database, *statements)


def send(database: Any, *statements: Statement) -> list[list[Any]]:
    """Carry out statements and answer the rows of each: past the ORM's layers, unless somebody watches what goes by."""
    if is_watched(database):
        return [send_watched(database, *statement) for statement in statements]
    if database.connection is None:
        database.ensure_connection()
    with database.wrap_database_errors:
        rows = SENDERS[database.vendor](database.connection, *statements)
    database.health_check_done = True  # It has just answered.
    return rows


def send_watched(database: Any, sql: str, values: Sequence[Any]) -> list[Any]:
    """Carry out a statement by the ORM's own way."""
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def send_to_postgresql(raw: Any, *statements: Statement) -> list[list[Any]]:
    """Have the server bind the values, keep the statements prepared, and answer in binary, which is quicker to read."""
    cursor, session = driver()
    kept = session.of(raw)
    if kept:
        rows: list[list[Any]] = kept.send(*statements)
        return rows
    sent = [cursor(raw).execute(sql, values, prepare=False, binary=True) for sql, values in statements]
    return [cursor.fetchall() if cursor.description else [] for cursor in sent]


@cache
def driver() -> tuple[Any, Any]:
    """Answer PostgreSQL's cursor and session, which a laptop on SQLite does without."""
    from psycopg import Cursor  # noqa: PLC0415

    from asteri.libpq import Session  # noqa: PLC0415

    return Cursor, Session


def send_to_sqlite(raw: Any, *statements: Statement) -> list[list[Any]]:
    """Send each in SQLite's own notation."""
    return [raw.execute(sql.replace("%s", "?"), values).fetchall() for sql, values in statements]


def is_dead(database: Any) -> bool:
    """Whether the connection is broken off, by a restart of the server for example."""
    raw = database.connection
    return database.vendor == "postgresql" and raw is not None and raw.closed


SENDERS = {"postgresql": send_to_postgresql, "sqlite": send_to_sqlite}
