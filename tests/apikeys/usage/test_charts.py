"""Charts: what is drawn, and that a table says the same."""

import re
from xml.etree import ElementTree as ET

import pytest
from django.template import Context, Template

from apikeys.usage.charts import HEIGHT, LEFT, TOP, WIDTH, ceiling, small_bar
from apikeys.usage.figures import Bar

DAY = [Bar(f"{hour:02}:00", hour * 10, hour % 3, hour % 5) for hour in range(24)]


def drawn(bars: list[Bar], title: str = "Last 24 hours") -> str:
    template = Template("{% load usage %}{% usage_chart bars title %}")
    return template.render(Context({"bars": bars, "title": title}))


def svg(html: str) -> ET.Element:
    (found,) = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    return ET.fromstring(found)


def numbers(element: ET.Element, *names: str) -> list[float]:
    return [float(element.attrib[name]) for name in names]


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 5), (7, 10), (10, 10), (11, 20), (199, 200), (501, 1_000), (1_000_000, 1_000_000)],
)
def test_the_axis_ends_at_a_round_number(highest: int, top: int) -> None:
    assert ceiling(highest) == top


@pytest.mark.parametrize("bars", [DAY, DAY[:1], [Bar("1 Mar", 10**9, 10**9, 1)], [Bar("x")] * 30], ids=len)
def test_everything_stays_within_the_chart(bars: list[Bar]) -> None:
    for rect in svg(drawn(bars)).iter("rect"):
        x, y, width, height = numbers(rect, "x", "y", "width", "height")
        assert LEFT <= x <= x + width <= WIDTH
        assert TOP - 0.1 <= y <= y + height <= HEIGHT


def test_parts_of_a_bar_stand_upon_each_other() -> None:
    (group,) = svg(drawn([Bar("10:00", 5, 3, 2)])).iter("g")
    rects = list(group.iter("rect"))
    assert [rect.attrib["class"] for rect in rects] == ["usage-granted", "usage-throttled", "usage-refused"]
    ends = [numbers(rect, "y", "height") for rect in rects]
    assert [round(y + height, 1) for y, height in ends[1:]] == [y for y, _ in ends[:-1]]


def test_nothing_is_drawn_of_a_time_without_requests() -> None:
    assert list(svg(drawn([Bar("10:00")] * 24)).iter("rect")) == []


def test_a_table_says_the_same() -> None:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(\d+)</td><td>(\d+)</td><td>(\d+)</td></tr>', drawn(DAY))
    assert rows == [(bar.label, str(bar.granted), str(bar.refused), str(bar.throttled)) for bar in DAY]


def test_who_hears_the_page_hears_the_sums() -> None:
    image = svg(drawn([Bar("10:00", 1_000, 2, 3)]))
    assert image.attrib["role"] == "img"
    assert image.attrib["aria-label"] == "Last 24 hours: 1,005 requests, 2 refused, 3 throttled"


@pytest.mark.parametrize("count", [1, 8, 24, 30])
def test_few_bars_have_labels_and_the_last_one_does(count: int) -> None:
    bars = [Bar(str(number), 1) for number in range(count)]
    labels = [text.text for text in svg(drawn(bars)).iter("text") if "usage-label" in text.attrib["class"]]
    assert 0 < len(labels) <= 8
    assert labels[-1] == bars[-1].label


def test_an_empty_chart_is_one() -> None:
    assert svg(drawn([])).attrib["aria-label"] == "Last 24 hours: 0 requests, 0 refused, 0 throttled"


def test_a_title_is_text() -> None:
    assert "<b>" not in drawn(DAY, "<b>")


def test_no_style_and_no_script_stands_in_a_chart() -> None:
    assert not re.search(r"style=|<style|<script|\son\w+=", drawn(DAY))


@pytest.mark.parametrize(
    ("value", "highest", "width"), [(0, 0, 0), (0, 5, 0), (5, 5, 100), (1, 3, 33), (1_234_567, 2, 100)]
)
def test_a_small_bar_compares(value: int, highest: int, width: int) -> None:
    html = small_bar(value, highest)
    assert f'class="usage-granted" width="{width}"' in html
    assert f"<span>{value:,}</span>" in html
    assert html == Template("{% load usage %}{% usage_bar value highest %}").render(
        Context({"value": value, "highest": highest})
    )
