"""Files that people name: written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file that takes the place of `path` once it's written and on the disk; raise OSError if it can't.

    What is there and is no regular file, such as /dev/stdout, can't be replaced: it is written to.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as device:
            yield device
        return
    target = path.resolve()
    draft = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
