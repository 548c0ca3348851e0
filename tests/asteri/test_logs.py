"""Logs: what the application has to say, in one form, and without what is nobody's business."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from asteri.api.exchange import REQUEST_ID
from asteri.logs import JsonFormatter, TextFormatter, WithoutRequest
from customers.models import Customer
from tests.callers import Caller, client
from tests.factories import make_customer
from tests.processes import run

FORMATTERS = [JsonFormatter(), TextFormatter()]


def failing(request: HttpRequest, **kwargs: str) -> HttpResponse:
    raise RuntimeError("The reason is for the log.")


urlpatterns = [path("pages/<email>", failing, name="failing")]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Capture what is logged as JSON."""
    formatter = caplog.handler.formatter
    caplog.handler.setFormatter(JsonFormatter())
    yield caplog
    caplog.handler.setFormatter(formatter)


def lines(told: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.text.splitlines()]


def record(**fields: Any) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "some.part", "levelname": "WARNING", "msg": "It's %s", "args": (7,), **fields}
    )


def test_a_line_says_when_how_bad_who_and_what() -> None:
    REQUEST_ID.set("asked-7")
    assert json.loads(FORMATTERS[0].format(record(created=1_742_731_218.25))) == {
        "time": "2025-03-23T12:00:18.250Z",
        "level": "WARNING",
        "logger": "some.part",
        "request_id": "asked-7",
        "message": "It's 7",
    }


def test_a_line_for_people_says_the_same() -> None:
    line = FORMATTERS[1].format(record(created=1_742_731_218.25))
    assert line == "2025-03-23T12:00:18.250Z WARNING some.part It's 7"


@pytest.mark.parametrize("message", ["two\nlines", "a \x00 byte", 'a "quote"', "\u2028 and ü", "\ud800"])
def test_a_json_line_stays_one_line(message: str) -> None:
    text = FORMATTERS[0].format(record(msg=message, args=()))
    assert "\n" not in text
    assert json.loads(text)["message"] == message


def test_an_error_names_the_request_that_met_it(owner: Caller, told: pytest.LogCaptureFixture) -> None:
    with connection.execute_wrapper(broken):
        assert owner.get(headers={"x-request-id": "met-7"}).status_code == 500
    (line,) = lines(told)
    assert (line["logger"], line["request_id"]) == ("asteri.api.errors", "met-7")
    assert line["exception"].endswith("RuntimeError: broken")


def broken(*_: Any) -> None:
    raise RuntimeError("broken")


@pytest.mark.urls(__name__)
def test_a_failing_page_is_logged_under_its_route_without_its_path(told: pytest.LogCaptureFixture) -> None:
    response = client().get("/pages/private@example.com", headers={"host": "localhost"})
    assert response.status_code == 500
    (line,) = lines(told)
    assert line["message"] == "Internal Server Error: failing"
    assert "The reason is for the log." in line["exception"]
    assert "private" not in told.text


def test_what_tells_of_no_request_is_logged_as_it_is(told: pytest.LogCaptureFixture) -> None:
    try:
        broken()
    except RuntimeError:
        logging.getLogger("django.request").exception("Something %s", "else")
    assert [line["message"] for line in lines(told)] == ["Something else"]


def test_a_probe_that_fails_is_logged_once(db: None, told: pytest.LogCaptureFixture) -> None:
    with connection.execute_wrapper(out_of_reach):
        assert Client().get("/readyz").status_code == 503
    assert [line["message"] for line in lines(told)] == ["Not ready: out of reach"]


def out_of_reach(*_: Any) -> None:
    raise OperationalError("out of reach")


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_a_row_that_a_database_refuses_is_not_quoted(owner: Caller, formatter: logging.Formatter) -> None:
    first = make_customer(owner.organization, email="private@example.com")
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Customer.objects.filter(pk=make_customer(owner.organization).pk).update(email_key=first.email_key)
    text = formatter.format(record(exc_info=(IntegrityError, refusal.value, None)))
    assert "IntegrityError" in text
    assert "private" not in text


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Error handling request /private?email=private", "Error handling request"),
        ("Worker (pid:7) was sent SIGKILL!", "Worker (pid:7) was sent SIGKILL!"),
        ("Invalid request from ip=127.0.0.1: x-api-key private", ""),
    ],
)
def test_gunicorn_quotes_no_request(message: str, kept: str) -> None:
    said = record(msg=message, args=())
    assert ("" if not WithoutRequest().filter(said) else said.getMessage()) == kept


@pytest.mark.parametrize(("name", "value"), [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud")])
def test_a_form_that_there_is_not_is_one_sentence(name: str, value: str) -> None:
    result = run("manage.py", "check", **{name: value})
    assert result.returncode == 1
    assert result.stderr.startswith(f"{name} must be one of ")
    assert result.stderr.endswith(f", not {value!r}.\n")


@pytest.mark.parametrize(("url", "format_"), [(None, "text"), ("sqlite:///{}/db.sqlite3", "json")])
def test_a_laptop_has_text_and_a_machine_with_a_database_json(tmp_path: Any, url: str | None, format_: str) -> None:
    show = "from django.conf import settings; print(settings.LOG_FORMAT)"
    where = {"ENV_FILE": str(tmp_path / ".env"), "DATABASE_URL": url and url.format(tmp_path), "LOG_FORMAT": None}
    assert run("-c", show, **where).stdout == f"{format_}\n"
