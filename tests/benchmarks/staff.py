"""Staff's pages among a million customers: each list, filter, order and search, and every other page, timed.

    createdb staff_bench
    DATABASE_URL=postgres://…/staff_bench python -m tests.benchmarks.staff [--customers 1000000] [--keys 10000]

An empty database is filled first (tests/benchmarks/crowd.py); one that holds customers is taken as it is. Prints a
Markdown table; the exit status is 1 where a page takes 300 ms or more, the median of its visits, or more than 20
queries, or where it isn't answered with 200.
"""

# ruff: noqa: T201 - the result is printed.
import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

os.environ |= {
    "ENV_FILE": os.devnull,
    "DJANGO_SETTINGS_MODULE": "asteri.settings",
    "SECRET_KEY": "a-key-for-the-benchmark-alone-that-is-long-enough-to-be-believed",
    "API_KEY_PEPPERS": "1=a-pepper-for-the-benchmark-alone-that-is-long-enough",
    "LOG_LEVEL": "CRITICAL",  # what is answered with 400 stands in the table
}

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - models can be had once Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from customers.models import Customer  # noqa: E402
from tests.benchmarks.crowd import load  # noqa: E402
from tests.benchmarks.walk import HOST, Page, Rows, pages  # noqa: E402

SLOWEST, MOST_QUERIES = 300.0, 20  # milliseconds; of one page


@dataclass(frozen=True)
class Measured:
    """What a page took."""

    page: Page
    status: int
    queries: int
    median: float
    worst: float

    @property
    def is_sound(self) -> bool:
        """Whether the page keeps to the bounds."""
        return self.status == 200 and self.median < SLOWEST and self.queries <= MOST_QUERIES

    def __str__(self) -> str:
        mark = "" if self.is_sound else " **too much**" if self.status == 200 else f" **{self.status}**"
        return f"| {self.page.name}{mark} | {self.queries} | {self.median:.0f} | {self.worst:.0f} |"


def measure(client: Client, page: Page, visits: int) -> Measured:
    """Visit a page once for its queries, then as often as told for its time."""
    with CaptureQueriesContext(connection) as captured:
        status, _ = visit(client, page)
    queries = len(captured)  # the next request forgets them
    times = [visit(client, page)[1] for _ in range(visits)]
    return Measured(page, status, queries, statistics.median(times), max(times))


def visit(client: Client, page: Page) -> tuple[int, float]:
    """Answer a page's status, and the milliseconds until its last byte."""
    begun = time.perf_counter()
    response: Any = client.get(page.path) if page.sent is None else client.post(page.path, page.sent)
    b"".join(response)
    return response.status_code, (time.perf_counter() - begun) * 1_000


def main() -> None:
    """Fill an empty database, visit every page, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--customers", 1_000_000), ("--keys", 10_000), ("--visits", 5)):
        parser.add_argument(name, type=int, default=default)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    if not Customer.objects.exists():
        load(options.customers, options.keys)
    user, _ = User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client = Client(raise_request_exception=False, **HOST)
    client.force_login(user)
    print("| page | queries | median ms | worst ms |\n|---|---|---|---|")
    measured = []
    for page in pages(Rows(), user):
        measured.append(measure(client, page, options.visits))
        print(measured[-1], flush=True)
    faults = [each for each in measured if not each.is_sound]
    print(f"\n{len(measured)} pages, {len(faults)} beyond {SLOWEST:.0f} ms or {MOST_QUERIES} queries, or not answered.")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
