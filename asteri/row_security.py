"""Row-level security, the speaking side: every statement says for whom it is sent, and sees no other rows.

What is said stands before the statement in the same message (`SET LOCAL`), so it ends with the statement's transaction:
nothing stays on the connection, pooled or not. No round trip is added and no transaction is opened or prolonged, so
whatever is committed before an answer without row-level security is committed before it with it.

The policies that listen are laid by `organizations.policies`. Where ROW_SECURITY is off, nobody speaks and it costs
nothing; SQLite knows no such thing, and a check refuses the setting there.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

ORGANIZATION, PUBLIC_ID, STAFF = "asteri.organization", "asteri.public_id", "asteri.staff"
PLAIN = re.compile(r"[0-9A-Za-z-]+")
SILENCE = nullcontext()
# They must work after a failed statement, when nothing else may be said; and they show no rows.
WITHOUT_PREFACE = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class Speaker:
    """Wraps the execution of statements: each one says what `preface` says, which at first is nothing."""

    preface = ""

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Send a statement with what it has to say, in one message; answer what the statement alone would answer."""
        if not self.preface or sql.startswith(WITHOUT_PREFACE):
            return execute(sql, params, many, context)
        result = execute(self.preface + sql, params, many, context)
        context["cursor"].nextset()  # past the answer to the preface
        return result


def speaking() -> AbstractContextManager[None]:
    """Answer a block whose statements see no organization's rows, until something below says for whom they are sent."""
    return connection.execute_wrapper(Speaker()) if settings.ROW_SECURITY else SILENCE


def speak_for_key(public_id: str) -> None:
    """Have the statements that follow see one key and its organization; change neither."""
    say(PUBLIC_ID, public_id)


def speak_for_organization(organization_id: UUID | str) -> None:
    """Have the statements that follow see and change what belongs to one organization."""
    say(ORGANIZATION, str(organization_id))


def speak_for_staff() -> None:
    """Have the statements that follow see and change everything."""
    say(STAFF, "on")


def say(setting: str, value: str) -> None:
    """Set what the speaker of the surrounding block says, where there is one; ValueError for what needs quoting."""
    if not settings.ROW_SECURITY:
        return
    for speaker in [wrapper for wrapper in connection.execute_wrappers if isinstance(wrapper, Speaker)]:
        if not PLAIN.fullmatch(value):
            raise ValueError(value)
        speaker.preface = f"SET LOCAL {setting} TO '{value}'; "


class StaffMiddleware:
    """Lets the pages that staff have signed in to see every organization; anybody else's see none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a page's request."""
        with speaking():
            if settings.ROW_SECURITY and request.user.is_staff:
                speak_for_staff()
            return self.get_response(request)
