"""Customers in the admin: found among a million, made and changed under the API's own rules."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from asteri.staff.lists import ListAdmin, OrganizationFilter
from customers.conflicts import taken_message
from customers.models import STAFF_ORDER, Customer, TakenError
from customers.staff.alike import BY_EMAIL, BY_LOOKS, alike
from customers.staff.counting import TalliedPaginator
from customers.staff.exports import download
from customers.staff.filters import CreatedAfter, CreatedBefore, EnvironmentFilter
from customers.staff.finding import found_by
from customers.staff.forms import FIELDS, HIDDEN, CustomerForm
from customers.staff.imports import ImportPages
from customers.staff.pages import IndexedOrders, told_of
from organizations.models import Organization


def row_of(model: Any, pk: str | None) -> Any:
    """Answer the row with an id; None for no id and for what is none."""
    try:
        return model.objects.filter(pk=pk).first() if pk else None
    except ValidationError:
        return None


@admin.register(Customer)
class CustomerAdmin(ListAdmin):
    """Looks after customers."""

    form = CustomerForm
    list_display = ("display_name", "email", "phone", "account_type", "organization", "created_at")
    list_filter = (OrganizationFilter, "account_type", EnvironmentFilter, CreatedAfter, CreatedBefore)
    list_select_related = ("organization",)
    ordering = STAFF_ORDER
    sortable_by = ("created_at",)  # by what an index knows
    search_fields = ("search_text",)
    search_help_text = "Words of a name, a company or an e-mail address, a phone number, an id or an external id."
    autocomplete_fields = ("organization",)
    readonly_fields = ("id", "created_at", "updated_at")

    class Media:
        js = ("customers/alike.js",)
        css = {"all": ("customers/staff.css",)}  # noqa: RUF012 - as Django declares it.

    def get_fields(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """Answer the form's fields; what it asks itself stands in none that may only be looked at."""
        if obj is None:
            return ("organization", *FIELDS, *HIDDEN)
        hidden = HIDDEN if self.has_change_permission(request, obj) else ()
        return ("id", "organization", *FIELDS, "created_at", "updated_at", *hidden)

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """Answer what can't be changed: a customer never moves to another organization."""
        return (*self.readonly_fields, "organization") if obj else self.readonly_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """Answer the customers with that id, external id or number, or with all of the words, as the API's search."""
        return queryset.filter(found_by(search_term)) if search_term.strip() else queryset, False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Answer the class of the list."""
        return IndexedOrders

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> TalliedPaginator:
        """Answer pages that know their count where one is kept."""
        return TalliedPaginator.of(request, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Customer | None:
        """Answer the customer, held for whoever sends a form until that is stored."""
        customer = super().get_object(request, object_id, from_field)
        if customer is None or request.method != "POST" or not connection.in_atomic_block:
            return customer
        return Customer.objects.select_for_update(of=("self",)).select_related("organization").get(pk=customer.pk)

    def save_model(self, request: HttpRequest, obj: Customer, form: CustomerForm, change: bool) -> None:
        """Store what the form has judged, as the API would."""
        vars(obj).update(vars(form.store()))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show and take the form; an address lost to another request in the meantime is an error like any other."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except TakenError as error:
            self.message_user(request, taken_message(error.field), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the form; a customer's page shows what has been done to it."""
        customer = kwargs.get("obj")
        context.update(told_of(customer) if customer else {})
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list; from one organization's, an import is for that one."""
        chosen = {"chosen_organization": request.GET.get("organization")}
        return super().changelist_view(request, {**(extra_context or {}), **chosen})

    def get_urls(self) -> list[Any]:
        """Answer the pages' addresses."""
        alike_view = self.admin_site.admin_view(require_POST(self.alike_view))
        export_view = self.admin_site.admin_view(self.export_view)
        return [
            path("alike/", alike_view, name="customers_customer_alike"),
            path("export/", export_view, name="customers_customer_export"),
            *ImportPages(self).urls(),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer what the list shows under the same filters as a sheet, which is one organization's."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        listed = reverse("admin:customers_customer_changelist")
        if not request.GET.get("organization"):
            messages.warning(request, "Choose an organization first: a sheet holds the customers of one.")
            return HttpResponseRedirect(f"{listed}?{request.GET.urlencode()}")
        try:
            return download(self.get_changelist_instance(request).queryset, "customers")
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{listed}?{ERROR_FLAG}=1")

    def alike_view(self, request: HttpRequest) -> JsonResponse:
        """Answer the customers like the one that is being typed; sent as POST, so that no address holds what it is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        organization = row_of(Organization, request.POST.get("organization"))
        own = row_of(Customer, request.POST.get("customer"))
        fields = {name: request.POST.get(name, "") for name in FIELDS}
        found = alike(organization, fields, own and own.pk, BY_EMAIL | BY_LOOKS) if organization else []
        return JsonResponse({"alike": [each.as_json() for each in found]})
