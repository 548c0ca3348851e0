"""What the bulk commands cost: run by hand, on an idle machine, with a database that may be filled.

    DATABASE_URL=postgres://… CACHE_URL=… python -m tests.benchmarks.bulk 1000000

Each command is run as people run it: customers are generated and exported, then tried, imported, and imported again
into another organization. Of each are printed its seconds, the CPU seconds and the most memory of its process and,
where PostgreSQL is on this machine, the CPU seconds of its processes that ended meanwhile.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def manage(*arguments: str) -> tuple[Any, Any]:
    """Run a command; answer the JSON that it printed, and the resources that it used."""
    command = [sys.executable, "manage.py", *arguments, "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        printed = process.stdout.read() if process.stdout else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} failed")
    return json.loads(printed), used


def database_seconds() -> float:
    """Answer the CPU seconds of the PostgreSQL processes on this machine that have ended."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        name, _, fields = status.read_text().rpartition(")")
        if name.endswith(("(postgres", "(postmaster")):
            ticks += sum(map(int, fields.split()[13:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(*arguments: str) -> None:
    """Run a command and print what it cost."""
    database, begun = database_seconds(), time.perf_counter()
    printed, used = manage(*arguments)
    seconds, database = time.perf_counter() - begun, database_seconds() - database
    cpu = used.ru_utime + used.ru_stime
    costs = f"{seconds:7.1f} s, CPU {cpu:6.1f} s, database {database:6.1f} s, {used.ru_maxrss // 1024} MB"
    print(f"{arguments[0]:20} {costs}  {json.dumps(printed)}")  # noqa: T201 - the result.


def main(number: str) -> None:
    """Measure each command with that many customers."""
    source, target = (manage("create_organization", "Benchmark")[0]["id"] for _ in range(2))
    with TemporaryDirectory() as folder:
        file = f"{folder}/customers.csv"
        measure("generate_customers", number, "--organization", source)
        measure("export_customers", file, "--organization", source)
        measure("import_customers", file, "--organization", target, "--dry-run")
        measure("import_customers", file, "--organization", target)
        measure("import_customers", file, "--organization", target)


if __name__ == "__main__":
    main(*sys.argv[1:])
