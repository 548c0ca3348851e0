"""What the database itself refuses, how its rows are called, and that its triggers can be lifted and laid again."""

from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from customers.changes import feed_of
from customers.models import CustomerChange, IdempotencyLink, IdempotencyRecord, Tombstone
from customers.tallies import drift
from tests.callers import Caller
from tests.factories import make_customer, make_organization

SOME_ID = "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3"


@pytest.mark.django_db
def test_an_unknown_account_type_is_refused_whoever_asks() -> None:
    organization = make_organization()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_customer(organization, account_type="alien")
    assert not organization.customers.exists()


@pytest.mark.django_db
def test_a_row_is_called_by_what_it_is_about() -> None:
    organization, now = make_organization(name="North Harbor Facilities"), timezone.now()
    tombstone = Tombstone(id=SOME_ID, organization=organization, created_at=now, deleted_at=now)
    names = [tombstone, CustomerChange(customer_id=SOME_ID, type="customer.created"), feed_of(organization)]
    assert [str(name) for name in names] == [SOME_ID, f"customer.created {SOME_ID}", "North Harbor Facilities"]


def test_a_stored_answer_is_called_by_its_route_and_key() -> None:
    record = IdempotencyRecord(route="/customers", key="first")
    assert [str(record), str(IdempotencyLink(record=record, customer_id=UUID(SOME_ID)))] == [
        "/customers first",
        SOME_ID,
    ]


@pytest.mark.usefixtures("exact_counts")
@pytest.mark.django_db(transaction=True)
def test_the_triggers_can_be_lifted_and_laid_again(owner: Caller) -> None:
    try:
        call_command("migrate", "customers", "0002", verbosity=0)
        make_customer(owner.organization)
    finally:
        call_command("migrate", verbosity=0)  # all that depends on it as well: other tests stand on the same tables
    make_customer(owner.organization)
    assert CustomerChange.objects.filter(organization=owner.organization).count() == 1
    assert drift() == []
