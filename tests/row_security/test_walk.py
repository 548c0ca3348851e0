"""The tenant walk as the serving role: it goes as it goes without row-level security, and still shows nothing."""

import pytest

from tests.asteri.test_tenancy import METHODS, PATHS, ROUTES, Victim, attack, attacks_on, has, leaks, snapshot, victim
from tests.callers import Caller
from tests.row_security.conftest import Serving

__all__ = ["victim"]  # the fixture


@pytest.mark.parametrize("route", ROUTES)
def test_an_outsider_sees_and_changes_nothing(serving: Serving, outsider: Caller, victim: Victim, route: str) -> None:
    before = snapshot(victim)
    with serving():
        answers = [
            attack(outsider, victim, route, method, name) for method in METHODS for name in attacks_on(route, method)
        ]
    assert [leaks(answer, victim) for answer in answers] == [[]] * len(answers)
    assert max(answer.status_code for answer in answers) < 500
    assert snapshot(victim) == before


@pytest.mark.parametrize("route", [route for route in ROUTES if has(route, "GET") and route != "unknown"])
def test_the_walk_sees_what_there_is_to_see(serving: Serving, victim: Victim, route: str) -> None:
    with serving():
        answer = victim.caller.get(PATHS[route](victim))
    assert leaks(answer, victim)
