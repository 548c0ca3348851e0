"""The TypeScript SDK under test: its folder, its tools, and a project that has installed it as its users do."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import LONGEST, ROOT, surroundings

FOLDER = ROOT / "sdk" / "typescript"
BUILD = "run `npm ci && npm run build` in sdk/typescript"


def require_it() -> None:
    """Skip a test where there is no node or no build; fail it where SDK_REQUIRED says that both have to be there."""
    missing = "" if shutil.which("npm") else "node is not installed"
    if not missing and not (FOLDER / "dist").exists():
        missing = f"the TypeScript SDK is not built: {BUILD}"
    if missing and os.environ.get("SDK_REQUIRED"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


def execute(*command: str, folder: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, to its end."""
    return subprocess.run(
        command,
        cwd=folder,
        env=surroundings(**changes),
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def tool(name: str) -> str:
    """Answer where a development tool of the SDK is."""
    return str(FOLDER / "node_modules" / ".bin" / name)


@dataclass(frozen=True)
class Project:
    """A project that has installed the packed SDK, and nothing else."""

    folder: Path

    @classmethod
    def installed(cls, folder: Path) -> "Project":
        packed = execute("npm", "pack", "--silent", "--pack-destination", str(folder), folder=FOLDER)
        assert packed.returncode == 0, packed.stderr
        (folder / "package.json").write_text('{ "name": "project", "private": true, "type": "module" }')
        installed = execute("npm", "install", "--offline", f"./{packed.stdout.strip()}", folder=folder)
        assert installed.returncode == 0, installed.stderr
        return cls(folder)

    @property
    def package(self) -> Path:
        return self.folder / "node_modules" / "@asteri" / "public-api-sdk"

    def compile(self, files: dict[str, str], **options: str) -> None:
        """Check the types of files strictly, as a project with these options does, and write their JavaScript."""
        for name, text in files.items():
            (self.folder / name).write_text(text)
        given = {"module": "nodenext", "target": "es2022", "skipLibCheck": "true", **options}
        flags = [part for name, value in given.items() for part in (f"--{name}", value)]
        roots = str(FOLDER / "node_modules" / "@types")
        command = (tool("tsc"), "--strict", "--typeRoots", roots, "--types", "node", *flags, *files)
        compiled = execute(*command, folder=self.folder)
        assert compiled.returncode == 0, compiled.stdout

    def node(self, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        return execute("node", *arguments, folder=self.folder, **changes)
