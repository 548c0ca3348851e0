"""What the server's settings cost, and what grows with the data: served in turn, each asked by wrk.

    createdb serving_bench
    DATABASE_URL=postgres://…/serving_bench CACHE_URL=redis://… python -m tests.benchmarks.serving [--rounds 5]

The database is the benchmark's own. It's filled first: organizations of a thousand and of a million customers, the
latter with 100 keys and 100,000 more. Then every way of serving runs at once, and wrk asks one after the other, round
after round, over eight connections. Prints a Markdown table of medians, each beside the first line's; the exit status
is 1 where anything but 200 was answered. Without `gunicorn_h1c` the line of the parser in Python is as the first.
"""

# ruff: noqa: T201 - the result is printed.
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ |= {
    "ENV_FILE": os.devnull,
    "DJANGO_SETTINGS_MODULE": "asteri.settings",
    "SECRET_KEY": "a-key-for-the-benchmark-alone-that-is-long-enough-to-be-believed",
    "API_KEY_PEPPERS": "1=a-pepper-for-the-benchmark-alone-that-is-long-enough",
    "LOG_FORMAT": "json",
    "BIND": "127.0.0.1",
    "WEB_CONCURRENCY": "2",
    "THREADS": "1",
}

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models can be had once Django is set up.
from django.db import connection  # noqa: E402

from apikeys.models import ApiKey  # noqa: E402
from asteri.api.pagination import NEWEST_FIRST, Position  # noqa: E402
from customers.models import Customer  # noqa: E402
from organizations.models import Organization  # noqa: E402
from tests.benchmarks.load import make_keys  # noqa: E402
from tests.callers import CUSTOMERS  # noqa: E402
from tests.processes import free_port, serving  # noqa: E402

FEW, MANY, SECONDS, CONNECTIONS = 1_000, 1_000_000, 3, 8
RATE, LAST = re.compile(r"Requests/sec:\s+([\d.]+)"), re.compile(r"99%\s+([\d.]+)(us|ms|s)\b")
MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1_000}
SCRIPT = """
local keys, paths, number = {}, {}, 0
for line in io.lines("KEYS") do keys[#keys + 1] = line end
for line in io.lines("PATHS") do paths[#paths + 1] = line end
request = function()
  number = number + 1
  return wrk.format("GET", paths[number % #paths + 1], {
    ["x-api-key"] = keys[number % #keys + 1], ["x-organization-id"] = "ORGANIZATION", CONNECTION
  })
end
"""
CLOSE = '["Connection"] = "close"'


@dataclass(frozen=True)
class Asked:
    """What wrk asks for: a script, made of an organization, its keys and paths; whether connections are kept."""

    organization: Organization
    keys: list[str]
    paths: list[str]
    is_kept: bool = False

    def write(self, folder: Path, name: str) -> Path:
        """Write the script and what it reads; answer where it is."""
        keys, paths, script = (folder / f"{name}.{kind}" for kind in ("keys", "paths", "lua"))
        keys.write_text("\n".join(self.keys))
        paths.write_text("\n".join(self.paths))
        filled = {"KEYS": keys, "PATHS": paths, "ORGANIZATION": self.organization.pk}
        text = SCRIPT.replace("CONNECTION", "" if self.is_kept else CLOSE)
        for mark, value in filled.items():
            text = text.replace(mark, str(value))
        script.write_text(text)
        return script


@dataclass
class Way:
    """A way of serving, by its settings, and what came of it."""

    name: str
    asked: Asked
    settings: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    rates: list[float] = field(default_factory=list)
    lasts: list[float] = field(default_factory=list)
    bad: int = 0

    def measure(self, port: int, script: Path, seconds: int) -> None:
        """Have wrk ask for a while."""
        told = wrk(port, script, seconds)
        self.rates.append(float(found(RATE, told)[1]))
        last = found(LAST, told)
        self.lasts.append(float(last[1]) * MILLISECONDS[last[2]])
        self.bad += "Non-2xx" in told

    def row(self, first: "Way") -> str:
        """Answer the line of the table."""
        rate, last = statistics.median(self.rates), statistics.median(self.lasts)
        return f"| {self.name} | {rate:,.0f} | {rate / statistics.median(first.rates):.2f} | {last:.1f} |"


def wrk(port: int, script: Path, seconds: int) -> str:
    """Run wrk; answer what it prints."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    return subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout


def found(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    """Answer where a pattern stands in what wrk has printed."""
    match = pattern.search(text)
    if match is None:
        sys.exit(text)
    return match


def organization_of(name: str, customers: int) -> Organization:
    """Answer the organization of that name, made with its customers where there is none."""
    kept = Organization.objects.filter(name=name).first()
    if kept is None:
        kept = Organization.objects.create(name=name)
        call_command("generate_customers", customers, organization=str(kept.pk))
    return kept


def paths_of(organization: Organization) -> list[str]:
    """Answer the addresses of a thousand customers."""
    ids = Customer.objects.filter(organization=organization).values_list("pk", flat=True)[:1_000]
    return [f"{CUSTOMERS}/{id_}" for id_ in ids]


def last_page(organization: Organization) -> str:
    """Answer the address of the page before whose rows all others stand."""
    last = Customer.objects.filter(organization=organization).order_by("created_at", "id")[30]
    scope = json.dumps([str(organization.pk), CUSTOMERS, NEWEST_FIRST, []])
    return f"{CUSTOMERS}?limit=25&cursor={Position(last.created_at, last.pk).encode(scope)}"


def ways() -> Iterator[Way]:
    """Yield every way to be measured, the one that others are compared with first."""
    few, many = organization_of("Few", FEW), organization_of("Many", MANY)
    ApiKey.objects.all().delete()
    of_few, of_many, crowd = make_keys(few, 100), make_keys(many, 100), make_keys(many, 100_000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    retrieve, page = Asked(many, of_many, paths_of(many)), [f"{CUSTOMERS}?limit=25"]
    yield Way("retrieve: sync worker, one thread", retrieve)
    yield Way("gunicorn's parser in Python", retrieve, options=("--http-parser", "python"))
    yield Way("`THREADS=2`", retrieve, {"THREADS": "2"})
    yield Way("`THREADS=8`", retrieve, {"THREADS": "8"})
    yield Way("`THREADS=8`, connections kept", Asked(many, of_many, retrieve.paths, is_kept=True), {"THREADS": "8"})
    yield Way("`--backlog 64`", retrieve, options=("--backlog", "64"))
    yield Way("`DATABASE_CONNECTION_AGE=0`", retrieve, {"DATABASE_CONNECTION_AGE": "0"})
    yield Way("`DATABASE_PREPARE=false`", retrieve, {"DATABASE_PREPARE": "false"})
    yield Way("100,000 keys instead of 100", Asked(many, crowd, retrieve.paths))
    yield Way("list of 25 among 1,000", Asked(few, of_few, page))
    yield Way("list of 25 among 1,000,000", Asked(many, of_many, page))
    yield Way("the last page of 1,000,000", Asked(many, of_many, [last_page(many)]))


def main() -> None:
    """Measure every way, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    call_command("migrate", verbosity=0)
    measured = list(ways())
    with ExitStack() as running, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        served = [(way, *serve(way, number, folder, running)) for number, way in enumerate(measured)]
        for _, port, script in served:
            wrk(port, script, 1)
        for _ in range(rounds):
            for way, port, script in served:
                way.measure(port, script, SECONDS)
    print("| served so | requests/s | ÷ the first | p99 ms |\n|---|---|---|---|")
    print("\n".join(way.row(measured[0]) for way in measured))
    sys.exit(any(way.bad for way in measured))


def serve(way: Way, number: int, folder: Path, running: ExitStack) -> tuple[int, Path]:
    """Begin to serve in a way; answer its port, and wrk's script."""
    port = free_port()
    where: dict[str, Any] = {**way.settings, "PORT": str(port)}
    command = ("-m", "gunicorn", "asteri.wsgi", "--workers", "2", *way.options)
    running.enter_context(serving(*command, port=port, log=folder / f"{number}.log", **where))
    return port, way.asked.write(folder, str(number))


if __name__ == "__main__":
    main()
