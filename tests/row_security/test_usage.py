"""Usage as the serving role writes and shows it: counted for every organization, seen by its own and by staff."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apikeys.usage import figures
from apikeys.usage.models import Day, Hour, Refusal
from asteri.row_security import speak_for_organization, speaking
from tests.apikeys.usage.conftest import counting, flushed
from tests.callers import Caller
from tests.row_security.conftest import Serving

__all__ = ["counting"]  # the fixture of the tests of usage
EXPLAIN = "/admin/usage/refusal/explain/"


@pytest.fixture
def both(owner: Caller, outsider: Caller, counting: None) -> tuple[Caller, Caller]:
    return owner, outsider


def ask(serving: Serving, both: tuple[Caller, Caller]) -> None:
    """Have each be refused twice and granted once, counted as the serving role counts."""
    with serving():
        for caller in both:
            caller.get()
            for _ in range(2):
                caller.get(query={"limt": 1}, headers={"x-request-id": "req-1"})
            caller.get(headers={"x-api-key": "nonsense"})
            assert flushed()


def test_the_serving_role_writes_for_everybody_and_a_tenant_sees_its_own(
    serving: Serving, both: tuple[Caller, Caller]
) -> None:
    ask(serving, both)
    assert [model.objects.count() for model in (Hour, Day, Refusal)] == [2, 2, 6]
    with serving():
        assert not Refusal.objects.exists()
        with speaking():
            speak_for_organization(both[0].organization.id)
            assert [model.objects.count() for model in (Hour, Day, Refusal)] == [1, 1, 2]
            assert list(figures.today([caller.key.public_id for caller in both]).values()) == [3, 0]


def test_staff_are_explained_every_organizations_refusals(serving: Serving, both: tuple[Caller, Caller]) -> None:
    ask(serving, both)
    client = Client()
    client.force_login(User.objects.create_superuser("staff"))
    with serving():
        for subject in ("req-1", both[0].text, both[1].text, both[1].key.hint):
            assert "No check of the key fails" in client.post(EXPLAIN, {"subject": subject}).content.decode()
        assert client.get("/admin/usage/refusal/").content.decode().count("req-1") == 4
