"""Counters: how many requests there were, counted exactly by any number of threads, processes and machines at once.

A counter lives in Redis, where one script counts all of a request's windows: one round trip, nothing in between, and
no counter without its end, whenever anything is killed. Where there is no Redis, and while it's out, counters live in
the process.
"""

import hashlib
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from hiredis import pack_command
from redis.exceptions import ConnectionError as BrokenConnectionError
from redis.exceptions import NoScriptError

from asteri.circuit import shared_cache
from asteri.faults import CACHE_FAULTS

# Counts a cost in one counter after the other, up to the first without room, and reads the rest. Of a cost that counts
# as a whole nothing stays where there is no room. Answers the number of the full counter, 0 for none, then all counts.
SCRIPT = """
local used, full, cost, whole = {}, 0, tonumber(ARGV[1]), ARGV[2] == '1'
for i, name in ipairs(KEYS) do
  if full > 0 then
    used[i] = tonumber(redis.call('GET', name) or 0)
  else
    used[i] = redis.call('INCRBY', name, cost)
    if used[i] == cost then redis.call('EXPIRE', name, ARGV[2 * i + 2]) end
    if used[i] > tonumber(ARGV[2 * i + 1]) then full = i end
  end
end
if whole then
  for i = 1, full do used[i] = redis.call('DECRBY', KEYS[i], cost) end
end
return {full, unpack(used)}
"""
SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
one_at_a_time = threading.Lock()


class Counter(NamedTuple):
    """A counter's name, how far it may go, and how many seconds it lives."""

    name: str
    limit: int
    lifetime: int


class Count(NamedTuple):
    """What counters have come to, and which is the first that had no room; None where all had."""

    used: list[int]
    full: int | None


class CountingRedisCache(RedisCache):
    """Django's Redis cache, and counters in it.

    Counting is what every request does, so it keeps a connection for each thread: to make Django's client and to take
    a connection out of its pool cost four times what the counting itself does.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.thread = threading.local()

    def count(self, counters: Sequence[Counter], cost: int, *, as_whole: bool) -> Count:
        """Count a cost; raises CACHE_FAULTS."""
        return self.ask(counters, cost, as_whole=as_whole)()

    def ask(self, counters: Sequence[Counter], cost: int, *, as_whole: bool) -> Callable[[], Count]:
        """Ask for a count, in one round trip; answer what awaits it, which raises CACHE_FAULTS."""
        names = [self.make_key(counter.name) for counter in counters]
        bounds = [bound for counter in counters for bound in (counter.limit, counter.lifetime)]
        arguments = (len(names), *names, cost, int(as_whole), *bounds)
        answer = self.send(b"EVALSHA", SHA, *arguments)

        def awaited() -> Count:
            try:
                full, *used = answer()
            except NoScriptError:  # a Redis that has just started
                full, *used = self.send(b"EVAL", SCRIPT, *arguments)()
            return Count(used, full - 1 if full else None)

        return awaited

    def send(self, *command: Any) -> Callable[[], Any]:
        """Send a command; answer what awaits Redis's answer, and sends it again where the connection broke unused."""
        if self.is_awaited:  # somebody has given up awaiting, and an answer must not be taken for another
            self.connection.disconnect()
        connection, packed, fault = self.connection, [pack_command(command)], None
        self.thread.is_awaited = True
        try:
            connection.send_packed_command(packed)
        except CACHE_FAULTS as error:
            fault = error

        def answer() -> Any:
            self.thread.is_awaited = False
            try:
                if fault:
                    raise fault
                return connection.read_response()
            except BrokenConnectionError:
                connection.send_packed_command(packed)
                return connection.read_response()

        return answer

    @property
    def is_awaited(self) -> bool:
        """Whether the thread has sent a command whose answer it has not taken yet."""
        return getattr(self.thread, "is_awaited", False)

    @property
    def connection(self) -> Any:
        """The thread's own connection: it connects when it's used, and is closed when the thread ends."""
        if not hasattr(self.thread, "connection"):
            pool = self._cache.get_client(write=True).connection_pool
            self.thread.connection = made = pool.connection_class(**pool.connection_kwargs)
            weakref.finalize(self, made.disconnect)  # it refers to itself, so it would wait for Python's collector
        return self.thread.connection


def ask(counters: Sequence[Counter], cost: int, *, as_whole: bool = False) -> Callable[[], Count]:
    """Ask for a cost to be counted in each counter, up to the first that has no room for it, and the rest to be read.

    Answers what awaits the count, to be called before the thread asks again. What counts `as_whole` and finds no room
    is counted nowhere. While Redis is out each process counts for itself, up to its share of the limits.
    """
    cache = caches["default"]
    if isinstance(cache, CountingRedisCache):
        later = partial(cache.count, counters, cost, as_whole=as_whole)  # while it's out, only if it is to be asked
        asked = later if shared_cache.is_open else cache.ask(counters, cost, as_whole=as_whole)
        return lambda: shared_cache.ask(
            asked, lambda: count_here(caches["fallback"], list(map(share, counters)), cost, as_whole=as_whole)
        )
    here = cache if isinstance(cache, LocMemCache) else caches["fallback"]
    counted = count_here(here, counters, cost, as_whole=as_whole)
    return lambda: counted


def share(counter: Counter) -> Counter:
    """Answer the counter with this process's share of its limit, which is 1 at the least."""
    return counter._replace(limit=max(1, counter.limit // settings.WEB_CONCURRENCY))


def count_here(cache: BaseCache, counters: Sequence[Counter], cost: int, *, as_whole: bool) -> Count:
    """Count in a cache of this process, as SCRIPT does."""
    used: list[int] = []
    full = None
    with one_at_a_time:
        for number, counter in enumerate(counters):
            cache.add(counter.name, 0, timeout=counter.lifetime)
            used.append(cache.incr(counter.name, cost if full is None else 0))
            if full is None and used[number] > counter.limit:
                full = number
        if as_whole and full is not None:
            used[: full + 1] = [cache.decr(counter.name, cost) for counter in counters[: full + 1]]
    return Count(used, full)
