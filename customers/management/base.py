"""What the commands that move many customers share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management import CommandError
from django.db import DatabaseError

from customers.sheets import SheetError

STOPS = (KeyboardInterrupt, OSError, UnicodeError, SheetError, DatabaseError)


@contextmanager
def stopping_in_words(subject: str, rest: Callable[[], str] = str) -> Iterator[None]:
    """Turn what ends the work early into a CommandError: `subject`, such as the file's name, why, and `rest`."""
    try:
        yield
    except STOPS as error:
        raise CommandError(f"{reason(error, subject)} {rest()}".strip()) from None


def reason(error: BaseException, subject: str) -> str:
    """Answer why the work ended, in a sentence."""
    match error:
        case KeyboardInterrupt():
            return "Interrupted."
        case UnicodeError():
            return f"{subject}: not UTF-8. Save it as CSV in UTF-8."
        case OSError():
            return f"{subject}: {error.strerror}."
        case DatabaseError():
            return f"The database refused: {' '.join(str(error).split())}."
    return f"{subject}: {error}"
