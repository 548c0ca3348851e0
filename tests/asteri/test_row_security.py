"""Row-level security where there's none: refused on SQLite, and without effect where it's off."""

from django.db import connection
from django.test import override_settings

from asteri.row_security import Speaker, speak_for_staff, speaking
from tests.asteri.test_checks import ids
from tests.callers import Caller


def speakers() -> list[Speaker]:
    return [wrapper for wrapper in connection.execute_wrappers if isinstance(wrapper, Speaker)]


def test_only_postgresql_has_it() -> None:
    with override_settings(ROW_SECURITY=True):
        assert ids() == ([] if connection.vendor == "postgresql" else ["asteri.E014"])


def test_where_it_is_off_nobody_speaks(owner: Caller) -> None:
    with speaking():
        speak_for_staff()
        assert speakers() == []
    assert owner.get().status_code == 200


def test_a_block_ends_with_its_speaker() -> None:
    with override_settings(ROW_SECURITY=True), speaking():
        assert len(speakers()) == 1
    assert speakers() == []
