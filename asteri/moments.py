"""Moments: how times are read and written, everywhere."""

import re
from datetime import UTC, datetime

# ISO-8601's extended format alone: Python's parser takes more, "1770123112345" for a day in the year 1770 included.
FORM = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def moment_of(text: str) -> datetime:
    """Read an ISO-8601 date or date-time: UTC where it names no offset, midnight where it names no time.

    Raise ValueError for anything else, OverflowError for a moment outside the calendar.
    """
    if not FORM.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def timestamp(moment: datetime) -> str:
    """Write a time as the contract does: ISO-8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat("T", "milliseconds")[:-6] + "Z"
