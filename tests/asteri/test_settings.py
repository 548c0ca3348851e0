"""Settings: typed readers with a sentence for every mistake, and what the process makes of its environment."""

import os
from pathlib import Path
from typing import ClassVar

import pytest
from django.core.exceptions import ImproperlyConfigured

from asteri.settings import CONNECT_TIMEOUT, LOCK_TIMEOUT, Environment, cache, database
from tests.processes import run

pytestmark = pytest.mark.once
SHOW_SECRETS = (
    "from django.conf import settings; import django; django.setup(); "
    "print(settings.SECRET_KEY, settings.API_KEY_PEPPERS)"
)


def reader(text: str | None) -> Environment:
    """Answer an environment in which SETTING is that text, or isn't there."""

    class Given(Environment):
        ENVIRON: ClassVar[dict[str, str]] = {} if text is None else {"SETTING": text}

    return Given()


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), ("007", 7), ("1000000", 1_000_000), (None, 42)])
def test_a_number_is_read(text: str | None, value: int) -> None:
    assert reader(text).number("SETTING", 42) == value


@pytest.mark.parametrize("text", ["", " ", "-1", "+1", "1.0", "1e3", "1_0", "0x10", "ten", "７", "²", " 7", "7\n"])
def test_what_is_no_whole_number_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        reader(text).number("SETTING", 42)
    assert str(refusal.value) == f"SETTING must be a whole number of 0 or more, not {text!r}."


def test_a_number_has_its_least() -> None:
    assert reader("1").number("SETTING", 42, least=1) == 1
    with pytest.raises(ImproperlyConfigured, match=r"^SETTING must be a whole number of 1 or more, not '0'\.$"):
        reader("0").number("SETTING", 42, least=1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, {}),
        ("", {}),
        ("1=first", {1: "first"}),
        ("1=old,2=new", {1: "old", 2: "new"}),
        (" 2 = new , 1 = old ,", {1: "old", 2: "new"}),
        ("1=with=signs==", {1: "with=signs=="}),
    ],
)
def test_numbered_secrets_are_read(text: str | None, value: dict[int, str]) -> None:
    assert reader(text).numbered("SETTING") == value


@pytest.mark.parametrize("text", ["sesame", "first=sesame", "=sesame", "1=open,sesame", "1.5=sesame"])
def test_secrets_without_a_number_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SETTING must read 1=secret or 1=old,2=new") as refusal:
        reader(text).numbered("SETTING")
    assert "sesame" not in str(refusal.value)


def test_sqlite_waits_and_writes_safely() -> None:
    options = database({"ENGINE": "django.db.backends.sqlite3", "NAME": "x"})["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == LOCK_TIMEOUT
    assert "journal_mode=WAL" in options["init_command"]


def test_a_postgresql_that_vanished_is_given_up() -> None:
    options = database({"ENGINE": "django.db.backends.postgresql"})["OPTIONS"]
    assert options == {"connect_timeout": CONNECT_TIMEOUT, "tcp_user_timeout": 10_000, "prepare_threshold": 5}


@pytest.mark.parametrize("engine", ["sqlite3", "postgresql", "mysql"])
def test_connections_are_kept_and_checked(engine: str) -> None:
    config = database({"ENGINE": f"django.db.backends.{engine}", "NAME": "x"})
    assert (config["NAME"], config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == ("x", 60, True)


def test_options_of_the_database_url_win() -> None:
    config = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"connect_timeout": 9, "sslmode": "require"}}
    options = database(config)["OPTIONS"]
    assert options == {"connect_timeout": 9, "sslmode": "require", "tcp_user_timeout": 10_000, "prepare_threshold": 5}


def shown(script: str, **changes: str | None) -> list[str]:
    """Answer what a process with nothing set but `changes` prints of its settings, a word a setting."""
    ours = [name for name in os.environ if name.startswith("DATABASE_") and name.endswith("_TIMEOUT")]
    unset = dict.fromkeys(("CACHE_TIMEOUT", *ours))
    result = run("-c", f"from asteri import settings; {script}", **{**unset, **changes})
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_a_connection_has_three_seconds_and_a_lock_five() -> None:
    assert shown("print(settings.CONNECT_TIMEOUT, settings.LOCK_TIMEOUT)") == ["3", "5.0"]


def test_statements_are_prepared_unless_that_is_forbidden() -> None:
    script = "print(settings.PREPARE_THRESHOLD)"
    assert [shown(script, DATABASE_PREPARE=text) for text in (None, "false")] == [["5"], ["None"]]


def test_a_frozen_redis_is_left_before_a_tenth_of_a_second_is_over() -> None:
    for name in ("socket_timeout", "socket_connect_timeout"):
        script = f"print(settings.CACHES['default']['OPTIONS']['{name}'])"
        assert shown(script, CACHE_URL="redis://127.0.0.1:6379/0") == ["0.075"]


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({}, ["10000", "5000", "10000"]),
        ({"DATABASE_STATEMENT_TIMEOUT": "0.25", "DATABASE_LOCK_TIMEOUT": "2"}, ["250", "2000", "10000"]),
    ],
)
def test_postgresql_is_told_how_long_a_request_may_take(changes: dict[str, str], limits: list[str]) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    words = shown("print(settings.SERVING_OPTIONS['django.db.backends.postgresql']['options'])", **changes)
    limited = [f"{name}={limit}" for name, limit in zip(names, limits, strict=True)]
    assert words[1::2] == [*limited, "plan_cache_mode=force_generic_plan"]


@pytest.mark.parametrize("text", ["soon", "-1", "1s", "1e3", "1,5", "٣", "1.2345"])
def test_a_time_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SETTING must be a number of seconds such as 2 or 0\.25, not "):
        reader(text).seconds("SETTING", 1)


@pytest.mark.parametrize(("text", "value"), [(None, 1.5), ("0", 0), ("2", 2), ("0.25", 0.25), ("3600", 3_600)])
def test_a_time_is_read_in_seconds(text: str | None, value: float) -> None:
    assert reader(text).seconds("SETTING", 1.5) == value


def test_the_in_process_cache_drops_no_counter() -> None:
    config = cache(Environment().cache_url_config("locmemcache://"))
    assert config["OPTIONS"]["MAX_ENTRIES"] == 1_000_000


def test_options_of_the_cache_url_win() -> None:
    config = cache({"BACKEND": "django.core.cache.backends.redis.RedisCache", "OPTIONS": {"socket_timeout": 1}})
    assert config["OPTIONS"]["socket_timeout"] == 1
    assert config["KEY_PREFIX"] == "asteri"


def test_without_a_database_url_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    laptop = {"ENV_FILE": str(file), "DATABASE_URL": None, "SECRET_KEY": None, "API_KEY_PEPPERS": None}
    first, second = (run("-c", SHOW_SECRETS, **laptop) for _ in range(2))
    secret_key, peppers = first.stdout.split(maxsplit=1)
    assert len(secret_key) >= 50
    assert peppers.startswith("{1: ")
    assert second.stdout == first.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret_key in file.read_text()


def test_without_a_database_url_given_secrets_are_used_and_nothing_is_written(tmp_path: Path) -> None:
    laptop = {"ENV_FILE": str(tmp_path / ".env"), "DATABASE_URL": None, "SECRET_KEY": "given", "API_KEY_PEPPERS": "1=a"}
    result = run("-c", SHOW_SECRETS, **laptop)
    assert result.stdout == "given {1: 'a'}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("API_KEY_PEPPERS", "(asteri.E001) API_KEY_PEPPERS is not set: no API key can be made or verified."),
        ("SECRET_KEY", "SECRET_KEY"),
    ],
)
def test_with_a_database_url_secrets_are_asked_for(tmp_path: Path, missing: str, sentence: str) -> None:
    server = {"ENV_FILE": str(tmp_path / ".env"), "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}
    result = run("manage.py", "check", **server, **{missing: None})
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [
        ("PORT", "http", 1),
        ("WEB_CONCURRENCY", "0", 1),
        ("TRUSTED_PROXY_COUNT", "-1", 0),
    ],
)
def test_a_number_that_is_none_is_one_sentence(name: str, value: str, least: int) -> None:
    result = run("manage.py", "check", **{name: value})
    assert result.returncode == 1
    assert result.stderr == f"{name} must be a whole number of {least} or more, not {value!r}.\n"


def test_peppers_that_are_none_are_one_sentence() -> None:
    result = run("manage.py", "check", API_KEY_PEPPERS="a-pepper-without-a-number")
    assert result.returncode == 1
    assert result.stderr == "API_KEY_PEPPERS must read 1=secret or 1=old,2=new: numbers, each with its secret.\n"
