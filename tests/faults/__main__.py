"""Every fault at its full size, and a table of what came of it: `python -m tests.faults`.

DATABASE_URL names a PostgreSQL and CACHE_URL a Redis, for the faults that leave them alone; those that break them break
servers of their own. It takes some minutes, and its figures are worth something on a machine that does nothing else.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults import COLUMNS
from tests.processes import ROOT, surroundings

FULL_SIZE = {"FAULT_OUT": "10", "FAULT_KILLS": "100", "FAULT_ROUNDS": "1000", "FAULT_SECONDS": "60"}
FULL_SIZE |= {"FAULT_CACHE_TIMEOUT": "0.075"}  # as it is unless set
COMMAND = (sys.executable, "-m", "pytest", "tests/faults", "-m", "faults", "-p", "no:randomly")


def run(table: Path, **changes: str | None) -> int:
    """Run the faults of one engine, whose rows are added to the table; answer pytest's status."""
    where = surroundings(**{**FULL_SIZE, **os.environ, "FAULTS_REQUIRED": "1", "FAULTS_TABLE": str(table), **changes})
    return subprocess.run(COMMAND, cwd=ROOT, env=where, check=False, stdout=sys.stderr).returncode


def line(cells: list[object]) -> str:
    return f"| {' | '.join('–' if cell is None else str(cell) for cell in cells)} |"


def main() -> int:
    """Run all faults on both engines; print the table, and answer 1 where a test failed."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows"
        table.touch()
        statuses = {run(table), run(table, DATABASE_URL=None, CACHE_URL=None)}
        rows = [json.loads(row) for row in table.read_text().splitlines()]
    lines = [line([*COLUMNS]), line(["---"] * len(COLUMNS)), *map(line, rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(statuses != {0})


if __name__ == "__main__":
    sys.exit(main())
