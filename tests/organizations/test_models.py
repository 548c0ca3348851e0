"""Organizations: what one may be, whoever stores it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from organizations.models import Environment, Organization
from tests.callers import Caller
from tests.factories import make_customer, make_organization

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_is_live_and_american_and_active_unless_told(db: None) -> None:
    organization = Organization.objects.create(name="North Harbor Facilities")
    organization.refresh_from_db()
    assert (organization.environment, organization.region) == (Environment.LIVE, "US")
    assert not organization.is_suspended
    assert isinstance(organization.id, uuid.UUID)


def test_is_called_by_its_name(db: None) -> None:
    assert str(make_organization(name="North Harbor Facilities")) == "North Harbor Facilities"


@pytest.mark.parametrize("region", ["US", "GB", "DE", "JP", "KZ"])
def test_a_region_with_phone_numbers_is_accepted(db: None, region: str) -> None:
    organization = make_organization(region=region)
    assert Organization.objects.get(pk=organization.pk).region == region


@pytest.mark.parametrize("region", ["XX", "us", "", "USA", "U", "001", "ZZ", " US", "AQ"])
def test_a_region_without_phone_numbers_is_refused(db: None, region: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        make_organization(region=region)
    assert set(refusal.value.message_dict) == {"region"}
    assert not Organization.objects.exists()


def test_a_refused_region_is_named(db: None) -> None:
    with pytest.raises(ValidationError, match="XX is no region with phone numbers: use a code such as US"):
        make_organization(region="XX")


@pytest.mark.parametrize("name", ["", "a" * 256])
def test_a_name_that_is_missing_or_too_long_is_refused(db: None, name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        make_organization(name=name)


def test_an_unknown_environment_is_refused(db: None) -> None:
    with pytest.raises(ValidationError, match="environment"):
        make_organization(environment="staging")


def test_the_database_itself_refuses_an_unknown_environment(db: None) -> None:
    make_organization()
    with pytest.raises(IntegrityError, match="organization_environment_is_known"), transaction.atomic():
        Organization.objects.update(environment="staging")


def test_a_suspension_keeps_its_first_time(db: None) -> None:
    organization = make_organization()
    organization.suspend(NOON)
    organization.suspend(NOON + timedelta(days=1))
    assert Organization.objects.get(pk=organization.pk).suspended_at == NOON


def test_a_reactivated_organization_is_active_and_can_be_suspended_again(db: None) -> None:
    organization = make_organization()
    organization.suspend(NOON)
    organization.reactivate()
    assert not Organization.objects.get(pk=organization.pk).is_suspended
    organization.suspend(NOON + timedelta(days=1))
    assert organization.suspended_at == NOON + timedelta(days=1)


def test_an_organization_with_keys_is_not_deleted(owner: Caller) -> None:
    with pytest.raises(ProtectedError):
        owner.organization.delete()


def test_an_organization_with_customers_is_not_deleted(db: None) -> None:
    customer = make_customer(make_organization())
    with pytest.raises(ProtectedError):
        customer.organization.delete()


def test_organizations_are_listed_by_name(db: None) -> None:
    names = [make_organization(name=name).name for name in ("Cedar", "Alder", "Birch")]
    assert [organization.name for organization in Organization.objects.all()] == sorted(names)
