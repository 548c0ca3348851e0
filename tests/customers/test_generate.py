"""generate_customers: believable customers, none of whom exists."""

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from customers import fiction, loading
from customers.management.commands import generate_customers
from customers.models import Customer
from customers.sheets import COLUMNS
from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer
from tests.terminals import interrupted_at, terminal

EMAIL = re.compile(r"[a-z]+\.[a-z]\.[a-z]+@example\.(com|net|org)|[a-z]+@[a-z]+(-[a-z]+)+\.example")
PHONE = re.compile(r"\+1-\d{3}-555-01\d\d")
NOBODY = "00000000-0000-4000-8000-000000000000"


def generate(caller: Caller, number: object, *arguments: str) -> str:
    out = io.StringIO()
    call_command("generate_customers", str(number), *arguments, organization=caller.organization.id, stdout=out)
    return out.getvalue()


def made(caller: Caller) -> list[Customer]:
    return list(Customer.objects.of(caller.organization).order_by("external_id"))


def bodies(caller: Caller) -> list[dict[str, Any]]:
    """Answer the customers as the API shows them, as bodies of creates, by external id."""
    data = caller.get(query={"expand": "profile", "limit": 100}).json()["data"]
    known = [{**customer, **customer["profile"]} for customer in data]
    fields = [{name: customer[name] for name in COLUMNS if customer[name]} for customer in known]
    return sorted(fields, key=lambda body: body["external_id"])


def test_makes_that_many(owner: Caller) -> None:
    assert generate(owner, 30) == "Created 30 customers.\n"
    assert owner.get().json()["pagination"]["count"] == 30


def test_prints_exactly_this_as_json(owner: Caller) -> None:
    assert json.loads(generate(owner, 3, "--json")) == {"created": 3}


def test_the_api_would_take_each(owner: Caller, outsider: Caller) -> None:
    generate(owner, 20)
    for body in bodies(owner):
        assert outsider.post(body).status_code == 201
    assert bodies(outsider) == bodies(owner)


def test_all_that_a_save_computes_is_stored(owner: Caller) -> None:
    generate(owner, 4)
    for customer in made(owner):
        stored = {name: getattr(customer, name) for name in loading.COLUMNS}
        customer.compute()
        assert {name: getattr(customer, name) for name in loading.COLUMNS} == stored


def test_addresses_and_numbers_are_those_reserved_for_fiction(owner: Caller) -> None:
    generate(owner, 60)
    customers = made(owner)
    assert all(EMAIL.fullmatch(customer.email or "") for customer in customers)
    assert all(PHONE.fullmatch(customer.phone or "") for customer in customers)


def test_they_differ(owner: Caller) -> None:
    generate(owner, 60)
    customers = made(owner)
    assert len({customer.display_name for customer in customers}) > 50
    assert {customer.account_type for customer in customers} == {"individual", "business"}


def test_they_came_over_the_last_years(owner: Caller) -> None:
    begun = timezone.now()
    generate(owner, 60)
    moments = [customer.created_at for customer in made(owner)]
    assert moments == sorted(moments)
    assert begun - timedelta(days=5 * 365 + 1) < moments[0] < begun - timedelta(days=4 * 365)
    assert begun - timedelta(days=60) < moments[-1] <= timezone.now()
    assert all(moment.microsecond % 1000 == 0 for moment in moments)


def test_running_it_again_goes_on(owner: Caller) -> None:
    generate(owner, 3)
    generate(owner, 2)
    assert [customer.external_id for customer in made(owner)] == [f"DEMO-{number:09}" for number in range(1, 6)]


def test_other_organizations_have_their_own(owner: Caller, outsider: Caller) -> None:
    generate(owner, 3)
    generate(outsider, 3)
    assert bodies(owner) == bodies(outsider)


@pytest.mark.parametrize("external_id", ["DEMO-7", "DEMO-00000000x", "DEMO-0000000001", "DEMO"])
def test_an_external_id_of_another_form_does_not_count(owner: Caller, external_id: str) -> None:
    make_customer(owner.organization, external_id=external_id)
    generate(owner, 1)
    assert Customer.objects.filter(external_id="DEMO-000000001").exists()


@pytest.mark.parametrize("batch", [1, 2, 5_000])
def test_one_whose_address_somebody_holds_is_made_up_for(
    owner: Caller, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(fiction, "BATCH", batch)
    for number in (2, 3, 5):
        make_customer(owner.organization, email=fiction.invented(number)["email"])
    assert generate(owner, 4) == "Created 4 customers.\n"
    numbers = [customer.external_id for customer in made(owner) if customer.external_id]
    assert numbers == [f"DEMO-{number:09}" for number in (1, 4, 6, 7)]


def test_no_address_is_made_twice_even_when_all_combinations_are_used_up() -> None:
    words = [("a", "b", "c"), ("x", "y")]
    combinations = [(tuple(words), turn) for words, turn in (fiction.combination(n, *words) for n in range(18))]
    assert len(set(combinations)) == 18
    assert [turn for _, turn in combinations] == [""] * 6 + ["2"] * 6 + ["3"] * 6


def test_fifty_thousand_have_fifty_thousand_addresses() -> None:
    assert len({fiction.invented(number)["email"] for number in range(50_000)}) == 50_000


def test_they_stand_in_the_feed(owner: Caller) -> None:
    generate(owner, 2)
    entries = owner.get(f"{CUSTOMERS}/changes").json()["data"]
    assert [entry["type"] for entry in entries] == ["customer.created"] * 2


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "1_000", "many", "٣", ""])
def test_what_is_no_number_is_refused(owner: Caller, number: str) -> None:
    with pytest.raises(CommandError, match=f"argument N: {number} is no whole number of 1 or more"):
        generate(owner, number)
    assert not Customer.objects.exists()


def test_an_organization_that_does_not_exist_is_said(db: None) -> None:
    with pytest.raises(CommandError, match=f"There is no organization with the id {NOBODY}."):
        call_command("generate_customers", "1", organization=NOBODY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_committed", [False, True])
def test_when_it_is_interrupted_whole_batches_stay(
    owner: Caller, monkeypatch: pytest.MonkeyPatch, *, is_committed: bool
) -> None:
    monkeypatch.setattr(fiction, "BATCH", 2)
    generate(owner, 1)
    stored = 6 if is_committed else 4
    with (
        interrupted_at(3, is_committed=is_committed),
        pytest.raises(CommandError, match=rf"^Interrupted\. {stored} customers were created before that\.$"),
    ):
        generate(owner, 10)
    assert owner.get().json()["pagination"]["count"] == 1 + stored


def test_a_terminal_shows_how_far_it_is(owner: Caller) -> None:
    with terminal() as shown:
        generate(owner, 3)
    assert "3/3" in shown.text


def test_help_has_an_example() -> None:
    help_text = generate_customers.Command().create_parser("manage.py", "generate_customers").format_help()
    assert "Example:\n  manage.py generate_customers 1000000 --organization UUID\n" in help_text
