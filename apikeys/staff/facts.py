"""A key's page: what stands beside its form."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apikeys.models import ApiKey
from apikeys.usage import figures
from asteri.audit.history import of_subject


def about(key: ApiKey) -> dict[str, Any]:
    """Answer a key's usage and its history."""
    return {
        "is_over": key.has_ended,
        "may_be_rotated": not (key.has_ended or key.is_replaced),
        "charts": [
            ("Requests of the last 24 hours, UTC", figures.last_24_hours(key.public_id)),
            ("Requests of the last 30 days, UTC", figures.last_30_days(key.public_id)),
        ],
        "records": of_subject(key),
        "more_url": f"{reverse('admin:audit_record_changelist')}?subject={key.pk}",
    }


def link(key: ApiKey | None) -> SafeString | str:
    """Show a key as a link to its page; a dash for none."""
    if key is None:
        return "-"
    return format_html('<a href="{}">{}</a>', reverse("admin:apikeys_apikey_change", args=[key.pk]), key)
