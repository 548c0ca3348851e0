"""When a request is sent again, and when not: the one policy of both clients. It neither sends nor waits itself."""

import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

import httpx

from asteri_public_api.errors import seconds_to_wait

FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 8.0  # seconds
REFUSED_UNSEEN, MAYBE_DONE = 429, 503

Outcome = httpx.Response | httpx.TransportError


class Options(TypedDict, total=False):
    """What one call may be given beside its parameters; what is left out is as the client has it.

    `timeout`, in seconds, bounds the wait for a connection and for each part of an answer; None for no bound.
    `max_retries` is how often a request is tried again at most. `max_retry_wait` is the longest `Retry-After` that is
    waited for, in seconds; a longer one is an error at once. `headers` are more headers, such as an `X-Request-Id`.
    """

    timeout: float | None
    max_retries: int
    max_retry_wait: float
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard to try."""

    timeout: float | None = 30.0
    max_retries: int = 2
    max_retry_wait: float = 60.0

    def under(self, options: Options) -> "Limits":
        """Answer the limits of one call."""
        return replace(self, **{name: value for name, value in options.items() if name != "headers"})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class End:
    """What came of the last try, and whether an earlier one may have been carried out although nobody said so."""

    outcome: Outcome
    is_repetition: bool


Step = httpx.Request | float | End
Steps = Generator[Step, Outcome | None, None]


def exchange(request: httpx.Request, limits: Limits, *, is_repeatable: bool) -> Steps:
    """Yield what to do: send a request, and say what came of it; wait that many seconds; or take it as ended."""
    retries, is_repetition = 0, False
    while True:
        outcome = yield request
        assert outcome is not None  # noqa: S101 - whoever is told to send a request says what came of it.
        delay = delay_before_retry(outcome, retries, limits.max_retry_wait, is_repeatable=is_repeatable)
        if delay is None or retries >= limits.max_retries:
            yield End(outcome, is_repetition)
            return
        is_repetition = is_repetition or is_lost(outcome)
        retries += 1
        yield delay


def is_lost(outcome: Outcome) -> bool:
    """Whether a try may have been carried out although nobody said so.

    No answer came, or a 503, which a database that fails while it commits leads to as well. A 429 was refused before
    anything was done.
    """
    return isinstance(outcome, httpx.TransportError) or outcome.status_code == MAYBE_DONE


def delay_before_retry(outcome: Outcome, retries: int, longest: float, *, is_repeatable: bool) -> float | None:
    """Answer how many seconds to wait before the next try; None where there must be none.

    What the API asks for comes first, then a back-off with jitter, so that the next try is never early and many callers
    don't come back as one. `is_repeatable`: carrying the request out twice does what carrying it out once does.
    """
    if isinstance(outcome, httpx.TransportError):
        return backoff(retries) if is_repeatable else None
    asked = seconds_to_wait(outcome.headers) or 0.0
    may_retry = outcome.status_code == REFUSED_UNSEEN or (outcome.status_code == MAYBE_DONE and is_repeatable)
    return asked + backoff(retries) if may_retry and asked <= longest else None


def backoff(retries: int) -> float:
    """Answer a wait that doubles with every retry, up to a bound, cut by up to a half at random."""
    return min(FIRST_BACKOFF * 2.0**retries, LONGEST_BACKOFF) * random.uniform(0.5, 1)  # noqa: S311 - jitter is no secret.
