"""The walk over staff's pages: it finds lists, filters and orders in the site itself, so that it meets new ones too."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse
from django.utils.http import urlencode

from apikeys.models import ApiKey
from apikeys.usage.models import Refusal
from asteri.audit.models import Record
from asteri.staff.lists import FormFilter
from customers.models import Customer
from organizations.models import Organization

HOST: Any = {"SERVER_NAME": "localhost"}


@dataclass(frozen=True)
class Page:
    """An address of the site, and what is sent to it where it isn't just asked for."""

    name: str
    path: str
    sent: dict[str, str] | None = None


class Rows:
    """The rows that pages are visited about: of the largest organization, as such pages cost the most."""

    def __init__(self) -> None:
        self.customer = Customer.objects.order_by("created_at", "id")[0]
        self.organization = Organization.objects.get(pk=self.customer.organization_id)
        self.key = ApiKey.objects.filter(organization=self.organization, revoked_at=None, successor=None)[0]
        self.refusal = Refusal.objects.filter(public_id=self.key.public_id)[0]
        self.record = Record.objects.filter(actor_kind="user")[0]
        self.newest = Customer.objects.all()[0]

    def of(self, model: Any) -> Any:
        """Answer the row of a model whose page is visited."""
        known = (self.customer, self.organization, self.key, self.refusal, self.record)
        return next((row for row in known if type(row) is model), None) or model.objects.order_by("pk").first()

    @property
    def filled_in(self) -> dict[str, list[str]]:
        """What is filled into the fields of filters, by their parameters."""
        day = f"{self.customer.created_at:%Y-%m-%d}"
        return {
            "organization": [str(self.organization.pk)],
            "created_after": [day, f"{self.newest.created_at:%Y-%m-%d}"],
            "created_before": [day, f"{self.newest.created_at:%Y-%m-%d}"],
            "key": [self.key.public_id, self.key.hint, "nobodyatall0"],
            "user": [self.record.actor, "nobody"],
            "subject": [self.record.subject_id, str(self.organization.pk)],
            "from": [f"{self.record.at:%Y-%m-%d}", "2020-01-01"],
            "until": [f"{self.record.at:%Y-%m-%d}", "2020-01-01"],
        }

    @property
    def sought(self) -> dict[Any, list[str]]:
        """What is searched for, by model: few, many and none to be found."""
        customer, key, organization = self.customer, self.key, self.organization
        phones = ["(404) 555-0128", "+1 404 555 0128", "4045550128", "555-0128"]
        words = ["harbor", "cedar roofing", "zzyzx", "no", "a", f"{customer.display_name}", "ada north example.com"]
        exact = [str(customer.email), str(customer.pk), str(customer.external_id), "DEMO-000000001"]
        return {
            Customer: [*words, *exact, *phones],
            ApiKey: [
                key.hint,
                key.hint[:14],
                key.public_id,
                str(key.pk),
                key.name,
                "dispatch",
                "zzyzx",
                "cedar tiling",
            ],
            Organization: [organization.name, "cedar", "zzyzx", str(organization.pk)],
            Refusal: [self.refusal.request_id, self.refusal.address, key.hint, "zzyzx", "2001:db8::1"],
            User: ["staff-1", "zzyzx"],
        }


def pages(rows: Rows, user: Any) -> Iterator[Page]:
    """Yield every page."""
    yield Page("dashboard", reverse("admin:index"))
    yield from single_pages(rows)
    for model, model_admin in admin.site._registry.items():
        request = RequestFactory().get("/", **HOST)
        request.user = user
        yield from lists(rows, model, model_admin.get_changelist_instance(request))
        yield from forms(rows, model, may_add=model_admin.has_add_permission(request))


def single_pages(rows: Rows) -> Iterator[Page]:
    """Yield the pages that are no list's."""
    key = rows.key.pk
    yield Page("keys: hygiene", reverse("admin:apikeys_apikey_hygiene"))
    yield Page("keys: rotate", reverse("admin:apikeys_apikey_rotate", args=[key]))
    yield Page("keys: revoke", reverse("admin:apikeys_apikey_revoke", args=[key]))
    yield Page("customers: import", reverse("admin:customers_customer_import"))
    typed = {"organization": str(rows.organization.pk), "company_name": "Cedar Roofing", "phone": "404-555-0128"}
    yield Page("customers: duplicates while typing", reverse("admin:customers_customer_alike"), typed)
    explain = reverse("admin:usage_refusal_explain")
    yield Page("explain", explain)
    for name, subject in (("a hint", rows.key.hint), ("a request", rows.refusal.request_id), ("nothing", "zzyzx")):
        yield Page(f"explain {name}", explain, {"subject": subject})
    asked = {"app_label": "apikeys", "model_name": "apikey", "field_name": "organization"}
    for term in ("cedar", "", "zzyzx"):
        query = urlencode({**asked, "term": term})
        yield Page(f"organizations: chosen by “{term}”", f"{reverse('admin:autocomplete')}?{query}")


def lists(rows: Rows, model: Any, listed: Any) -> Iterator[Page]:
    """Yield a list: as it is, its last page, under each filter, in each order, with each search."""
    name = str(model._meta.verbose_name_plural)
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    last = listed.paginator.num_pages
    queries = {"": "", "last page": f"p={last}", **orders(listed), **filters(rows, listed)}
    sought = rows.sought.get(model, ["zzyzx"] if listed.search_fields else [])
    queries |= {f"search “{text}”": urlencode({"q": text}) for text in sought}
    if "organization" in {getattr(each, "parameter_name", "") for each in listed.filter_specs} and sought:
        of_one = {"organization": str(rows.organization.pk), "q": sought[0]}
        queries["search in one organization"] = urlencode(of_one)
    for what, query in queries.items():
        yield Page(f"{name}: {what}".removesuffix(": "), f"{path}?{query}")


def orders(listed: Any) -> dict[str, str]:
    """Answer the query string of each order that a list's columns offer."""
    offered = [
        (number, column)
        for number, column in enumerate(listed.list_display)
        if (listed.sortable_by is None or column in listed.sortable_by) and listed.get_ordering_field(column)
    ]
    return {f"by {column}{way}": f"o={way}{number}" for number, column in offered for way in ("", "-")}


def filters(rows: Rows, listed: Any) -> dict[str, str]:
    """Answer the query string of each filter that a list offers."""
    found = {}
    for each in listed.filter_specs:
        if isinstance(each, FormFilter):
            for value in rows.filled_in[each.parameter_name]:
                found[f"{each.title} {value}"] = urlencode({each.parameter_name: value})
        else:
            for choice in each.choices(listed):
                found[f"{each.title} {choice['display']}"] = choice["query_string"].removeprefix("?")
    return {name: query for name, query in found.items() if QueryDict(query)}


def forms(rows: Rows, model: Any, *, may_add: bool) -> Iterator[Page]:
    """Yield the pages of one row, and the one that makes a new one."""
    name, place = model._meta.verbose_name, f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = rows.of(model)
    if row is not None:
        yield Page(f"a {name}", reverse(f"{place}_change", args=[row.pk]))
        yield Page(f"a {name}: history", reverse(f"{place}_history", args=[row.pk]))
    if may_add:
        yield Page(f"a new {name}", reverse(f"{place}_add"))
