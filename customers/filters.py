"""The list's filters."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import FilterSet
from django_filters.filters import Filter
from django_filters.rest_framework import ChoiceFilter

from asteri.moments import moment_of
from customers.emails import email_key
from customers.models import MAX_LENGTH, AccountType, Customer
from customers.phones import phone_key

BOUNDED: dict[str, Any] = {
    "max_length": MAX_LENGTH,
    "error_messages": {"max_length": f"Must be at most {MAX_LENGTH} characters"},
}


class EmailField(forms.Field):
    """An e-mail address, as the key that it's found by."""

    def to_python(self, value: str | None) -> str | None:
        """Answer the key; raise ValidationError for no valid address."""
        try:
            return email_key(value.strip()) if value else None
        except ValueError:
            raise ValidationError("Invalid email address") from None


class PhoneField(forms.Field):
    """A phone number, as the key that it's found by."""

    def __init__(self, *, region: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.region = region

    def to_python(self, value: str | None) -> str | None:
        """Answer the key; raise ValidationError for an impossible number.

        A leading blank is read as the plus that it was before somebody forgot to encode it: `?phone=+1404…`.
        """
        try:
            return phone_key(value.replace(" ", "+", value[0] == " "), self.region) if value else None
        except ValueError:
            raise ValidationError("Invalid phone number") from None


class MomentField(forms.Field):
    """An ISO-8601 date or date-time; UTC where it names no offset, midnight where it names no time."""

    def to_python(self, value: str | None) -> datetime | None:
        """Answer the moment; raise ValidationError for what is none, or lies outside the calendar."""
        try:
            return moment_of(value.strip()) if value else None
        except (ValueError, OverflowError):
            raise ValidationError("Invalid ISO-8601 date-time") from None


class EmailFilter(Filter):
    """Finds the customer with an e-mail address, whatever its case."""

    field_class = EmailField


class PhoneFilter(Filter):
    """Finds the customers with a phone number, however it's written."""

    @property
    def field(self) -> PhoneField:
        """The form field, which needs to know where a number without a country code belongs."""
        return PhoneField(region=self.parent.request.auth.organization.region, **self.extra)


class ExactFilter(Filter):
    """Finds what has exactly that text, surrounding blanks apart."""

    field_class = forms.CharField


class MomentFilter(Filter):
    """Compares with a moment."""

    field_class = MomentField


class SearchFilter(Filter):
    """Finds every word of a text."""

    field_class = forms.CharField

    def filter(self, qs: QuerySet[Customer], value: str) -> QuerySet[Customer]:
        """Answer the customers in whom each word is found."""
        return qs.matching(value) if value else qs  # type: ignore[attr-defined]


class CustomerFilters(FilterSet):
    """The filters of the contract's list."""

    account_type = ChoiceFilter(
        choices=AccountType.choices,
        error_messages={"invalid_choice": f"Must be one of: {', '.join(AccountType.values)}"},
    )
    email = EmailFilter(field_name="email_key")
    phone = PhoneFilter(field_name="phone_key")
    external_id = ExactFilter(field_name="external_id", **BOUNDED)
    search = SearchFilter(**BOUNDED)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
