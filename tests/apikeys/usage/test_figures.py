"""Figures: what was counted, by hour, by day, by key and by organization."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apikeys.usage import figures
from apikeys.usage.figures import Bar
from apikeys.usage.models import COUNTERS, Day, Hour
from tests.factories import make_organization

NOW = datetime(2026, 3, 23, 14, 20, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_at_twenty_past_two")]


@pytest.fixture
def _at_twenty_past_two() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def hour(ago: int, public_id: str = "a", **counts: int) -> None:
    when = NOW.replace(minute=0) - timedelta(hours=ago)
    Hour.objects.create(public_id=public_id, organization_id=uuid.uuid4(), hour=when, **counts)


def day(ago: int, public_id: str = "a", organization: Any = None, **counts: int) -> None:
    when, owner = NOW.date() - timedelta(days=ago), organization or uuid.uuid4()
    Day.objects.create(public_id=public_id, organization_id=owner, day=when, **counts)


def some(bars: list[Bar]) -> dict[int, Bar]:
    """Answer the bars that are not empty, by how long ago they are."""
    return {len(bars) - 1 - number: bar for number, bar in enumerate(bars) if bar.total}


def test_a_keys_last_24_hours_end_with_the_current_one() -> None:
    hour(0, granted=5, throttled=2, bad_request=1, failed=1)
    hour(23, granted=1)
    hour(24, granted=100)
    hour(0, "another", granted=100)
    bars = figures.last_24_hours("a")
    assert some(bars) == {0: Bar("14:00", 5, 2, 2), 23: Bar("15:00", 1)}
    assert len(bars) == 24


def test_a_keys_last_30_days_end_with_today() -> None:
    day(0, granted=1, missing_scope=2, wrong_organization=3, not_found=4, conflict=5)
    day(29, granted=7)
    day(30, granted=100)
    day(0, "another", granted=100)
    bars = figures.last_30_days("a")
    assert some(bars) == {0: Bar("23 Mar", 1, 14, 0), 29: Bar("22 Feb", 7)}
    assert len(bars) == 30


def test_all_keys_of_an_organization_are_added_up() -> None:
    own, other = make_organization().id, make_organization().id
    day(1, "a", own, granted=1, throttled=1)
    day(1, "b", own, granted=2, throttled=1)
    day(1, "c", other, granted=100)
    assert some(figures.organization_30_days(own)) == {1: Bar("22 Mar", 3, 0, 2)}


def test_all_keys_are_added_up_by_hour() -> None:
    hour(2, "a", granted=1)
    hour(2, "b", granted=2, failed=1)
    assert some(figures.everything_24_hours()) == {2: Bar("12:00", 3, 1, 0)}


def test_requests_of_today_are_those_of_every_kind() -> None:
    day(0, "a", **dict.fromkeys(COUNTERS, 2))
    day(1, "a", granted=100)
    assert figures.today(["a", "b"]) == {"a": 2 * len(COUNTERS), "b": 0}


def test_an_organizations_requests_of_today_are_those_of_its_keys() -> None:
    own, other = make_organization().id, make_organization().id
    for public_id in ("a", "b"):
        day(0, public_id, own, granted=2, failed=1)
    assert figures.organizations_today([own, other]) == {own: 6, other: 0}


def test_nobody_asks_for_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert (figures.today([]), figures.organizations_today([])) == ({}, {})


def test_who_is_refused_often_comes_first() -> None:
    day(0, "a", granted=1_000, throttled=49)
    day(0, "b", granted=1, throttled=30, bad_request=20)
    day(6, "c", not_found=70)
    day(7, "d", failed=1_000)
    for ago in range(3):
        day(ago, "e", conflict=20)
    assert list(figures.often_refused().items()) == [("c", 70), ("e", 60), ("b", 50)]
    assert figures.often_refused(least=71, days=8) == {"d": 1_000}


@pytest.mark.parametrize("figure", [figures.last_24_hours, figures.last_30_days])
def test_a_key_that_was_never_used_has_empty_bars(figure: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert some(figure("nobody")) == {}


def test_a_row_says_whose_and_which_it_is() -> None:
    hour(0)
    day(0)
    assert [str(Hour.objects.get()), str(Day.objects.get())] == ["a 2026-03-23 14:00", "a 2026-03-23"]
