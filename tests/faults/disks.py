"""Disks small enough to be filled."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZES = (1024 * 1024, 1024, 1)  # bytes; of the pieces that fill a disk


@contextmanager
def mounted() -> Iterator[Path]:
    """A file system of eight megabytes, in memory; without the right to mount one the test is skipped."""
    with tempfile.TemporaryDirectory() as name:
        command = ("mount", "-t", "tmpfs", "-o", "size=8m,mode=0777", "faults", name)
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("Only who may mount a file system can fill one.")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Take all the room that a disk has left, to the last byte."""
    junk = disk / "junk"
    with junk.open("wb", buffering=0) as output:
        for size in SIZES:
            take_room(output.write, size)
    try:
        yield
    finally:
        junk.unlink()


def take_room(write: Callable[[bytes], int], size: int) -> None:
    """Write pieces of a size until there's no room for another."""
    while True:
        try:
            if write(b"x" * size) < size:
                return
        except OSError:
            return
