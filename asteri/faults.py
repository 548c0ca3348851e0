"""Neighbours' faults: what a database or a cache raises when it does not answer, whatever the driver."""

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    ProgrammingError,
)
from redis.exceptions import RedisError

CACHE_FAULTS = (RedisError, OSError)
OUR_FAULTS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)


def is_database_fault(error: Exception) -> bool:
    """Whether it's the database that failed and not what it was asked: the same request may succeed in a moment.

    Besides OperationalError that is InternalError, which psycopg raises on a server that is read-only, and the mere
    DatabaseError, which sqlite3 raises on a damaged file.
    """
    return isinstance(error, DatabaseError | InterfaceError) and not isinstance(error, OUR_FAULTS)
