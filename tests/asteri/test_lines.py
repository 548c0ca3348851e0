"""Lines: written beside the work, whatever becomes of the reader."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from asteri import lines
from asteri.lines import Lines


@pytest.fixture
def file(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    path = tmp_path / "lines"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    yield path, descriptor
    os.close(descriptor)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    os.close(ends[1])


def fill(descriptor: int) -> int:
    """Write to a pipe until it takes no more; answer how many bytes it took."""
    os.set_blocking(descriptor, False)
    taken = 0
    try:
        while True:
            taken += os.write(descriptor, b"x" * 512)
    except BlockingIOError:
        os.set_blocking(descriptor, True)
        return taken


def test_what_is_written_arrives_in_order(file: tuple[Path, int]) -> None:
    writer = Lines(file[1])
    writer.open()
    for number in range(1_000):
        writer.write(f"line {number} – ü".strip)
    writer.close()
    assert file[0].read_text().splitlines() == [f"line {number} – ü" for number in range(1_000)]


def test_a_line_that_cannot_be_spelled_out_keeps_no_other_from_being_written(
    file: tuple[Path, int], caplog: pytest.LogCaptureFixture
) -> None:
    writer = Lines(file[1])
    writer.open()
    for line in ("before".strip, "half of a pair: \ud800".strip, "after".strip):
        writer.write(line)
    writer.close()
    assert file[0].read_text().splitlines() == ["before", "after"]
    assert "A line was lost." in caplog.text


def test_nothing_is_kept_for_nobody(file: tuple[Path, int]) -> None:
    writer = Lines(file[1])
    writer.write("before it is opened".strip)
    writer.close()
    writer.open()
    writer.close()
    assert file[0].read_text() == ""


def test_a_reader_who_takes_nothing_holds_nobody_up_and_hears_the_rest_later(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lines, "MOST_WAITING", 100)
    caplog.set_level(logging.WARNING)
    read_end, write_end = pipe
    taken = fill(write_end)
    writer = Lines(write_end)
    writer.open()
    for number in range(10_000):
        writer.write(f"line {number}".strip)
    assert len(writer.waiting) <= 100
    with os.fdopen(read_end, "rb") as reader:
        reader.read(taken)
        assert reader.readline() == b"line 0\n"
        writer.close()
    assert "lines were dropped" in caplog.text


def test_a_reader_who_is_gone_is_not_missed(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    writer = Lines(pipe[1])
    writer.open()
    writer.write("to nobody".strip)
    writer.close()
    assert (len(writer.waiting), writer.dropped) == (0, 1)


def test_an_end_does_not_wait_for_a_reader_who_takes_nothing(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_END", 0.1)
    fill(pipe[1])
    writer = Lines(pipe[1])
    writer.open()
    writer.write("stuck".strip)
    writer.close()
    assert writer.thread.is_alive()
    os.close(pipe[0])
    writer.thread.join(10)
    assert not writer.thread.is_alive()
