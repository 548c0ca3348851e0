"""The `verify_counts` command: says which kept counts are off, and puts them right when it's asked to."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.models import CustomerTally
from customers.tallies import drift
from tests.callers import Caller
from tests.factories import make_customer
from tests.processes import run

pytestmark = pytest.mark.usefixtures("exact_counts")


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_counts", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def off(owner: Caller) -> dict[str, Any]:
    """One business is kept as four."""
    make_customer(owner.organization)
    CustomerTally.objects.create(organization=owner.organization, account_type="business", count=3)
    return {"organization_id": str(owner.organization.id), "account_type": "business", "missing": -3}


def test_says_so_where_all_counts_are_exact(owner: Caller) -> None:
    make_customer(owner.organization)
    assert verify() == "All counts are exact.\n"
    assert json.loads(verify("--json")) == {"off": [], "repaired": False}


def test_names_what_is_off_and_fails(off: dict[str, Any]) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match=r"^1 counts are off; repair them with --repair\.$"):
        call_command("verify_counts", stdout=out)
    assert out.getvalue() == f"{off['organization_id']} business: the count is off by +3\n"
    assert drift() != []


def test_one_json_value_where_it_fails_too(off: dict[str, Any]) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_counts", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"off": [off], "repaired": False}


def test_repairs_what_is_off(owner: Caller, off: dict[str, Any]) -> None:
    assert json.loads(verify("--repair", "--json")) == {"off": [off], "repaired": True}
    assert drift() == []
    assert owner.get().json()["pagination"]["count"] == 1


def test_repairing_twice_changes_nothing_more(owner: Caller, off: dict[str, Any]) -> None:
    verify("--repair")
    assert json.loads(verify("--repair", "--json")) == {"off": [], "repaired": False}


def test_help_has_an_example() -> None:
    assert "manage.py verify_counts --repair" in run("manage.py", "verify_counts", "--help").stdout
