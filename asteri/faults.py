"""Neighbours' faults: what a database or a cache raises when it does not answer, whatever the driver."""

from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

DATABASE_FAULTS = (OperationalError, InterfaceError)
CACHE_FAULTS = (RedisError, OSError)
