"""PostgreSQL's prepared statements through libpq itself, which waits for the server in C.

A driver's cursor is made for everything that may be asked of it, which costs more than what a hot statement asks. Here
the driver says only how values are written and read (its `Transformer`); errors are its own. Sent together, statements
go in one message (libpq's pipeline mode), so that they cost one round trip and one wait.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

from psycopg import Connection, OperationalError, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result

BINARY = pq.Format.BINARY
STALE = (InvalidSqlStatementName, FeatureNotSupported)  # the latter: "cached plan must not change result type"
GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
IDLE, IN_TRANSACTION = pq.TransactionStatus.IDLE, pq.TransactionStatus.INTRANS


class Bound(NamedTuple):
    """A statement that the server keeps prepared, with the values that are bound to it."""

    name: bytes
    values: Sequence[Any]
    formats: Any
    transformer: Any


class Session:
    """The statements that one connection keeps prepared."""

    def __init__(self, raw: "Connection[Any]") -> None:
        self.raw, self.pgconn = raw, raw.pgconn
        self.transformers: dict[str, Any] = {}
        self.names: dict[tuple[str, Any], bytes] = {}
        self.shaped: set[Any] = set()
        self.numbers = count()

    @classmethod
    def of(cls, raw: "Connection[Any]") -> "Session | None":
        """Answer the connection's session; None where the driver has to say more than the statement.

        It has to where nothing may be prepared, and where it begins a transaction first.
        """
        if raw.prepare_threshold is None:
            return None
        status = raw.pgconn.transaction_status
        if status != IN_TRANSACTION and not (raw.autocommit and status == IDLE):
            return None
        kept: Session | None = vars(raw).get("asteri_session")
        if kept is None:
            kept = vars(raw)["asteri_session"] = cls(raw)
        return kept

    def send(self, *statements: tuple[str, Sequence[Any]]) -> list[list[Any]]:
        """Carry out statements in one round trip; answer the rows of each. Raises what the server says against one.

        What was prepared may be stale, since somebody let go of it or changed a column; then it's prepared anew.
        """
        try:
            return self.carry_out(*statements)
        except STALE:
            if self.pgconn.transaction_status != IDLE:
                raise
            self.names.clear()
            self.shaped.clear()
            return self.carry_out(*statements)

    def carry_out(self, *statements: tuple[str, Sequence[Any]]) -> list[list[Any]]:
        """Carry out statements with what is prepared."""
        bound = [self.bind(sql, values) for sql, values in statements]
        if len(bound) == 1:
            ((name, values, formats, _),) = bound
            results = [self.pgconn.exec_prepared(name, values, formats, BINARY)]
        else:
            results = self.send_together(bound)
        return [self.rows(result, one.transformer) for result, one in zip(results, bound, strict=True)]

    def bind(self, sql: str, values: Sequence[Any]) -> Bound:
        """Answer the statement with its values as the server takes them; prepare it where it's new to the server."""
        transformer = self.transformers.get(sql)
        if transformer is None:
            transformer = self.transformers[sql] = Transformer(self.raw)
        written = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        name = self.names.get((sql, transformer.types))
        if name is None:
            name = self.prepare(sql, transformer.types)
        return Bound(name, written, transformer.formats, transformer)

    def prepare(self, sql: str, types: Any) -> bytes:
        """Have the server keep a statement for values of those types; answer its name."""
        name = b"asteri_%d" % next(self.numbers)
        numbered = sql % tuple(f"${number}" for number in range(1, len(types) + 1))
        self.check(self.pgconn.prepare(name, numbered.encode(), types))
        self.names[sql, types] = name
        return name

    def send_together(self, bound: Sequence[Bound]) -> list[Any]:
        """Send statements in one message and answer each one's result."""
        self.pgconn.enter_pipeline_mode()
        for name, values, formats, _ in bound:
            self.pgconn.send_query_prepared(name, values, formats, BINARY)
        self.pgconn.pipeline_sync()
        results = [self.next_result() for _ in bound]
        self.pgconn.get_result()  # the sync's own
        if self.pgconn.status == pq.ConnStatus.OK:
            self.pgconn.exit_pipeline_mode()
        return results

    def next_result(self) -> Any:
        """Answer the next statement's one result, and go past its end."""
        result = self.pgconn.get_result()
        self.pgconn.get_result()
        return result

    def rows(self, result: Any, transformer: Any) -> list[Any]:
        """Answer a result's rows as tuples."""
        self.check(result)
        transformer.set_pgresult(result, set_loaders=transformer not in self.shaped)
        self.shaped.add(transformer)
        rows: list[Any] = transformer.load_rows(0, result.ntuples, tuple)
        return rows

    def check(self, result: Any) -> None:
        """Raise what the server, or the lack of one, says against a statement."""
        if result is not None and result.status in GOOD:
            return
        if self.pgconn.status != pq.ConnStatus.OK:
            raise OperationalError(self.pgconn.get_error_message())
        raise error_from_result(result)
