"""Lists that may grow long: what they count, and what their addresses may say."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from apikeys.models import ApiKey
from asteri.staff import lists
from asteri.staff.lists import CappedPaginator, ExactFilter, ListAdmin, OrganizationFilter
from tests.callers import Caller
from tests.factories import make_organization


class NameFilter(ExactFilter):
    title, parameter_name, lookup = "name", "called", "name"


class Keys(ListAdmin):
    list_filter = (OrganizationFilter, NameFilter, ("revoked_at", admin.EmptyFieldListFilter), "organization__region")
    actions = ("look",)

    def look(self, request: Any, queryset: Any) -> None:
        request.seen = list(queryset)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(lists, "LIMIT", 3)
    return 3


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("staff")


def asked(staff: User, method: str = "get", **values: Any) -> Any:
    request = getattr(RequestFactory(), method)("/admin/apikeys/apikey/", values)
    request.user, request._dont_enforce_csrf_checks = staff, True
    request._messages = []
    return request


def listed(staff: User, **values: Any) -> Any:
    """Answer the page, or the redirect, that the list answers an address with."""
    response: Any = Keys(ApiKey, admin.site).changelist_view(asked(staff, **values))
    return response if response.status_code == 302 else response.render()


def keys_of(response: Any) -> list[ApiKey]:
    return list(response.context_data["cl"].result_list)


@pytest.mark.parametrize(("rows", "shown", "pages"), [(0, "0", 1), (2, "2", 1), (3, "3", 2), (9, "3+", 2)])
def test_a_count_ends_at_the_limit(few: int, rows: int, shown: str, pages: int, staff: User) -> None:
    User.objects.bulk_create(User(username=f"{number}") for number in range(rows - 1))
    paginator = CappedPaginator(User.objects.order_by("pk") if rows else User.objects.none(), 2)
    assert (paginator.shown_count, paginator.num_pages) == (shown, pages)


def test_a_count_looks_at_no_more_rows_and_sorts_none(
    few: int, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1) as asked_for:
        assert CappedPaginator(User.objects.order_by("username"), 2).count == 1
    statement = asked_for.captured_queries[0]["sql"]
    assert "LIMIT 4" in statement
    assert "ORDER BY" not in statement


def test_a_list_that_is_longer_says_so_and_offers_no_action_on_all_of_it(few: int, staff: User, owner: Caller) -> None:
    for _ in range(4):
        Caller.of(owner.organization)
    page = listed(staff, o="1").content.decode()
    assert "3+ api keys" in page.lower()
    assert "across all pages" not in page


def test_organization_and_name_choose_rows(staff: User, owner: Caller, outsider: Caller) -> None:
    other = Caller.of(owner.organization, name="Other").key
    assert set(keys_of(listed(staff, organization=owner.organization.pk))) == {owner.key, other}
    response = listed(staff, organization=owner.organization.pk, called="Other")
    assert keys_of(response) == [other]
    page = response.content.decode()
    assert '<input type="hidden" name="called" value="Other">' in page
    assert f'<option value="{owner.organization.pk}" selected>' in page


def test_nothing_chosen_is_no_filter(staff: User, owner: Caller, outsider: Caller) -> None:
    assert len(keys_of(listed(staff, organization="", called=""))) == 2


@pytest.mark.parametrize(
    "value", ["me", "0", "' OR 1=1", "00000000-0000-4000-8000-000000000000", "\N{FULLWIDTH DIGIT ONE}", "9" * 5000]
)
def test_an_organization_that_makes_no_sense_leads_back_to_the_whole_list(staff: User, value: str) -> None:
    assert listed(staff, organization=value).headers["Location"] == "/admin/apikeys/apikey/?e=1"


@pytest.mark.parametrize("address", [{"called": "x" * 256}, {"organization__region__near": "US"}])
def test_whatever_else_makes_no_sense_does_too(staff: User, address: dict[str, str]) -> None:
    assert listed(staff, **address).headers["Location"] == "/admin/apikeys/apikey/?e=1"


@pytest.mark.parametrize("name", ["public_id", "organization__name", "digest__startswith"])
def test_no_address_filters_by_what_is_no_filter_of_the_list(staff: User, name: str) -> None:
    with pytest.raises(SuspiciousOperation):
        listed(staff, **{name: "a"})


def test_the_lists_own_filters_go_on_working(staff: User, owner: Caller) -> None:
    assert keys_of(listed(staff, revoked_at__isempty="1", organization__region__exact="US")) == [owner.key]


def test_staff_are_filtered_by_their_role(admin_client: Client) -> None:
    support = Group.objects.get(name="Support")
    user = User.objects.create_user("one of support", is_staff=True)
    user.groups.add(support)
    page = admin_client.get("/admin/auth/user/", {"groups__id__exact": support.pk})
    assert list(page.context["cl"].result_list) == [user]


@pytest.mark.parametrize("chosen", ["me", "", "9" * 5000, "\0"])
def test_an_action_on_what_can_be_no_row_is_refused(staff: User, owner: Caller, chosen: str) -> None:
    with pytest.raises(SuspiciousOperation):
        Keys(ApiKey, admin.site).changelist_view(asked(staff, "post", action="look", index=0, _selected_action=chosen))


def test_an_action_on_a_row_is_carried_out(staff: User, owner: Caller) -> None:
    request = asked(staff, "post", action="look", index=0, _selected_action=owner.key.pk)
    Keys(ApiKey, admin.site).changelist_view(request)
    assert request.seen == [owner.key]


def test_a_form_with_an_organization_that_can_be_none_says_so(staff: User) -> None:
    request = asked(staff, "post", organization="me", name="Key")
    admin_class = type("Forms", (ListAdmin,), {"autocomplete_fields": ("organization",), "fields": ("organization",)})
    page = admin_class(ApiKey, admin.site).changeform_view(request).render().content.decode()
    assert "is not a valid" in page.replace("&quot;me&quot; ", "") or "Select a valid choice" in page


@pytest.mark.parametrize("address", ["q=%00", "%00=1", "organization=%00"])
def test_an_address_with_a_nul_is_a_400(admin_client: Client, address: str) -> None:
    assert admin_client.get(f"/admin/apikeys/apikey/?{address}").status_code == 400


def test_the_search_for_an_organization_finds_it(admin_client: Client) -> None:
    organization = make_organization(name="North Harbor")
    query = {"app_label": "apikeys", "model_name": "apikey", "field_name": "organization", "term": "harbor"}
    found = admin_client.get("/admin/autocomplete/", query).json()["results"]
    assert found == [{"id": str(organization.pk), "text": "North Harbor"}]
