"""Who acts: said by whoever begins a request or a command, asked for by the triggers that write the audit trail.

On PostgreSQL it stands in a setting that ends with the transaction (`SET LOCAL`), sent in the same message as the
write. On SQLite the triggers ask this process, by a function and a trigger of the connection's own. Neither leaves
anything behind, so a write that nobody answers for (psql, sqlite3, a shell) is recorded as unknown.
"""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

SETTING = "asteri.actor"
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|WITH|CALL|DO)\b", re.IGNORECASE)
HAS_ACTING = "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = 'audit_acting'"
ANSWER_TRIGGERS = """
    CREATE TEMP TRIGGER IF NOT EXISTS audit_answer AFTER INSERT ON main.audit_acting
    BEGIN UPDATE audit_acting SET said = asteri_actor(); END
"""


class ActorKind(models.TextChoices):
    """What kind of actor has written."""

    API_KEY = "api_key", "API key"
    USER = "user", "user"
    COMMAND = "command", "command"
    UNKNOWN = "unknown", "unknown"


def nobody() -> str:
    """Answer what is said where nobody has said who acts."""
    return ""


ACTING: ContextVar[Callable[[], str]] = ContextVar("acting", default=nobody)


def said() -> str:
    """Answer who acts in this block: an object as JSON, free of quotes and of percent signs; "" for nobody."""
    return ACTING.get()()


def written(kind: str, name: str, request_id: str = "", address: str = "") -> str:
    """Write who acts as ASCII that stands in a quoted SQL string as it is; NUL, which no text may hold, is left out."""
    who = {"kind": ActorKind(kind).value, "name": name[:150], "request_id": request_id[:128], "address": address[:64]}
    plain = {key: text.replace("\0", "").encode(errors="replace").decode() for key, text in who.items()}
    return json.dumps(plain).replace("'", "\\u0027").replace("%", "\\u0025")


class acting_as(AbstractContextManager[None]):  # noqa: N801 - read as a verb, like `contextlib`'s own.
    """A block whose writes are those of whom `say` writes down when it is asked, at each write."""

    def __init__(self, say: Callable[[], str]) -> None:
        self.say = say

    def __enter__(self) -> None:
        self.token = ACTING.set(self.say)

    def __exit__(self, *_: object) -> None:
        ACTING.reset(self.token)


def acting(kind: str, name: str, request_id: str = "", address: str = "") -> AbstractContextManager[None]:
    """Make a block whose writes are one actor's: a key's public id, a user's or a command's name."""
    who = written(kind, name, request_id, address)
    return acting_as(lambda: who)


def say_who(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Send a write with who acts, in one message; in a transaction nobody too, since somebody may have acted before."""
    connection, who = context["connection"], said()
    if not (WRITES.match(sql) and (who or connection.in_atomic_block)):
        return execute(sql, params, many, context)
    preface = f"SET LOCAL {SETTING} TO '{who}'"
    if many:
        with nullcontext() if connection.in_atomic_block else transaction.atomic(connection.alias):
            execute(preface, [()], True, context)
            return execute(sql, params, True, context)
    result = execute(f"{preface}; {sql}", params, False, context)
    context["cursor"].nextset()  # past the answer to the preface
    return result


def is_watched(connection: Any) -> bool:
    """Whether anything but the audit trail wants to see the connection's statements."""
    return connection.queries_logged or connection.execute_wrappers not in ([], [say_who])


def attend(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Have a connection's writes say who acts."""
    if connection.vendor == "postgresql":
        if say_who not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, say_who)
        return
    raw = connection.connection
    raw.create_function("asteri_actor", 0, said)
    if raw.execute(HAS_ACTING).fetchone():
        raw.execute(ANSWER_TRIGGERS)
