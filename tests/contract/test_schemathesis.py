"""Schemathesis: what the document allows is accepted and what it forbids is refused, in the forms that it says.

CONTRACT_EXAMPLES says how many cases of its own invention it sends to each operation, beside the thousand and more that
it derives from the document one by one. It searches anew each time then; unless told, the cases are always the same.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from asteri.api.document import FILE
from tests.contract.conftest import Served
from tests.processes import ROOT

EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "3")
SAME = () if "CONTRACT_EXAMPLES" in os.environ else ("--seed", "1")
LEAST = 1_000  # cases; a run of fewer has left something out
COMMAND = (sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/contract/schemathesis.toml", "run")


@pytest.mark.served
def test_the_server_does_what_the_document_says(served: Served, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ("--url", served.url, "--checks", "all", "--max-examples", EXAMPLES, "--report-json-path", str(report))
    result = subprocess.run(
        [*COMMAND, str(FILE), *options, *SAME, "--no-color"],
        cwd=ROOT,
        env=served.environment,
        capture_output=True,
        text=True,
        timeout=7_200,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    done = json.loads(report.read_text())
    assert done["complete"]
    assert done["operations"]["tested"] == done["operations"]["total"]
    assert done["test_cases"]["generated"] > LEAST
    assert {phase["status"] for phase in done["phases"].values()} == {"success"}
