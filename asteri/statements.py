"""Statements: what the ORM says, said once; a request binds its values and sends it, prepared, past the ORM's layers.

A query that every request makes costs more to write than to carry out. Here its SQL is still the ORM's own, so it
can't drift from the models, and it runs on Django's own connection, so it takes part in whatever transaction is open.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import InsertQuery


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
        converters = compiler.get_converters(expression for expression, *_ in compiler.select)
        return sql, list(params), compiler, converters

    def rows(self, **values: Any) -> list[Any]:
        """Answer the rows, each a tuple or a list of values."""
        sql, params, compiler, converters = self.compiled
        database: Any = connections[DEFAULT_DB_ALIAS]  # looked up once: `connection` does it at every touch
        bound = [param.of(values, database) if isinstance(param, Parameter) else param for param in params]
        rows = read(database, sql, bound)
        return list(compiler.apply_converters(rows, converters)) if converters else rows

    def row(self, **values: Any) -> Any:
        """Answer the first row, None where there is none."""
        return next(iter(self.rows(**values)), None)


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
        send(database, sql, [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields])
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def read(database: Any, sql: str, values: Sequence[Any]) -> list[Any]:
    """Answer a statement's rows; once more where the kept connection turns out dead, which spares asking it first."""
    try:
        return list(send(database, sql, values))
    except (OperationalError, InterfaceError):
        if database.in_atomic_block or not is_dead(database):
            raise
        database.close()
        return list(send(database, sql, values))


def send(database: Any, sql: str, values: Sequence[Any]) -> Any:
    """Carry out a statement and answer its cursor: past the ORM's, unless somebody watches what goes by those."""
    if database.queries_logged or database.execute_wrappers:
        cursor = database.cursor()
        cursor.execute(sql, values)
        return cursor
    database.ensure_connection()
    with database.wrap_database_errors:
        cursor = SENDERS[database.vendor](database.connection, sql, values)
    database.health_check_done = True  # It has just answered.
    return cursor


def send_to_postgresql(raw: Any, sql: str, values: Sequence[Any]) -> Any:
    """Have the server bind the values, keep the statement prepared, and answer in binary, which is quicker to read."""
    cursor = vars(raw).get("asteri_cursor")
    if cursor is None:  # A new one costs as much as a fifth of a statement, so each connection keeps its own.
        from psycopg import Cursor  # noqa: PLC0415 - a laptop on SQLite needs no driver of PostgreSQL's.

        cursor = vars(raw)["asteri_cursor"] = Cursor(raw)
    return cursor.execute(sql, values, prepare=True, binary=True)


def send_to_sqlite(raw: Any, sql: str, values: Sequence[Any]) -> Any:
    """Send it in SQLite's own notation."""
    return raw.execute(sql.replace("%s", "?"), values)


def is_dead(database: Any) -> bool:
    """Whether the connection is broken off, by a restart of the server for example."""
    raw = database.connection
    return database.vendor == "postgresql" and raw is not None and raw.closed


SENDERS = {"postgresql": send_to_postgresql, "sqlite": send_to_sqlite}
