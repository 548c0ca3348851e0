"""The SDKs' READMEs: every example in them runs against the served API, one after the other."""

import re
from pathlib import Path

import pytest

from tests.processes import ROOT, run
from tests.sdk.clients import Caller
from tests.sdk.reference_page import BASE_URL, EXAMPLES
from tests.sdk.typescript import FOLDER, Project


def examples(readme: Path, language: str) -> str:
    """Answer the examples of a README as one program."""
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", readme.read_text(), re.DOTALL))


def surroundings(caller: Caller) -> dict[str, str]:
    return {"ASTERI_ORG_ID": caller.organization_id, "ASTERI_API_KEY": caller.api_key}


def test_the_python_readme_runs(caller: Caller, tmp_path: Path) -> None:
    program = examples(ROOT / "sdk" / "python" / "README.md", "python").replace(BASE_URL, caller.base_url)
    (tmp_path / "readme.py").write_text(program)
    path = str(ROOT / "sdk" / "python" / "src")
    result = run("-W", "error", str(tmp_path / "readme.py"), PYTHONPATH=path, **surroundings(caller))
    assert result.returncode == 0, result.stderr
    assert "404 Customer not found" in result.stdout


@pytest.mark.usefixtures("typescript")
def test_the_typescript_readme_runs(caller: Caller, tmp_path: Path) -> None:
    program = examples(FOLDER / "README.md", "ts").replace(BASE_URL, caller.base_url)
    project = Project.installed(tmp_path)
    project.compile({"readme.ts": program})
    result = project.node("readme.js", **surroundings(caller))
    assert result.returncode == 0, result.stderr
    assert "404 Customer not found" in result.stdout


def test_the_typescript_readme_begins_as_the_page_does() -> None:
    assert examples(FOLDER / "README.md", "ts").startswith(EXAMPLES[0].typescript)
