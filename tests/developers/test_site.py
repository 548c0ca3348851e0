import gzip
import json
import re
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from asteri.developers import markdown
from asteri.settings import BASE_DIR
from tests.developers.reading import PATHS, Element, fetch, page, read

pytestmark = pytest.mark.once
HOME = "/developers"
every_page = pytest.mark.parametrize("path", PATHS)


def test_there_is_a_page_for_each_thing_to_know() -> None:
    names = ("authentication", "errors", "pagination", "rate-limits", "safe-retries", "sync-feed", "changelog")
    resources = ("customers", "organizations", "api-keys", "console")
    assert set(PATHS) == {HOME, *(f"{HOME}/{name}" for name in (*names, *resources))}


def test_the_root_leads_to_the_site() -> None:
    response = fetch("/")
    assert (response.status_code, response["Location"]) == (302, HOME)


@every_page
def test_a_page_sets_no_cookie_and_asks_no_database(path: str) -> None:
    response = fetch(path, cookie="sessionid=somebody")  # without `db`, a question to the database is an error
    assert response.status_code == 200
    assert not response.cookies
    assert response["Vary"] == "Accept-Encoding"


@every_page
def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere(path: str) -> None:
    assert fetch(path)["Content-Security-Policy"] == (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )
    for element in page(path):
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        assert element.tag != "style"
        assert element.tag != "script" or (element.attributes["src"] and not element.text)


@every_page
def test_a_page_takes_every_file_from_this_host(path: str) -> None:
    for element in page(path):
        for address in (element.attributes.get("src"), element.attributes.get("href")):
            assert not (address and urlsplit(address).netloc), address
            if address and address.startswith("/static/"):
                assert finders.find(address.removeprefix("/static/")), address


@cache
def anchors(path: str) -> set[str]:
    return {element.id for element in page(path) if element.id}


@cache
def answers(path: str) -> bool:
    return bool(fetch(path).status_code == 200)


@every_page
def test_every_link_of_a_page_leads_somewhere(path: str) -> None:
    for link in page(path).all("a"):
        target = urlsplit(link.attributes["href"])
        there = target.path or path
        assert there in PATHS or answers(there), link.attributes["href"]
        if target.fragment and there != f"{HOME}/console":
            assert target.fragment in anchors(there), link.attributes["href"]


def test_every_try_it_leads_to_its_form() -> None:
    forms = {form.attributes["data-operation"] for form in page(f"{HOME}/console").all("form")}
    links = [link for path in PATHS for link in page(path).all("a", **{"class": "try"})]
    assert {link.attributes["href"] for link in links} == {f"{HOME}/console#{name}" for name in forms}


@every_page
def test_ids_are_unique_and_what_refers_to_one_finds_it(path: str) -> None:
    ids = [element.id for element in page(path) if element.id]
    assert len(ids) == len(set(ids))
    for element in page(path):
        for name in ("aria-labelledby", "aria-controls", "aria-describedby", "for"):
            assert set(element.attributes.get(name, "").split()) <= set(ids)


@every_page
def test_a_page_has_landmarks_and_one_title(path: str) -> None:
    root = page(path)
    assert root.one("html").attributes["lang"] == "en"
    assert root.one("title").text.endswith(" · Asteri for developers")
    for landmark in ("header", "main", "footer", "h1"):
        root.one(landmark)
    assert root.one("nav").attributes["aria-label"]
    assert root.all("a")[0].attributes["href"] == f"#{root.one('main').id}"


@every_page
def test_headings_leave_no_level_out(path: str) -> None:
    levels = [int(element.tag[1]) for element in page(path).one("main") if re.fullmatch(r"h\d", element.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def has_name(field: Element, labels: set[str]) -> bool:
    return field.id in labels or "aria-label" in field.attributes


@every_page
def test_every_field_has_a_label_and_every_button_a_name(path: str) -> None:
    root = page(path)
    labels = {label.attributes["for"] for label in root.all("label")}
    for tag in ("input", "select", "textarea"):
        assert all(has_name(field, labels) for field in root.all(tag))
    assert all(button.text.strip() for button in root.all("button"))


@every_page
def test_every_heading_of_a_guide_can_be_linked_to(path: str) -> None:
    for heading in (heading for tag in ("h2", "h3") for heading in page(path).one("main").all(tag)):
        assert heading.id
        assert [link.attributes["href"] for link in heading.all("a")] in ([f"#{heading.id}"], [])


@every_page
def test_a_page_that_is_known_is_not_sent_again(path: str) -> None:
    first = fetch(path)
    again = fetch(path, if_none_match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert first["Cache-Control"] == "public, max-age=60"


def test_a_page_is_packed_for_whoever_takes_it_so() -> None:
    packed = fetch(HOME, accept_encoding="gzip, br")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == fetch(HOME).content


def test_head_says_how_long_the_page_is() -> None:
    response = Client().head(HOME, headers={"host": "localhost"})
    assert (response.content, int(response["Content-Length"])) == (b"", len(fetch(HOME).content))


@pytest.mark.parametrize("path", [HOME, f"{HOME}/search.json"])
def test_the_site_is_for_reading(path: str) -> None:
    assert Client().post(path, headers={"host": "localhost"}).status_code == 405


def test_examples_name_the_host_that_was_asked(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["api.example.com"]
    text = fetch(f"{HOME}/customers", host="api.example.com:8443").content.decode()
    assert "http://api.example.com:8443/api/public/v1/customers" in text
    assert "localhost:3000" not in text


def test_an_unknown_page_is_the_sites_own_404() -> None:
    response = fetch(f"{HOME}/nothing-here")
    root = read(response.content.decode())
    assert (response.status_code, root.one("h1").text) == (404, "There is no page here")
    assert HOME in {link.attributes["href"] for link in root.one("main").all("a")}
    assert response["Content-Security-Policy"].startswith("default-src 'self'")


def test_any_other_path_is_that_404_too() -> None:
    assert fetch("/nothing").content == fetch(f"{HOME}/nothing-here").content


@pytest.mark.parametrize(
    "word", ["Idempotency-Key", "next_cursor", "missingScopes", "Retry-After", "CreateCustomerRequest"]
)
def test_the_search_knows(word: str) -> None:
    entries = json.loads(fetch(f"{HOME}/search.json").content)
    assert [entry for entry in entries if word in entry["title"] + entry["text"]]


def test_whatever_the_search_finds_is_there() -> None:
    for entry in json.loads(fetch(f"{HOME}/search.json").content):
        path, _, anchor = entry["url"].partition("#")
        assert path in PATHS
        assert not anchor or anchor in anchors(path)


def test_the_changelog_is_the_projects() -> None:
    text = page(f"{HOME}/changelog").one("article").text
    lines = (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    for line in (line for line in lines if line.startswith("- ")):
        assert line.removeprefix("- ").replace("`", "") in text


def test_html_in_markdown_is_shown_and_not_obeyed() -> None:
    shown = markdown.block('A <script>alert("x")</script> and [a link](javascript:alert)')
    assert not read(shown).all("script")
    assert not read(shown).all("a")
    assert "<script>" not in markdown.inline("<script>")
