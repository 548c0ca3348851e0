"""The .env file: read without leaking, written whole and for its owner alone, and never at the price of a secret."""

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from asteri import dotenv

pytestmark = pytest.mark.once


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_a_missing_file_has_no_settings(file: Path) -> None:
    assert dotenv.read(file) == {}


def test_a_folder_of_that_name_has_no_settings(tmp_path: Path) -> None:
    assert dotenv.read(tmp_path) == {}


def test_settings_are_read_and_the_process_keeps_its_environment(file: Path) -> None:
    file.write_text("# a comment\n\nASTERI_TEST_ONE=first\nASTERI_TEST_TWO=1=a=b==\n")
    assert dotenv.read(file) == {"ASTERI_TEST_ONE": "first", "ASTERI_TEST_TWO": "1=a=b=="}
    assert not any(name.startswith("ASTERI_TEST") for name in os.environ)


def test_two_files_are_not_mixed(file: Path, tmp_path: Path) -> None:
    file.write_text("ONE=1\n")
    other = tmp_path / "other"
    other.write_text("TWO=2\n")
    assert (dotenv.read(file), dotenv.read(other)) == ({"ONE": "1"}, {"TWO": "2"})


def test_what_is_kept_is_read_back(file: Path) -> None:
    settings = {"API_KEY_PEPPERS": "1=old,2=new", "EMPTY": "", "PLAIN": "a-b_c"}
    dotenv.keep(file, settings)
    assert dotenv.read(file) == settings


def test_a_new_file_is_for_its_owner_alone(file: Path) -> None:
    before = os.umask(0)
    try:
        dotenv.keep(file, {"SECRET_KEY": "a"})
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(file: Path) -> None:
    file.write_text("ONE=1\n")
    file.chmod(0o644)
    dotenv.keep(file, {"TWO": "2"})
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_other_lines_stay_as_they_are(file: Path) -> None:
    file.write_text("# mine\nONE=1\n\nTWO='2 # and more'\n  THREE = 3\n")
    dotenv.keep(file, {"ONE": "eins", "FOUR": "4"})
    assert file.read_text() == "# mine\n\nTWO='2 # and more'\n  THREE = 3\nONE=eins\nFOUR=4\n"


def test_a_file_without_a_last_line_break_loses_nothing(file: Path) -> None:
    file.write_text("ONE=1")
    dotenv.keep(file, {"TWO": "2"})
    assert dotenv.read(file) == {"ONE": "1", "TWO": "2"}


def test_a_setting_stands_once_however_often_it_is_kept(file: Path) -> None:
    for value in ("1", "2", "3"):
        dotenv.keep(file, {"ONE": value})
    assert file.read_text() == "ONE=3\n"


def test_a_write_that_fails_leaves_the_file_as_it_was(file: Path) -> None:
    file.write_text("ONE=1\n")
    with pytest.raises(UnicodeEncodeError):
        dotenv.keep(file, {"TWO": "2", "THREE": "\ud800"})
    assert file.read_text() == "ONE=1\n"


def test_a_write_that_fails_leaves_no_draft_with_half_the_secrets(file: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        dotenv.keep(file, {"SECRET_KEY": "a" * 50, "THREE": "\ud800"})
    assert [path.name for path in file.parent.iterdir() if path.read_text()] == []


def test_no_draft_is_left_behind(file: Path) -> None:
    dotenv.keep(file, {"ONE": "1"})
    assert list(file.parent.iterdir()) == [file]


def test_missing_secrets_are_made_and_kept(file: Path) -> None:
    made = dotenv.make_secrets(file, known={})
    assert dotenv.read(file) == made
    assert len(made["SECRET_KEY"]) >= 50
    number, _, pepper = made["API_KEY_PEPPERS"].partition("=")
    assert (number, len(pepper) >= 32) == ("1", True)


def test_no_two_secrets_are_alike(file: Path, tmp_path: Path) -> None:
    first, second = dotenv.make_secrets(file, known={}), dotenv.make_secrets(tmp_path / "other", known={})
    assert not set(first.values()) & set(second.values())


def test_secrets_are_made_once(file: Path) -> None:
    dotenv.make_secrets(file, known={})
    before = file.read_text()
    assert dotenv.make_secrets(file, known={}) == {}
    assert file.read_text() == before


def test_only_the_secret_that_is_missing_is_made(file: Path) -> None:
    file.write_text("API_KEY_PEPPERS=1=kept\n")
    assert list(dotenv.make_secrets(file, known={})) == ["SECRET_KEY"]
    assert dotenv.read(file)["API_KEY_PEPPERS"] == "1=kept"


def test_secrets_that_the_process_knows_are_neither_made_nor_kept(file: Path) -> None:
    assert dotenv.make_secrets(file, known={"SECRET_KEY": "a", "API_KEY_PEPPERS": "1=b"}) == {}
    assert not file.exists()


def test_a_blank_secret_in_the_file_is_made(file: Path) -> None:
    file.write_text("SECRET_KEY=\nAPI_KEY_PEPPERS=1=kept\n")
    assert list(dotenv.make_secrets(file, known={})) == ["SECRET_KEY"]
    assert len(dotenv.read(file)["SECRET_KEY"]) >= 50


def test_a_blank_variable_does_not_overwrite_the_secret_that_the_file_keeps(file: Path) -> None:
    file.write_text("SECRET_KEY=kept\nAPI_KEY_PEPPERS=1=kept\n")
    dotenv.make_secrets(file, known={"SECRET_KEY": "", "API_KEY_PEPPERS": ""})
    assert dotenv.read(file) == {"SECRET_KEY": "kept", "API_KEY_PEPPERS": "1=kept"}


def test_secrets_are_not_kept_in_a_pipe_which_stays_one(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(ImproperlyConfigured, match="it is no regular file"):
        dotenv.make_secrets(file, known={})
    assert file.is_fifo()
    assert list(file.parent.iterdir()) == [file]


def test_secrets_are_not_kept_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="it is no regular file"):
        dotenv.make_secrets(tmp_path, known={})
