"""Tags that draw usage; a page that uses them in a form's media or a list adds `usage/usage.css` to its styles."""

from collections.abc import Sequence
from typing import Any

from django import template

from apikeys.usage import charts
from apikeys.usage.figures import Bar

register = template.Library()
register.simple_tag(charts.small_bar, name="usage_bar")


@register.inclusion_tag("usage/chart.html")
def usage_chart(bars: Sequence[Bar], title: str) -> dict[str, Any]:
    """Draw bars, with the same in a table below."""
    return charts.chart(bars, title)
