"""The dashboard: what needs somebody, for those who may see it."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apikeys import hygiene
from asteri.staff.dashboard import Figure
from tests.callers import Caller
from tests.factories import make_customer, make_organization
from tests.staff.conftest import member, signed_in

HOME = "/admin/"
HEADINGS = ("Keys that need attention", "Requests of the last 24 hours", "Newest customers", "Suspended organizations")


def test_it_shows_what_needs_attention_and_what_is_new(owner: Caller, support: Client) -> None:
    customer, suspended = make_customer(owner.organization), make_organization(name="North Harbor Facilities")
    suspended.suspend()
    page = support.get(HOME).content.decode()
    assert [heading for heading in HEADINGS if heading not in page] == []
    assert f'<a href="/admin/customers/customer/{customer.pk}/change/">{customer.display_name}</a>' in page
    assert f'<a href="/admin/organizations/organization/{suspended.pk}/change/">North Harbor Facilities</a>' in page
    assert "<strong>1</strong> never expire" in page


def test_it_shows_the_ten_newest_customers(owner: Caller, support: Client) -> None:
    made = [make_customer(owner.organization) for _ in range(12)]
    by_id = sorted(made, key=lambda customer: customer.pk)
    newest = sorted(by_id, key=lambda customer: customer.created_at, reverse=True)
    assert support.get(HOME).context["customers"] == newest[:10]


def test_whoever_has_no_role_is_told_so(owner: Caller) -> None:
    page = signed_in(member(None)).get(HOME).content.decode()
    assert [heading for heading in HEADINGS if heading in page] == []
    assert "You have no role yet" in page


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (2_000, "2,000"), (2_001, "2,000+")])
def test_what_is_not_counted_to_the_end_says_so(count: int, shown: str) -> None:
    assert hygiene.MOST == 2_000
    assert Figure("never expire", count, "#").shown == shown


def test_it_asks_a_few_queries_however_much_there_is(
    owner: Caller, support: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make_customer(make_organization()).organization.suspend()
    # Session, user, second factor, permissions (2); four concerns and the refused keys; hours; customers; suspended
    # organizations; the session's new end (3).
    with django_assert_max_num_queries(17):
        assert support.get(HOME).status_code == 200
