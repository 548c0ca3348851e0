"""The site's pages, and the one order in which navigation, search and `llms.txt` show them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from asteri.developers import markdown
from asteri.developers.console import trials
from asteri.developers.endpoints import Endpoint
from asteri.developers.reference import Resource, resources
from asteri.developers.refusals import refusals
from asteri.developers.tables import Table

PROSE = Path(__file__).parent / "prose"
ERRORS = "errors"
GUIDES = ("", "authentication", ERRORS, "pagination", "rate-limits", "safe-retries", "sync-feed")


@dataclass(frozen=True)
class Section:
    """A part of a page that can be linked to: its anchor, its title, and the words that it's found by."""

    anchor: str
    title: str
    text: str
    method: str = ""
    level: int = 2


@dataclass(frozen=True)
class Page:
    """A page: where it is, what it's called, what it's about, and what it's made of."""

    slug: str
    group: str
    title: str
    lead: str
    template: str
    sections: list[Section] = field(default_factory=list)
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its path."""
        return reverse("developers:page", args=[self.slug]) if self.slug else reverse("developers:home")


@cache
def pages() -> dict[str, Page]:
    """Answer every page by its slug, in their order."""
    made = [*guides(), *map(resource_page, resources()), console_page(), changelog()]
    return {page.slug: page for page in made}


def groups() -> dict[str, list[Page]]:
    """Answer the pages under the headings of the navigation."""
    grouped: dict[str, list[Page]] = {}
    for page in pages().values():
        grouped.setdefault(page.group, []).append(page)
    return grouped


def guides() -> Iterator[Page]:
    """Answer the pages that are written by hand."""
    for slug in GUIDES:
        text = (PROSE / f"{slug or 'getting-started'}.md").read_text(encoding="utf-8")
        yield with_refusals(written(slug, "Guides", text)) if slug == ERRORS else written(slug, "Guides", text)


def changelog() -> Page:
    """Answer the project's changelog."""
    return written("changelog", "More", (settings.BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8"))


def written(slug: str, group: str, text: str) -> Page:
    """Answer the page of a Markdown text, whose first heading is its title and whose first paragraph its lead."""
    first, *others = markdown.headings(text)
    sections = [Section(one.anchor, one.title, one.text, level=one.level) for one in others]
    lead = text.split("\n\n")[1].replace("\n", " ")
    return Page(slug, group, first.title, lead, "developers/guide.html", sections, {"text": text})


def with_refusals(page: Page) -> Page:
    """Answer the page with every error of the document below its own words."""
    found = refusals()
    messages = " ".join(refusal.message for refusal in found)
    sections = [*page.sections, Section("every-error", "Every error", messages)]
    return replace(page, sections=sections, context={**page.context, "refusals": found})


def resource_page(resource: Resource) -> Page:
    """Answer the page of a resource."""
    sections = [*map(schema_section, resource.tables), *map(endpoint_section, resource.endpoints)]
    slug = markdown.slug(resource.name)
    return Page(
        slug,
        "Reference",
        resource.name,
        resource.description,
        "developers/resource.html",
        sections,
        {"resource": resource},
    )


def schema_section(table: Table) -> Section:
    """Answer the part of a page that shows a schema."""
    fields = " ".join(f"{row.name} {row.description}" for row in table.rows)
    return Section(table.anchor, table.name, f"{table.description} {fields}", level=3)


def endpoint_section(endpoint: Endpoint) -> Section:
    """Answer the part of a page that shows an endpoint."""
    names = " ".join(row.name for _, rows in endpoint.parameters for row in rows)
    messages = " ".join(code.text for answer in endpoint.errors for code in answer.examples)
    text = f"{endpoint.path} {endpoint.description} {names} {messages}"
    return Section(endpoint.id, endpoint.title, text, endpoint.method)


def console_page() -> Page:
    """Answer the page on which requests can be tried."""
    lead = "Send requests to this server from your browser, with a key of your own."
    return Page("console", "More", "Console", lead, "developers/console.html", [], {"trials": trials()})
