"""Customers in the admin: found, made and changed under the API's own rules."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from asteri.api.identifiers import UUID_FORM
from customers.conflicts import taken_message
from customers.emails import email_key
from customers.models import Customer, TakenError
from customers.search import every_word
from customers.serializers import CreateCustomerSerializer

FIELDS = ("account_type", "display_name", "company_name", "first_name", "last_name", "email", "phone", "external_id")


class CustomerForm(forms.ModelForm):
    """A customer's fields, judged by the serializer that judges the API's requests."""

    class Meta:
        model = Customer
        fields = ("organization", *FIELDS)

    def clean(self) -> dict[str, Any]:
        """Answer the values, trimmed; report what the API would refuse, in its words."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        organization = values.get("organization") or getattr(self.instance, "organization", None)
        if organization is None:
            return values
        given = {name: values[name] for name in FIELDS if values.get(name)}
        judged = CreateCustomerSerializer(data=given, partial=True, context={"organization": organization})
        judged.is_valid()
        for name, faults in judged.errors.items():
            self.add_error(name, [str(fault) for fault in faults])
        if values.get("email") and "email" not in self.errors and self.is_taken(values["email"], organization):
            self.add_error("email", taken_message("email"))
        return values

    def is_taken(self, email: str, organization: Any) -> bool:
        """Whether another customer of the organization holds the address."""
        holders = Customer.objects.of(organization).filter(email_key=email_key(email))
        return holders.exclude(pk=self.instance.pk).exists()


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    """Looks after customers."""

    form = CustomerForm
    list_display = ("display_name", "email", "phone", "account_type", "organization", "created_at")
    list_filter = ("account_type", "organization__environment")
    list_select_related = ("organization",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("search_text",)
    search_help_text = "Words of a name, a company, an e-mail address or a phone number; or an id."
    autocomplete_fields = ("organization",)
    fields = ("id", "organization", *FIELDS, "created_at")
    readonly_fields = ("id", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """Answer what can't be changed: a customer never moves to another organization."""
        return (*self.readonly_fields, "organization") if obj else self.readonly_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """Answer the customers in whom every word is found, as the API's search does; a whole id finds its own."""
        term = search_term.strip()
        return queryset.filter(Q(pk=term) if UUID_FORM.fullmatch(term) else every_word(term)), False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show and take the form; an address lost to another request in the meantime is an error like any other."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except TakenError as error:
            self.message_user(request, taken_message(error.field), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
