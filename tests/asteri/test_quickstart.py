"""quickstart: everything a newcomer needs, as often as wanted, and the reference page's own requests answered."""

import json
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import load_command_class

from tests.callers import CUSTOMERS
from tests.processes import Installation, Server, free_port, install, installed_in, run, serving, surroundings

pytestmark = [pytest.mark.served, pytest.mark.once]
ORGANIZATION_ID = "dce3853d-4f94-4bc8-a816-4d0d74c11a9d"
CUSTOMER = {
    "id": "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3",
    "organization_id": ORGANIZATION_ID,
    "account_type": "business",
    "display_name": "North Harbor Facilities",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
    "created_at": "2026-03-18T15:40:12.000Z",
}
CREATE = {
    "account_type": "business",
    "display_name": "North Harbor Facilities",
    "company_name": "North Harbor Facilities",
    "first_name": "Nora",
    "last_name": "Harbor",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
}
KEYS = ["base_url", "organization_id", "api_key", "staff_username", "staff_password"]
ASK = """
import sys, django
from django.test import Client
django.setup()
key, organization = sys.argv[1:]
headers = {"x-api-key": key, "x-organization-id": organization, "host": "localhost"}
print(Client().get("/api/public/v1/customers", headers=headers).status_code)
"""
LOG_IN = """
import sys, django
django.setup()
from django.contrib.auth import authenticate
user = authenticate(username=sys.argv[1], password=sys.argv[2])
print(user, user.is_staff, user.is_superuser)
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Set up once; nobody changes it."""
    return install(tmp_path_factory.mktemp("fresh"))


@pytest.fixture
def mine(fresh: Installation, tmp_path: Path) -> Installation:
    """The same, to change at will."""
    shutil.copytree(fresh.folder, tmp_path / "mine")
    return Installation(tmp_path / "mine", fresh.printed)


@pytest.fixture(scope="module")
def server(fresh: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """quickstart itself, serving a copy of its own."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    shutil.copytree(fresh.folder, folder, dirs_exist_ok=True)
    command = ("manage.py", "quickstart", "--port", str(port))
    with serving(*command, port=port, log=folder / "log", **installed_in(folder)) as server:
        yield server


def rows(installation: Installation) -> list[str]:
    with closing(sqlite3.connect(installation.folder / "db.sqlite3")) as database:
        return list(database.iterdump())


def execute(installation: Installation, statement: str) -> list[Any]:
    with closing(sqlite3.connect(installation.folder / "db.sqlite3")) as database, database:
        return database.execute(statement).fetchall()


def status(installation: Installation) -> str:
    """Answer what the key that was printed is answered."""
    printed = installation.printed
    return run("-c", ASK, printed["api_key"], printed["organization_id"], **installation.surroundings).stdout.strip()


def test_prints_exactly_these_keys_as_one_json_value(fresh: Installation) -> None:
    assert list(fresh.printed) == KEYS
    assert all(isinstance(value, str) and value for value in fresh.printed.values())


def test_names_the_pages_organization_and_the_port_of_its_curl_lines(fresh: Installation) -> None:
    assert fresh.printed["organization_id"] == ORGANIZATION_ID
    assert fresh.printed["base_url"] == "http://localhost:3000"


@pytest.mark.parametrize(
    ("options", "port", "base_url"),
    [
        (["--port", "4321"], None, "http://localhost:4321"),
        ([], "4322", "http://localhost:4322"),
        (["--port", "4321"], "4322", "http://localhost:4321"),
    ],
)
def test_the_port_is_the_options_or_the_environments(
    mine: Installation, options: list[str], port: str | None, base_url: str
) -> None:
    where = {**mine.surroundings, "PORT": port}
    result = run("manage.py", "quickstart", "--no-serve", "--json", *options, **where)
    assert json.loads(result.stdout)["base_url"] == base_url


def test_its_key_works(fresh: Installation) -> None:
    assert status(fresh) == "200"


def test_its_staff_user_can_log_in(fresh: Installation) -> None:
    name, password = fresh.printed["staff_username"], fresh.printed["staff_password"]
    result = run("-c", LOG_IN, name, password, **fresh.surroundings)
    assert result.stdout == "admin True True\n"


def test_its_settings_are_for_their_owner_alone(fresh: Installation) -> None:
    assert (fresh.folder / ".env").stat().st_mode & 0o777 == 0o600


def test_neither_secret_nor_key_is_in_the_database(fresh: Installation) -> None:
    dump = "".join(rows(fresh))
    assert fresh.printed["api_key"][21:] not in dump
    assert fresh.printed["staff_password"] not in dump


def test_there_is_enough_to_page_through(fresh: Installation) -> None:
    ((count, emails, mistaken),) = execute(
        fresh,
        "SELECT count(*), count(DISTINCT email), sum(display_name = '') FROM customers_customer",
    )
    assert count == emails == 41
    assert mistaken == 0


def test_a_second_run_prints_the_same_and_changes_no_row(mine: Installation) -> None:
    before, settings = rows(mine), (mine.folder / ".env").read_text()
    again = install(mine.folder)
    assert again.printed == mine.printed
    assert rows(mine) == before
    assert (mine.folder / ".env").read_text() == settings


def test_what_people_changed_stays_changed(mine: Installation) -> None:
    execute(mine, "UPDATE organizations_organization SET name = 'Ours'")
    execute(mine, "DELETE FROM customers_customer WHERE account_type = 'individual'")
    before = rows(mine)
    install(mine.folder)
    assert rows(mine) == before


def test_a_lost_file_of_settings_makes_a_new_key_that_works(mine: Installation) -> None:
    (mine.folder / ".env").unlink()
    again = install(mine.folder)
    assert again.printed["api_key"] != mine.printed["api_key"]
    assert status(again) == "200"
    assert status(Installation(mine.folder, mine.printed)) == "401"


def test_a_lost_file_of_settings_makes_a_new_password_that_works(mine: Installation) -> None:
    (mine.folder / ".env").unlink()
    again = install(mine.folder)
    assert again.printed["staff_password"] != mine.printed["staff_password"]
    result = run("-c", LOG_IN, "admin", again.printed["staff_password"], **mine.surroundings)
    assert result.stdout == "admin True True\n"


def test_a_revoked_key_is_replaced_by_one_that_works(mine: Installation) -> None:
    execute(mine, "UPDATE apikeys_apikey SET revoked_at = '2026-01-01 00:00:00'")
    again = install(mine.folder)
    assert again.printed["api_key"] != mine.printed["api_key"]
    assert status(again) == "200"


def test_a_lost_database_is_made_again_with_a_key_that_works(mine: Installation) -> None:
    for file in mine.folder.glob("db.sqlite3*"):
        file.unlink()
    assert status(install(mine.folder)) == "200"


def test_a_blank_secret_in_the_environment_does_not_run_for_ever(tmp_path: Path) -> None:
    where = {**installed_in(tmp_path), "API_KEY_PEPPERS": ""}
    result = run("manage.py", "quickstart", "--no-serve", "--json", **where)
    assert result.returncode in (0, 1)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_one_sentence(mine: Installation, port: str) -> None:
    result = run("manage.py", "quickstart", "--port", port, **mine.surroundings)
    assert result.returncode == 1
    assert port in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    where = {**installed_in(tmp_path), "DATABASE_URL": "postgres://127.0.0.1:1/none"}
    result = run("manage.py", "quickstart", "--no-serve", "--json", **where)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("The database refused: ")
    assert len(result.stderr.splitlines()) == 1


def test_help_has_an_example() -> None:
    help_text = load_command_class("asteri", "quickstart").create_parser("manage.py", "quickstart").format_help()
    assert "Example:\n  manage.py quickstart --port 3000\n" in help_text


def test_the_pages_list_answers_the_pages_customer(server: Server, fresh: Installation) -> None:
    answer = server.request("GET", CUSTOMERS, **fresh.headers)
    assert answer.status == 200
    assert json.dumps(CUSTOMER) in map(json.dumps, answer.body["data"])
    assert list(answer.body) == ["data", "pagination"]
    assert list(answer.body["pagination"]) == ["count", "limit", "next_cursor"]


def test_the_pages_retrieve_answers_to_the_letter(server: Server, fresh: Installation) -> None:
    answer = server.request("GET", f"{CUSTOMERS}/{CUSTOMER['id']}", **fresh.headers)
    assert answer.status == 200
    assert json.dumps(answer.body) == json.dumps({"data": CUSTOMER})


def test_the_pages_create_answers_the_pages_conflict(server: Server, fresh: Installation) -> None:
    answer = server.request("POST", CUSTOMERS, CREATE, Content_Type="application/json", **fresh.headers)
    assert answer.status == 409
    assert answer.body == {"error": "Customer email already exists in this organization", "field": "email"}


def test_the_pages_create_with_another_email_answers_the_pages_customer(server: Server, fresh: Installation) -> None:
    body = {**CREATE, "email": "another@northerborfacilities.com"}
    answer = server.request("POST", CUSTOMERS, body, Content_Type="application/json", **fresh.headers)
    assert answer.status == 201
    own = {name: answer.body["data"][name] for name in ("id", "created_at")}
    assert list(answer.body["data"]) == list(CUSTOMER)
    assert answer.body["data"] == {**CUSTOMER, "email": body["email"], **own}


def test_serving_answers_this_machine_alone(server: Server) -> None:
    assert server.wait_for_line(f"Listening at: http://127.0.0.1:{server.port}")


def test_people_see_organization_key_and_staff_user(server: Server, fresh: Installation) -> None:
    text = server.log.read_text()
    assert all(fresh.printed[name] in text for name in KEYS if name != "base_url")
    assert f"http://localhost:{server.port}/admin/" in text


def test_its_curl_lines_work(server: Server) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    lines = [line.strip() for line in server.log.read_text().splitlines() if line.strip().startswith("curl ")]
    statuses = [curl(shlex.split(line)) for line in lines]
    assert statuses == ["200", "200", "201"]


def curl(command: list[str]) -> str:
    options = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]
    env = surroundings(no_proxy="*")
    return subprocess.run([*command, *options], env=env, capture_output=True, text=True, check=True).stdout
