"""Duplicates: customers of one organization that look like the one that is being written down."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from customers.emails import email_key
from customers.models import MAX_LENGTH, Customer
from customers.phones import phone_key
from customers.search import every_word, fold
from organizations.models import Organization

MOST = 5  # of each kind: enough to see that one should look
NAMES = ("company_name", "first_name", "last_name")
# What a name may have or lack and still be the same company's.
FORMS = {"and", "the", "inc", "llc", "ltd", "co", "corp", "limited", "company", "corporation", "incorporated", "gmbh"}
SHORTEST = 3  # letters of a name that says anything


@dataclass(frozen=True)
class Alike:
    """A customer, and in what it's like another."""

    customer: Customer
    why: str

    @property
    def url(self) -> str:
        """Where staff find the customer."""
        return reverse("admin:customers_customer_change", args=[self.customer.pk])

    def as_json(self) -> dict[str, str]:
        """Answer what the page shows of it."""
        return {"why": self.why, "name": self.customer.display_name, "url": self.url}


def same_email(fields: Mapping[str, Any], organization: Organization) -> Q | None:
    """Answer the condition for the same e-mail address."""
    return Q(email_key=email_key(fields["email"])) if fields.get("email") else None


def same_phone(fields: Mapping[str, Any], organization: Organization) -> Q | None:
    """Answer the condition for the same telephone number, however it's written."""
    return Q(phone_key=phone_key(fields["phone"], organization.region)) if fields.get("phone") else None


def similar_name(fields: Mapping[str, Any], organization: Organization) -> Q | None:
    """Answer the condition for a name in which all words of this one are found, its company's form apart."""
    name = fields.get("display_name") or " ".join(fields.get(part) or "" for part in NAMES)
    words = [word for word in re.findall(r"\w+", fold(name)) if word not in FORMS]
    return every_word(" ".join(words)) if len("".join(words)) >= SHORTEST else None


Rule = Callable[[Mapping[str, Any], Organization], Q | None]
BY_EMAIL: dict[str, Rule] = {"Same e-mail": same_email}
BY_LOOKS: dict[str, Rule] = {"Same phone": same_phone, "Similar name": similar_name}


def alike(
    organization: Organization, fields: Mapping[str, Any], own: UUID | None, rules: Mapping[str, Rule]
) -> list[Alike]:
    """Answer the organization's customers like those fields, `own` apart, each once, under its strongest reason."""
    seen: dict[UUID, Alike] = {}
    for each in found(organization, fields, own, rules):
        seen.setdefault(each.customer.pk, each)
    return list(seen.values())


def found(
    organization: Organization, fields: Mapping[str, Any], own: UUID | None, rules: Mapping[str, Rule]
) -> Iterator[Alike]:
    """Yield what each rule finds; one whose field is no e-mail address or number yet finds nothing."""
    given = {name: str(value or "").replace("\0", "")[:MAX_LENGTH].strip() for name, value in fields.items()}
    for why, rule in rules.items():
        try:
            condition = rule(given, organization)
        except ValueError:
            continue
        if condition is not None:
            others = Customer.objects.of(organization).filter(condition).exclude(pk__in=[own] if own else []).order_by()
            yield from (Alike(customer, why) for customer in others[:MOST])
