"""The form of a customer, judged by the serializers that judge the API's requests."""

from copy import copy
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from customers.conflicts import holder_of, taken_message
from customers.models import AccountType, Customer
from customers.serializers import ChangeCustomerSerializer, CreateCustomerSerializer
from customers.staff.alike import BY_LOOKS, Alike, alike
from organizations.models import Organization

FIELDS = tuple(CreateCustomerSerializer().fields)
LOOKS = ("display_name", "company_name", "first_name", "last_name", "phone")  # what makes a customer like another
HIDDEN = ("seen_version", "is_distinct")


class CustomerForm(forms.ModelForm):
    """A customer's fields. What is refused is refused in the API's words; a version that nobody saw isn't replaced."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    is_distinct = forms.BooleanField(
        required=False, widget=forms.HiddenInput, label="Another customer: save it all the same"
    )

    class Meta:
        model = Customer
        fields = ("organization", *FIELDS)

    judged: CreateCustomerSerializer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = copy(self.instance)  # judging a form writes its values into the instance
        self.initial["seen_version"] = self.stored.version
        for name in {*FIELDS} & {*self.fields}:
            self.fields[name].validators = []  # the serializer's are the rules
        for field in [self.fields[name] for name in self.fields if name == "account_type"]:
            known = f"Must be one of: {', '.join(AccountType.values)}"
            field.error_messages |= {"required": "Required", "invalid_choice": known}

    @property
    def is_new(self) -> bool:
        """Whether it's about a customer that isn't there yet."""
        return bool(self.stored._state.adding)

    def clean(self) -> dict[str, Any]:
        """Answer the values, trimmed; report what the API would refuse, and what staff should know before they save."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        organization = self.stored.organization if not self.is_new else values.get("organization")
        if organization is None:
            return values
        self.judge(organization, values)
        if not self.is_new and values.get("seen_version") != self.stored.version:
            self.add_error(None, outdated(self.stored))
        elif not self.errors and not values.get("is_distinct"):
            self.warn(organization, values)
        return values

    def judge(self, organization: Organization, values: dict[str, Any]) -> None:
        """Report what the API would refuse, a value that another customer holds included."""
        context = {"organization": organization}
        if self.is_new:
            given = {name: values[name] for name in FIELDS if values.get(name)}
            self.judged = CreateCustomerSerializer(data=given, partial=True, context=context)
        else:
            given = {name: values[name] for name in FIELDS if name in values}
            self.judged = ChangeCustomerSerializer(self.stored, data=given, context=context)
        self.judged.is_valid()
        for name, faults in self.judged.errors.items():
            self.add_error(name, [str(fault) for fault in faults])
        for name in ("email", "external_id"):
            if values.get(name) and name not in self.errors and self.is_taken(name, values[name], organization):
                self.add_error(name, taken_message(name))

    def is_taken(self, field: str, value: str, organization: Organization) -> bool:
        """Whether another customer of the organization holds the value."""
        holder = holder_of(organization, field, value)
        return holder is not None and holder.pk != self.stored.pk

    def warn(self, organization: Organization, values: dict[str, Any]) -> None:
        """Report customers like this one, and ask whether it's another; not again where nothing of its looks is new."""
        if not self.is_new and all(values[name] == getattr(self.stored, name) for name in LOOKS):
            return
        others = alike(organization, values, self.stored.pk, BY_LOOKS)
        if others:
            self.fields["is_distinct"].widget = forms.CheckboxInput()
            self.add_error("is_distinct", resembling(others))

    def store(self) -> Customer:
        """Store what was judged; one that is what it was stays as it is. Raise TakenError where somebody was faster."""
        return self.judged.save()  # type: ignore[no-any-return]  # a serializer of customers


def outdated(customer: Customer) -> SafeString:
    """Answer what to say of a form that was opened on an earlier version."""
    return format_html(
        "Somebody else has changed this customer since you opened it, so nothing was saved. "
        '<a href="{}">Open it as it is now</a> and make your change again.',
        reverse("admin:customers_customer_change", args=[customer.pk]),
    )


def resembling(others: list[Alike]) -> SafeString:
    """Answer what to say of customers like this one."""
    links = format_html_join(
        "; ", '{}: <a href="{}">{}</a>', ((each.why, each.url, each.customer.display_name) for each in others)
    )
    return format_html("This organization has a customer like this one. {}.", links)
