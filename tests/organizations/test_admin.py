"""Organizations in the admin."""

from django.test import Client

from organizations.models import Environment, Organization
from tests.callers import Caller

LIST = "/admin/organizations/organization/"


def test_an_organization_is_made(admin_client: Client) -> None:
    form = {"name": "North Harbor Facilities", "environment": "sandbox", "region": "GB"}
    assert admin_client.post(f"{LIST}add/", form).status_code == 302
    assert Organization.objects.get().environment == Environment.SANDBOX


def test_an_unknown_region_is_an_error_of_the_form(admin_client: Client) -> None:
    response = admin_client.post(f"{LIST}add/", {"name": "North Harbor", "environment": "live", "region": "ZZ"})
    assert "ZZ is no region with phone numbers" in response.content.decode()


def test_the_environment_stays_as_it_is(admin_client: Client, owner: Caller) -> None:
    url = f"{LIST}{owner.organization.pk}/change/"
    admin_client.post(url, {"name": "Renamed", "environment": "sandbox", "region": "US"})
    owner.organization.refresh_from_db()
    assert (owner.organization.name, owner.organization.environment) == ("Renamed", Environment.LIVE)


def test_suspending_and_reactivating_take_effect_on_the_next_request(admin_client: Client, owner: Caller) -> None:
    chosen = {"_selected_action": [str(owner.organization.pk)]}
    statuses = [owner.get().status_code]
    for action in ("suspend", "reactivate"):
        admin_client.post(LIST, {"action": action, **chosen})
        statuses.append(owner.get().status_code)
    assert statuses == [200, 403, 200]


def test_the_list_shows_who_is_suspended(admin_client: Client, owner: Caller) -> None:
    owner.organization.suspend()
    assert "icon-no" in admin_client.get(LIST).content.decode()


def test_organizations_are_never_deleted(admin_client: Client, owner: Caller) -> None:
    assert admin_client.post(f"{LIST}{owner.organization.pk}/delete/", {"post": "yes"}).status_code == 403
