"""What staff's pages of this app share."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from asteri.audit import history


class IndexedOrders(ChangeList):
    """A list that is ordered by what it says it can be, where Django's own takes any column from the address."""

    def get_ordering_field(self, field_name: Any) -> Any:
        """Answer the field of a column to order by; None for any other column."""
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        """Answer the order; where the address asks for none that can be, the list's own."""
        asked = super().get_ordering(request, queryset)
        return list(self.model_admin.ordering or self.lookup_opts.ordering or ()) if asked == ["-pk"] else asked


def told_of(subject: Model) -> dict[str, Any]:
    """Answer what the audit trail tells of a customer or an organization, and where all of it stands."""
    more_url = f"{reverse('admin:audit_record_changelist')}?subject={subject.pk}"
    return {"records": history.of_subject(subject), "more_url": more_url}
