"""Lists that cost the same however many rows there are, and whose addresses never fail.

A `ListAdmin` counts no further than LIMIT, filters by what it declares and by nothing else, and chooses one of many
(an organization) by a field that searches rather than by a menu of all.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

LIMIT = 2_000


class CappedPaginator(Paginator):
    """Pages of the first LIMIT rows of a queryset; whoever looks for more narrows the list down."""

    @cached_property
    def counted(self) -> int:
        """Answer how many rows there are, LIMIT + 1 at the most, in a time that knows no more rows than these."""
        rows: Any = self.object_list
        return int(rows.order_by()[: LIMIT + 1].count())

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than pages lead to."""
        return self.counted > LIMIT

    @cached_property
    def count(self) -> int:
        """Answer how many rows the pages lead to."""
        return min(self.counted, LIMIT)

    @property
    def shown_count(self) -> str:
        """Answer the count as people read it: `1,234`, or `2,000+` where there are more."""
        return f"{self.count:,}{'+' if self.is_capped else ''}"


class FormFilter(admin.ListFilter):
    """A filter with a field to fill in, where links can't name every choice; what the field refuses is no filter."""

    template = "staff/form_filter.html"
    parameter_name: ClassVar[str]
    lookup: ClassVar[str]

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.model_admin = model_admin
        self.given = (params.pop(self.parameter_name, None) or [""])[-1]
        if self.given:  # what it's filtered by, which `has_active_filters` and the site's facets ask for
            self.used_parameters[self.parameter_name] = self.given

    def has_output(self) -> bool:
        """Answer True: there is always a field to fill in."""
        return True

    @abstractmethod
    def field(self) -> forms.Field:
        """Answer the field that is filled in, and that judges what is."""

    def value(self) -> Any:
        """Answer what to filter by, None for nothing; a value that makes no sense leads back to the whole list."""
        try:
            return self.field().clean(self.given) or None
        except ValidationError as error:
            raise IncorrectLookupParameters from error

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Answer the rows that match."""
        value = self.value()
        return queryset if value is None else queryset.filter(**{self.lookup: value})

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Answer what the template shows: the field, what else stands in the address, the way back to all."""
        name, kept = self.parameter_name, {**changelist.filter_params}
        kept.pop(name, None)
        yield {
            "id": f"filter-{name}",
            "field": self.field().widget.render(name, self.given or None, {"id": f"filter-{name}"}),
            "kept": [(key, value) for key, values in kept.items() for value in values],
            "is_active": bool(self.given),
            "query_string": changelist.get_query_string(remove=[name]),
        }


class ExactFilter(FormFilter):
    """Filters by a text that equals what is typed; a subclass names `title`, `parameter_name` and `lookup`."""

    def field(self) -> forms.Field:
        """Answer a line of text."""
        return forms.CharField(required=False, max_length=255, widget=forms.TextInput(attrs={"class": "vTextField"}))


class OrganizationFilter(FormFilter):
    """Filters by an organization that is searched for, on any model with an `organization_id`."""

    title, parameter_name, lookup = "organization", "organization", "organization_id"

    def field(self) -> forms.Field:
        """Answer the same field that chooses an organization in every form."""
        return OrganizationField(self.model_admin.admin_site, required=False)

    def value(self) -> Any:
        """Answer the chosen organization's id."""
        chosen = super().value()
        return chosen and chosen.pk


class SearchedSelect(AutocompleteSelect):
    """Django's menu that searches; an id that can't be one shows as nothing chosen, where Django's own would fail."""

    @property
    def media(self) -> forms.Media:
        """Answer Django's scripts and styles, and the script that names the menu to who can't see it."""
        theirs: forms.Media = super().media
        return theirs + forms.Media(js=["admin/js/autocomplete.js", "staff/choosing.js"])

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        """Answer the chosen row, and those of no menu."""
        return super().optgroups(name, list(filter(self.can_be_chosen, value)), attr)

    def can_be_chosen(self, value: str) -> bool:
        """Whether there may be a row with this id."""
        try:
            self.choices.queryset.model._meta.pk.to_python(value)
        except ValidationError:
            return False
        return True


class OrganizationField(forms.ModelChoiceField):
    """Chooses an organization by searching for it, on any page of the site."""

    def __init__(self, site: admin.AdminSite, **kwargs: Any) -> None:
        source: Any = apps.get_model("apikeys", "ApiKey")._meta.get_field("organization")  # the search asks for a key
        widget = SearchedSelect(source, site)
        super().__init__(queryset=source.related_model.objects.all(), widget=widget, **kwargs)


class ListAdmin(admin.ModelAdmin):
    """What every list shares that may grow long; its filters are `list_filter`, and no address filters otherwise."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each count of a facet reads every row
    list_per_page = 50

    @property
    def media(self) -> forms.Media:
        """Answer the scripts and styles, those of the filters' fields included."""
        searching: forms.Media = OrganizationField(self.admin_site).widget.media
        return super().media + searching

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Answer the field of a form; one that searches takes whatever is sent to it."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SearchedSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Whether an address may filter so: only as one of the list's own filters would."""
        declared = [item[0] if isinstance(item, tuple) else item for item in self.get_list_filter(request)]
        names = {item for item in declared if isinstance(item, str)}
        parameters = {getattr(item, "parameter_name", None) for item in declared}
        filtered = lookup.rpartition("__")[0].removesuffix("__id")  # a relation is filtered by its id
        return lookup in parameters | names or filtered in names

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Carry out an action on the chosen rows; an id that can't be one is a 400."""
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(chosen)
        except ValidationError as error:
            raise SuspiciousOperation(str(error)) from error
        return super().response_action(request, *args, **kwargs)
