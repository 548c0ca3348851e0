"""Identifiers: new ones are UUIDs of version 7, which follow each other."""

from datetime import UTC, datetime

import time_machine

from asteri.api.identifiers import new_id


def test_an_id_is_of_version_7_and_begins_with_its_moment() -> None:
    with time_machine.travel(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), tick=False):  # RFC 9562, appendix A.6
        made = new_id()
    assert (made.version, made.variant, str(made)[:13]) == (7, "specified in RFC 4122", "017f22e2-79b0")


def test_ids_of_one_moment_differ_in_all_their_random_bits() -> None:
    with time_machine.travel(datetime(2026, 3, 23, 12, tzinfo=UTC), tick=False):
        made = [new_id().int for _ in range(200)]
    ones, zeros = 0, 0
    for number in made:
        ones, zeros = ones | number, zeros | ~number
    assert len(set(made)) == len(made)
    assert (ones & zeros & (1 << 80) - 1).bit_count() == 74
