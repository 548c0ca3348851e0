"""The audit trail in the admin: looked through, never written."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from asteri.audit.filters import FromFilter, KeyFilter, SubjectFilter, TypeFilter, UntilFilter, UserFilter
from asteri.audit.models import Record
from asteri.staff.lists import ListAdmin, OrganizationFilter


@admin.register(Record)
class RecordAdmin(ListAdmin):
    """Shows records, found by whatever an index knows: subject, actor, organization, type, action and time."""

    list_display = ("at", "who", "action", "subject_type", "subject_id", "fields_changed")
    list_filter = (
        SubjectFilter,
        KeyFilter,
        UserFilter,
        OrganizationFilter,
        FromFilter,
        UntilFilter,
        TypeFilter,
        "action",
    )
    sortable_by = ()
    change_form_template = "audit/record.html"

    @admin.display(description="fields")
    def fields_changed(self, record: Record) -> str:
        """Answer which fields a change is about."""
        return ", ".join(record.changes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Answer False: triggers alone write records."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Answer False: the database refuses it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Answer False: records go by age, with `prune`."""
        return False
