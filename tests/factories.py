"""Factories: rows that tests need and say nothing about."""

from typing import Any

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from customers.models import AccountType, Customer
from organizations.models import Organization


class OrganizationFactory(DjangoModelFactory[Organization]):
    class Meta:
        model = Organization

    name = Sequence(lambda number: f"Organization {number}")


class CustomerFactory(DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    organization = SubFactory(OrganizationFactory)
    account_type = AccountType.BUSINESS
    company_name = Sequence(lambda number: f"Company {number}")
    email = Sequence(lambda number: f"company-{number}@example.com")
    phone = "+1-404-555-0128"


def make_organization(**fields: Any) -> Organization:
    """Make an active, live organization in the United States, unless `fields` say otherwise."""
    return OrganizationFactory.create(**fields)


def make_customer(organization: Organization, **fields: Any) -> Customer:
    """Make a customer of the organization: a business with an e-mail of its own, unless `fields` say otherwise."""
    return CustomerFactory.create(organization=organization, **fields)
