"""The list of keys: what each row shows."""

from typing import Any, cast

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apikeys.models import ApiKey
from apikeys.stages import stage_of
from apikeys.usage import charts, figures


class KeyList(ChangeList):
    """A page of keys, with the requests that each has made today: one statement for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page; each key gets its bar, measured by the busiest of the page."""
        super().get_results(request)
        keys = list(self.result_list)
        today = figures.today([key.public_id for key in keys])
        highest = max(today.values(), default=0)
        for key in keys:
            cast(Any, key).bar_of_today = charts.small_bar(today[key.public_id], highest)
        self.result_list = keys


def title(key: ApiKey) -> SafeString:
    """Show a key by its hint, and below it what it is for."""
    return format_html('{}<br><span class="key-name">{}</span>', key.hint, key.name)


def badge(key: ApiKey) -> SafeString:
    """Show where a key stands."""
    stage = stage_of(key)
    return format_html('<span class="key-state key-{}">{}</span>', stage.value, stage.label)


def scopes(key: ApiKey) -> str:
    """Show a key's scopes, none of them broken over two lines."""
    return format_html_join(" ", '<code class="key-scope">{}</code>', [(str(scope),) for scope in key.scopes]) or "none"


def limits(key: ApiKey) -> str:
    """Answer a key's limits in one line."""
    given = {"a minute": key.per_minute, "an hour": key.per_hour, "a day": key.per_day}
    return ", ".join(f"{limit:,} {window}" for window, limit in given.items() if limit)
