"""The project beside its peers, on the shared bench (its README says what that is and needs):

    python -m tests.benchmarks.bench BENCH bench --close --connections 8

BENCH is the bench's folder, what follows is for its `run.py`. Two things are changed, for every contestant alike. A
create sends an e-mail address that was never sent before: the bench repeats a thousand, of which this project refuses
all but the first of each. And a customer in an envelope, `{"data": …}`, is looked for in it.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from shutil import copytree
from typing import Any

from tests.processes import ROOT

HERE = Path(__file__).resolve().parent
MADE_ONCE = 'reqs[k] = wrk.format("POST", paths, headers(k), body)'
MADE_ANEW = """local lines = headers(k)
      reqs[k] = function(number)
        local email = string.format("bench.customer%d.%d@", os.time(), number)
        return wrk.format("POST", paths, lines, (body:gsub("bench.customer%d+@", email)))
      end"""
SENT_ONCE = "return reqs[i]"
SENT_ANEW = """count = (count or 0) + 1
  return type(reqs[i]) == "function" and reqs[i](count) or reqs[i]"""


def unrepeated(script: str) -> str:
    """Answer wrk's script, with an address of its own for each create, put in when it's sent."""
    assert MADE_ONCE in script
    assert SENT_ONCE in script
    return script.replace(MADE_ONCE, MADE_ANEW).replace(SENT_ONCE, SENT_ANEW)


def contestant(folder: Path) -> Path:
    """Write the project's file for the bench; answer where it is."""
    text = (HERE / "contestant.toml").read_text()
    for mark, value in {"@KEYS@": folder, "@ROOT@": ROOT, "@PYTHON@": sys.executable}.items():
        text = text.replace(mark, str(value))
    file = folder / "asteri.toml"
    file.write_text(text + scenarios(folder))
    return file


def scenarios(folder: Path) -> str:
    """Answer which organization and keys each scenario uses: the bench's own organizations, keys of this project."""
    run: Any = import_module("run")
    blocks = (
        f'\n[contestant.scenario.{name}]\norg_id = "{run.org(seq)}"\nkeys_file = "{folder}/{name}.keys"\n'
        for name, seq in run.SCENARIO_ORG.items()
    )
    return "".join(blocks)


def opened(call: Any) -> Any:
    """Answer the bench's `call`, which then finds a customer in its envelope too."""

    def opening(*args: Any, **kwargs: Any) -> tuple[int, Any, int]:
        status, value, size = call(*args, **kwargs)
        inner = value.get("data") if isinstance(value, dict) else None
        return status, inner if isinstance(inner, dict) else value, size

    return opening


def main(bench: str, *arguments: str) -> None:
    """Run the bench on a copy of it."""
    with tempfile.TemporaryDirectory() as scratch:
        copy, keys = Path(scratch, "bench"), Path(scratch, "keys")
        keys.mkdir()
        copytree(bench, copy, copy_function=lambda source, target: Path(target).write_bytes(Path(source).read_bytes()))
        Path(scratch).chmod(0o755)
        script = copy / "wrk" / "api.lua"
        script.write_text(unrepeated(script.read_text()))
        sys.path.insert(0, str(copy))
        run: Any = import_module("run")
        run.Contestant.call = opened(run.Contestant.call)
        sys.argv = ["run.py", *arguments, "--extra", str(contestant(keys))]
        run.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
