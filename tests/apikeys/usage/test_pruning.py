"""Pruning: what is old goes, batch by batch, and nothing else."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from pytest_django import Settings

from apikeys.usage.models import Batch, Day, Hour, Refusal

NOW = datetime(2026, 3, 23, 14, 20, tzinfo=UTC)
A_BIT = timedelta(hours=25)


def made(age: timedelta) -> None:
    """Make a row of everything of that age."""
    at, owner = NOW - age, uuid.uuid4()
    Hour.objects.create(public_id=owner.hex[:12], organization_id=owner, hour=at)
    Day.objects.create(public_id=owner.hex[:12], organization_id=owner, day=at.date())
    Batch.objects.create(at=at)
    Refusal.objects.create(at=at, status=400)


def pruned() -> Any:
    out = StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("prune", "--json", stdout=out)
    return json.loads(out.getvalue())


def left() -> list[int]:
    return [model.objects.count() for model in (Hour, Day, Batch, Refusal)]


@pytest.mark.django_db
@pytest.mark.parametrize("batch", [1, 3, 1_000])
def test_usage_is_kept_for_its_days_and_refusals_for_a_week(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("apikeys.usage.pruning.BATCH", batch)
    settings.USAGE_DAYS = 40
    for kept in (timedelta(days=40), timedelta(days=7)):
        for around in (A_BIT, A_BIT, -A_BIT):
            made(kept + around)
    result = pruned()
    assert (result["usage"], result["refusals"]) == (4, 5)
    assert left() == [4, 4, 1, 1]
    assert set(pruned().values()) == {0}
