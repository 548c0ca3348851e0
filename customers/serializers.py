"""What a customer looks like from outside, and the rules of what may be sent."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from asteri.api.errors import Issue
from asteri.api.serializers import StrictSerializer, TextField, choice
from asteri.moments import timestamp
from customers import emails, phones
from customers.emails import email_key
from customers.models import MAX_LENGTH, AccountType, Customer
from customers.phones import phone_key

PROFILE = "profile"


FIELDS = ("id", "organization_id", "account_type", "display_name", "email", "phone", "created_at")
PROFILE_FIELDS = ("company_name", "first_name", "last_name", "updated_at", "external_id")
values_of = attrgetter(*FIELDS)


@dataclass(frozen=True)
class Representation:
    """How customers look in an answer: of which columns they're made, and how."""

    columns: tuple[str, ...]
    show: Callable[[Sequence[Any]], dict[str, Any]]


def represent(customer: Customer) -> dict[str, Any]:
    """Answer a Customer of the contract."""
    return show(values_of(customer))


def show(values: Sequence[Any]) -> dict[str, Any]:
    """Answer a Customer of the contract, made of its columns: these seven keys, in this order."""
    shown = dict(zip(FIELDS, values, strict=False))
    shown["created_at"] = timestamp(shown["created_at"])
    return shown


def show_with_profile(values: Sequence[Any]) -> dict[str, Any]:
    """Answer a Customer with the names that a create takes, null for those it doesn't have."""
    names, (updated_at, external_id) = values[7:10], values[10:12]
    profile = {field: name or None for field, name in zip(PROFILE_FIELDS, names, strict=False)}
    return {**show(values), PROFILE: {**profile, "updated_at": timestamp(updated_at), "external_id": external_id}}


PLAIN = Representation(FIELDS, show)
WITH_PROFILE = Representation((*FIELDS, *PROFILE_FIELDS), show_with_profile)


def representation(request: Request) -> Representation:
    """Answer how the request wants customers to look."""
    return WITH_PROFILE if request.query_params.get("expand") == PROFILE else PLAIN


def expand_faults(request: Request) -> Iterator[Issue]:
    """Yield what is wrong with `expand`."""
    if request.query_params.get("expand", PROFILE) != PROFILE:
        yield Issue(path="expand", message=f"Must be one of: {PROFILE}")


class EmailField(TextField):
    """An e-mail address, answered back as given."""

    def check(self, text: str) -> None:
        """Raise ValidationError for no valid address."""
        try:
            email_key(text)
        except ValueError:
            raise serializers.ValidationError("Invalid email address") from None


class PhoneField(TextField):
    """A phone number, answered back as given. Whether it's possible its serializer says, which knows the region."""


class CreateCustomerSerializer(StrictSerializer):
    """A CreateCustomerRequest of the contract. `context["organization"]` is whose customer it becomes."""

    account_type = choice(AccountType)
    display_name = TextField(max_length=MAX_LENGTH, required=False)
    company_name = TextField(max_length=MAX_LENGTH, required=False)
    first_name = TextField(max_length=MAX_LENGTH, required=False)
    last_name = TextField(max_length=MAX_LENGTH, required=False)
    email = EmailField(max_length=emails.MAX_LENGTH)
    phone = PhoneField(max_length=phones.MAX_LENGTH)
    external_id = TextField(max_length=MAX_LENGTH, required=False)

    def validate_phone(self, text: str | None) -> str | None:
        """Answer the number as given; refuse one that can't exist in the organization's default region."""
        try:
            phone_key(text, self.context["organization"].region) if text is not None else None
        except ValueError:
            raise serializers.ValidationError("Invalid phone number") from None
        return text

    def validate_external_id(self, text: str | None) -> str | None:
        """Answer the id, None for an empty one, which counts as absent."""
        return text or None

    def create(self, validated_data: dict[str, Any]) -> Customer:
        """Store the customer; raise TakenError where another one holds its e-mail or external id."""
        return Customer.objects.create(organization=self.context["organization"], **validated_data)


class ChangeCustomerSerializer(CreateCustomerSerializer):
    """Any of CreateCustomerRequest's fields; an empty text clears its field, and what may be missing may be null."""

    email = EmailField(max_length=emails.MAX_LENGTH, allow_null=True)
    phone = PhoneField(max_length=phones.MAX_LENGTH, allow_null=True)
    external_id = TextField(max_length=MAX_LENGTH, required=False, allow_null=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "partial": True})

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a change that would leave no name to show."""
        present = {str(name): getattr(self.instance, str(name)) for name in self.fields}
        customer = Customer(**present | attrs)
        customer.clean()
        if not customer.display_name:
            raise serializers.ValidationError({"display_name": ["Required"]})
        return attrs

    def update(self, instance: Customer, validated_data: dict[str, Any]) -> Customer:
        """Store the change; raise TakenError where another customer holds the new e-mail or external id."""
        instance.change(validated_data)
        return instance


class ReplaceCustomerSerializer(CreateCustomerSerializer):
    """A CreateCustomerRequest that replaces all of a customer: what it leaves out is cleared."""

    def validate_external_id(self, text: str | None) -> str | None:
        """Answer the id, which has to be the one in the path."""
        if not text or text != self.context["external_id"]:
            raise serializers.ValidationError("Must be the one in the path" if text else "Must not be empty")
        return text

    def update(self, instance: Customer, validated_data: dict[str, Any]) -> Customer:
        """Store the replacement; raise TakenError where another customer holds its e-mail."""
        cleared = dict.fromkeys(("display_name", "company_name", "first_name", "last_name"), "")
        instance.change({**cleared, **validated_data})
        return instance
