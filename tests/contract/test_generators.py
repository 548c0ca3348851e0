"""Others' generators: the clients that they make of the document compile, and call the API.

The TypeScript one runs where its tools are installed: `npm ci --prefix tests/contract/foreign`.
"""

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from asteri.api.document import FILE
from tests.contract.conftest import Served

pytestmark = [pytest.mark.served, pytest.mark.once]
FOREIGN = Path(__file__).with_name("foreign")
TOOLS = FOREIGN / "node_modules" / ".bin"
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # the generator formats what it makes by ruff
LONGEST = 300  # seconds; a tool that takes longer hangs


def execute(*command: str | Path, cwd: Path, **environment: str) -> None:
    """Run a program to its end, which has to be a good one."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_python_client_of_openapi_python_client_calls_the_api(served: Served, tmp_path: Path) -> None:
    made = tmp_path / "generated"
    command = ("-m", "openapi_python_client", "generate", "--path", FILE, "--output-path", made, "--meta", "none")
    execute(sys.executable, *command, "--fail-on-warning", cwd=tmp_path, PATH=PATH)
    assert compileall.compile_dir(made, quiet=1)
    execute(sys.executable, FOREIGN / "call.py", cwd=tmp_path, **served.environment, PYTHONPATH=str(tmp_path))


@pytest.mark.skipif(not TOOLS.exists(), reason="npm ci --prefix tests/contract/foreign")
def test_a_typescript_client_of_hey_api_compiles_and_calls_the_api(served: Served, tmp_path: Path) -> None:
    for name in ("call.ts", "tsconfig.json"):
        shutil.copy(FOREIGN / name, tmp_path)
    execute(TOOLS / "openapi-ts", "--input", FILE, "--output", "generated", "--no-log-file", cwd=tmp_path)
    execute(TOOLS / "tsc", "--project", tmp_path, cwd=tmp_path)
    execute("node", tmp_path / "built" / "call.js", cwd=tmp_path, **served.environment)
