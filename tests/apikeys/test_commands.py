"""create_api_key, list_api_keys, rotate_api_key and revoke_api_key."""

import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command, load_command_class
from pytest_django import DjangoAssertNumQueries, Settings

from apikeys.models import ApiKey
from organizations.models import Organization
from tests.callers import MANY, Caller
from tests.factories import make_organization
from tests.processes import database_of_the_tests, run

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOBODY = "00000000-0000-4000-8000-000000000000"
KEY = re.compile(r"\bast_(?:live|test)_[0-9A-Za-z]{50}\b")
SHOWN = ["id", "key", "hint", "organization_id", "scopes", "expires_at"]


def command(name: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def printed(name: str, *arguments: object) -> Any:
    return json.loads(command(name, *arguments, "--json"))


def of(organization: Organization) -> list[str]:
    return ["--organization", str(organization.id), "--name", "CRM", "--scopes", "read:customers,write:customers"]


def holder(result: dict[str, Any]) -> Caller:
    key = ApiKey.objects.get(pk=result["id"])
    return Caller(key.organization, key, result["key"])


def refused(name: str, *arguments: object) -> str:
    with pytest.raises(CommandError) as refusal:
        command(name, *arguments)
    return str(refusal.value)


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization(name="North Harbor")


def test_create_prints_exactly_these_keys_as_json(organization: Organization) -> None:
    result = printed("create_api_key", *of(organization))
    key = ApiKey.objects.get()
    assert list(result) == SHOWN
    assert {**result, "key": ""} == {
        "id": str(key.id),
        "key": "",
        "hint": key.hint,
        "organization_id": str(organization.id),
        "scopes": ["read:customers", "write:customers"],
        "expires_at": None,
    }


def test_a_created_key_works(organization: Organization) -> None:
    caller = holder(printed("create_api_key", *of(organization)))
    assert caller.get().status_code == 200
    body = {"account_type": "business", "email": "ops@example.com", "phone": "+1-404-555-0128"}
    assert caller.post(body).status_code == 201


def test_create_shows_people_the_key_once(organization: Organization) -> None:
    lines = command("create_api_key", *of(organization)).splitlines()
    assert lines[0] == "Created CRM for North Harbor. Keep the key now, it is not shown again:"
    assert KEY.fullmatch(lines[1])
    assert len(lines) == 2


def test_a_created_key_has_sixty_a_minute_unless_told(organization: Organization) -> None:
    printed("create_api_key", *of(organization))
    key = ApiKey.objects.get()
    assert (key.name, key.per_minute, key.per_hour, key.per_day) == ("CRM", 60, None, None)


def test_create_takes_every_limit(organization: Organization) -> None:
    printed("create_api_key", *of(organization), "--per-minute", 1, "--per-hour", 2, "--per-day", 3)
    key = ApiKey.objects.get()
    assert (key.per_minute, key.per_hour, key.per_day) == (1, 2, 3)


@pytest.mark.parametrize(
    ("text", "expiry"),
    [
        ("2030-02-03T04:05:06Z", "2030-02-03T04:05:06Z"),
        ("2030-02-03T04:05:06+02:00", "2030-02-03T02:05:06Z"),
        ("2030-02-03T04:05:06", "2030-02-03T04:05:06Z"),
        ("2030-02-03", "2030-02-03T00:00:00Z"),
    ],
)
def test_create_takes_an_expiry_as_iso_8601_and_shows_it_in_utc(
    organization: Organization, text: str, expiry: str
) -> None:
    result = printed("create_api_key", *of(organization), "--expires-at", text)
    assert result["expires_at"] == expiry
    assert ApiKey.objects.get().expires_at == datetime.fromisoformat(expiry)


@pytest.mark.parametrize(("days", "delta"), [("90", timedelta(days=90)), ("0.5", timedelta(hours=12))])
def test_create_takes_an_expiry_in_days(organization: Organization, days: str, delta: timedelta) -> None:
    with time_machine.travel(NOON, tick=False):
        printed("create_api_key", *of(organization), "--expires-in-days", days)
    assert ApiKey.objects.get().expires_at == NOON + delta


def test_create_takes_scopes_with_spaces_between(organization: Organization) -> None:
    options = ["--organization", organization.id, "--name", "CRM", "--scopes", " write:api_keys , read:customers "]
    assert printed("create_api_key", *options)["scopes"] == ["read:customers", "write:api_keys"]


def test_create_takes_no_scopes_at_all(organization: Organization) -> None:
    options = ["--organization", organization.id, "--name", "CRM", "--scopes", ""]
    result = printed("create_api_key", *options)
    assert result["scopes"] == []
    assert holder(result).get().status_code == 403


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--organization", NOBODY], f"There is no organization with the id {NOBODY}."),
        (["--organization", "nonsense"], "argument --organization: invalid UUID value: 'nonsense'"),
        (["--scopes", "read:customers,admin"], "Unknown scope: admin. Scopes are read:customers, "),
        (["--scopes", "read:customers write:customers"], "Unknown scope: read:customers write:customers."),
        (["--name", ""], "name: This field cannot be blank."),
        (["--name", "a" * 256], "name: Ensure this value has at most 255 characters"),
        (["--per-minute", "0"], "per_minute: Ensure this value is greater than or equal to 1."),
        (["--per-minute", "-1"], "per_minute: Ensure this value is greater than or equal to 1."),
        (["--per-hour", "0"], "per_hour: Ensure this value is greater than or equal to 1."),
        (["--per-day", "-5"], "per_day: Ensure this value is greater than or equal to 1."),
        (["--per-minute", "99999999999999999999"], "per_minute: Ensure this value is less than or equal to "),
        (["--per-minute", "many"], "argument --per-minute: invalid int value: 'many'"),
        (["--expires-at", "tomorrow"], "tomorrow is no ISO-8601 date-time."),
        (["--expires-at", "2026-02-30"], "2026-02-30 is no ISO-8601 date-time."),
        (["--expires-at", "2020-01-01T00:00:00Z"], "expires_at: The expiry must lie in the future."),
        (["--expires-at", "0001-01-01T00:00:00+14:00"], "expires"),
        (["--expires-at", "9999-12-31T23:59:59-14:00"], "expires"),
        (["--expires-in-days", "0"], "expires_at: The expiry must lie in the future."),
        (["--expires-in-days", "-1"], "expires_at: The expiry must lie in the future."),
        (["--expires-in-days", "soon"], "soon is no number of days."),
        (["--expires-in-days", "nan"], "nan is no number of days."),
        (["--expires-in-days", "1e300"], "1e300 is no number of days."),
        (["--expires-in-days", "1", "--expires-at", "2030-01-01"], "not allowed with argument"),
        (["--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_create_refuses_in_a_sentence_and_stores_nothing(
    organization: Organization, options: list[str], sentence: str
) -> None:
    assert sentence in refused("create_api_key", *of(organization), *options)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("left_out", ["--organization", "--name", "--scopes"])
def test_create_asks_for_what_is_missing(organization: Organization, left_out: str) -> None:
    options = of(organization)
    place = options.index(left_out)
    assert f"the following arguments are required: {left_out}" in refused(
        "create_api_key", *options[:place], *options[place + 2 :]
    )


def test_create_refuses_without_a_pepper(organization: Organization, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {}
    assert "API_KEY_PEPPERS is not set" in refused("create_api_key", *of(organization), "--skip-checks")


def test_list_prints_what_may_be_seen_as_json(organization: Organization) -> None:
    with time_machine.travel(NOON, tick=False):
        caller = Caller.of(organization, name="CRM", per_hour=9, expires_at=NOON + timedelta(days=1))
        caller.get()
        listed = printed("list_api_keys")
    assert listed == [
        {
            "id": str(caller.key.id),
            "hint": caller.key.hint,
            "name": "CRM",
            "state": "active",
            "organization_id": str(organization.id),
            "scopes": [str(scope) for scope in caller.key.scopes],
            "per_minute": MANY,
            "per_hour": 9,
            "per_day": None,
            "expires_at": "2026-01-02T12:00:00Z",
            "last_used_at": "2026-01-01T12:00:00Z",
            "created_at": "2026-01-01T12:00:00Z",
        }
    ]


def test_list_shows_everybodys_keys_the_newest_first(owner: Caller, colleague: Caller, outsider: Caller) -> None:
    expected = [str(caller.key.id) for caller in sorted((owner, colleague, outsider), key=age)]
    assert [key["id"] for key in printed("list_api_keys")] == expected


def age(caller: Caller) -> float:
    return -caller.key.created_at.timestamp()


def test_list_shows_one_organizations_keys(owner: Caller, outsider: Caller) -> None:
    listed = printed("list_api_keys", "--organization", outsider.organization.id)
    assert [key["id"] for key in listed] == [str(outsider.key.id)]


def test_list_names_every_state(owner: Caller) -> None:
    organization = owner.organization
    with time_machine.travel(NOON, tick=False):
        Caller.of(organization, name="expired", expires_at=NOON + timedelta(days=1))
    Caller.of(organization, name="revoked").key.revoke()
    Caller.of(organization, name="grace").key.rotate(timedelta(hours=1))
    suspended = Caller.of(make_organization(), name="suspended")
    suspended.organization.suspend()
    states = {(key["name"], key["state"]) for key in printed("list_api_keys")}
    named = {(state, state) for state in ("expired", "revoked", "grace", "suspended")}
    assert states == named | {("Test", "active"), ("grace", "active")}


def test_list_shows_people_a_line_a_key(organization: Organization) -> None:
    with time_machine.travel(NOON, tick=False):
        caller = Caller.of(organization, name="CRM", scopes=["read:customers"], per_minute=5, per_day=9)
        text = command("list_api_keys")
    assert text == (
        f"{caller.key.id}  {caller.key.hint}  CRM  active  read:customers  5/minute, 9/day  expires never  used never\n"
    )


def test_list_tells_people_what_a_key_may_not_do_and_when_it_was_used(organization: Organization) -> None:
    with time_machine.travel(NOON, tick=False):
        caller = Caller.of(organization, scopes=[], expires_at=NOON + timedelta(hours=1))
        caller.get()
        text = command("list_api_keys")
    assert "  no scopes  " in text
    assert text.endswith("  expires 2026-01-01T13:00:00Z  used 2026-01-01T12:00:00Z\n")


def test_list_of_none_is_an_empty_array_and_a_sentence(db: None) -> None:
    assert printed("list_api_keys") == []
    assert command("list_api_keys") == "There are no API keys.\n"


def test_list_costs_one_query_however_many_keys(
    owner: Caller, colleague: Caller, outsider: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):  # the keys, each with its organization and its successor
        command("list_api_keys")


def test_rotate_prints_exactly_these_keys_as_json(owner: Caller) -> None:
    result = printed("rotate_api_key", owner.key.id)
    assert list(result) == [*SHOWN, "replaces"]
    assert result["replaces"] == str(owner.key.id)
    assert result["id"] != str(owner.key.id)
    assert holder(result).get().status_code == 200


def test_rotate_gives_a_day_of_grace_unless_told(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        printed("rotate_api_key", owner.key.id)
        assert owner.get().status_code == 200
    owner.key.refresh_from_db()
    assert owner.key.expires_at == NOON + timedelta(hours=24)


@pytest.mark.parametrize(("hours", "seconds"), [("0", 0), ("1", 3_600), ("0.5", 1_800), ("8760", 31_536_000)])
def test_rotate_takes_the_grace_in_hours(owner: Caller, hours: str, seconds: int) -> None:
    with time_machine.travel(NOON, tick=False):
        printed("rotate_api_key", owner.key.id, "--grace-hours", hours)
    owner.key.refresh_from_db()
    assert owner.key.expires_at == NOON + timedelta(seconds=seconds)


def test_rotate_shows_people_the_key_once_and_when_the_old_one_ends(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        lines = command("rotate_api_key", owner.key.id).splitlines()
    assert lines[0].startswith(f"{owner.key.hint} ends at 2026-01-02T12:00:00Z.")
    assert KEY.fullmatch(lines[1])
    assert len(lines) == 2


@pytest.mark.parametrize("hours", ["-1", "-0.001", "8760.1", "nan", "inf", "soon", "", "1e300"])
def test_rotate_refuses_a_grace_that_is_none(owner: Caller, hours: str) -> None:
    assert f"{hours} is no number of hours from 0 to 8760." in refused(
        "rotate_api_key", owner.key.id, f"--grace-hours={hours}"
    )
    assert ApiKey.objects.count() == 1


def test_rotate_refuses_a_key_that_is_rotated_already(owner: Caller) -> None:
    printed("rotate_api_key", owner.key.id)
    assert refused("rotate_api_key", owner.key.id) == f"{owner.key.hint} is grace and can't be rotated."


def test_rotate_refuses_a_revoked_key(owner: Caller) -> None:
    owner.key.revoke()
    assert refused("rotate_api_key", owner.key.id) == f"{owner.key.hint} is revoked and can't be rotated."


def test_rotate_refuses_without_a_pepper(owner: Caller, settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {}
    assert "API_KEY_PEPPERS is not set" in refused("rotate_api_key", owner.key.id, "--skip-checks")
    owner.key.refresh_from_db()
    assert owner.key.expires_at is None


def test_revoke_prints_exactly_these_keys_as_json(owner: Caller) -> None:
    assert printed("revoke_api_key", owner.key.id) == {"id": str(owner.key.id), "state": "revoked"}
    assert owner.get().status_code == 401


def test_revoke_tells_people_which_key_has_ended(owner: Caller) -> None:
    assert command("revoke_api_key", owner.key.id) == f"Revoked {owner.key.hint} Test.\n"


def test_revoke_can_be_repeated(owner: Caller) -> None:
    first = printed("revoke_api_key", owner.key.id)
    assert printed("revoke_api_key", owner.key.id) == first


@pytest.mark.parametrize("name", ["rotate_api_key", "revoke_api_key"])
@pytest.mark.parametrize("key", [NOBODY, "nonsense", ""])
def test_a_key_that_does_not_exist_is_named(db: None, name: str, key: str) -> None:
    assert refused(name, key) == f"There is no API key with the id {key}."


@pytest.mark.parametrize("as_json", [["--json"], []])
def test_only_create_and_rotate_show_a_key(organization: Organization, as_json: list[str]) -> None:
    first = printed("create_api_key", *of(organization))
    second = printed("rotate_api_key", first["id"])
    shown = command("list_api_keys", *as_json) + command("revoke_api_key", second["id"], *as_json)
    assert not KEY.search(shown)
    assert first["key"][21:53] not in shown
    assert second["key"][21:53] not in shown


@pytest.mark.usefixtures("django_db_setup")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create_api_key", "--organization", NOBODY, "--name", "CRM", "--scopes", ""], "There is no organization"),
        (["create_api_key", "--organization", NOBODY], "the following arguments are required: --name, --scopes"),
        (["list_api_keys", "--colour", "red"], "unrecognized arguments: --colour red"),
        (["rotate_api_key", "nonsense"], "There is no API key with the id nonsense."),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line_and_status_1(arguments: list[str], sentence: str) -> None:
    result = run("manage.py", *arguments, DATABASE_URL=database_of_the_tests())
    assert (result.returncode, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("create_api_key", "--organization UUID --name CRM --scopes read:customers,write:customers"),
        ("list_api_keys", "--organization UUID"),
        ("rotate_api_key", "UUID --grace-hours 24"),
        ("revoke_api_key", "UUID"),
    ],
)
def test_help_has_an_example(name: str, example: str) -> None:
    help_text = load_command_class("apikeys", name).create_parser("manage.py", name).format_help()
    assert f"Example:\n  manage.py {name} {example}\n" in help_text
