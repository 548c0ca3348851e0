"""Charts, drawn by the server as SVG: without a script, a style of their own or another host.

Colours are the classes' (static/usage/usage.css). What a chart shows stands below it as a table too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apikeys.usage.figures import Bar

WIDTH, HEIGHT = 720, 160  # in the chart's own units; it is as wide as its place
LEFT, RIGHT, BOTTOM, TOP = 48, 12, 22, 8  # for the numbers, half of the last label, the labels, and air
GAP = 0.2  # of a bar's width
MOST_LABELS = 8
PARTS = ("granted", "throttled", "refused")  # from the axis upwards
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Part:
    """One part of a bar."""

    name: str
    y: float
    height: float


@dataclass(frozen=True)
class Column:
    """One bar as it's drawn."""

    bar: Bar
    x: float
    width: float
    parts: Sequence[Part]
    has_label: bool

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return self.x + self.width / 2


def chart(bars: Sequence[Bar], title: str) -> dict[str, Any]:
    """Answer what the template of a chart shows."""
    top, total = ceiling(max((bar.total for bar in bars), default=0)), sum(bar.total for bar in bars)
    return {
        "title": title,
        "bars": bars,
        "columns": list(columns(bars, top)),
        "lines": [{"y": y_of(value, top), "value": f"{value:,}"} for value in (0, top // 2, top)],
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "label_y": HEIGHT - 6,
        "total": total,
        "requests": f"{total:,}",
        "refused": f"{sum(bar.refused for bar in bars):,}",
        "throttled": f"{sum(bar.throttled for bar in bars):,}",
    }


def ceiling(highest: int) -> int:
    """Answer the round, even number that the axis ends at: 2 at the least."""
    scale = int(10 ** (len(str(highest)) - 1))
    return max(2, next(step * scale for step in STEPS if step * scale >= highest))


def y_of(value: int, top: int) -> float:
    """Answer how far down a value lies."""
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top, 1)


def columns(bars: Sequence[Bar], top: int) -> Iterator[Column]:
    """Yield the bars as they're drawn; of many only some have labels, the last one among them."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(bars))
    every = -(-len(bars) // MOST_LABELS)
    for number, bar in enumerate(bars):
        x, width = round(LEFT + step * (number + GAP / 2), 1), round(step * (1 - GAP), 1)
        yield Column(bar, x, width, list(parts(bar, top)), has_label=(len(bars) - 1 - number) % every == 0)


def parts(bar: Bar, top: int) -> Iterator[Part]:
    """Yield the parts of a bar, one upon the other."""
    below = 0
    for name in PARTS:
        value = getattr(bar, name)
        if value:
            y = y_of(below + value, top)
            yield Part(name, y, round(y_of(below, top) - y, 1))
        below += value


def small_bar(value: int, highest: int) -> SafeString:
    """Draw how a number compares to the highest beside it, and write the number."""
    return format_html(
        '<span class="usage-bar"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="usage-track" width="100" height="8"></rect>'
        '<rect class="usage-granted" width="{}" height="8"></rect></svg> <span>{}</span></span>',
        round(100 * min(value, highest) / max(1, highest)),
        f"{value:,}",
    )
