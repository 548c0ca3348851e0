"""create_organization."""

import io
import json
import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from organizations.models import Organization
from tests.callers import Caller
from tests.processes import run

NAME = "North Harbor Facilities"
ID = "dce3853d-4f94-4bc8-a816-4d0d74c11a9d"


def create(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_organization", *arguments, stdout=out)
    return out.getvalue()


def created(*arguments: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(create(*arguments, "--json"))
    return result


def test_prints_exactly_these_keys_as_json(db: None) -> None:
    result = created(NAME)
    assert list(result) == ["id", "name", "environment"]
    assert (result["name"], result["environment"]) == (NAME, "live")


def test_stores_what_it_prints(db: None) -> None:
    organization = Organization.objects.get(pk=created(NAME)["id"])
    assert (organization.name, organization.environment, organization.region) == (NAME, "live", "US")


def test_takes_a_given_id(db: None) -> None:
    assert created(NAME, "--id", ID)["id"] == ID
    assert Organization.objects.get().id == uuid.UUID(ID)


def test_makes_a_sandbox_whose_keys_say_so(db: None) -> None:
    result = created(NAME, "--sandbox")
    assert result["environment"] == "sandbox"
    caller = Caller.of(Organization.objects.get(pk=result["id"]))
    assert caller.text.startswith("ast_test_")
    assert caller.get().status_code == 200


@pytest.mark.parametrize("region", ["DE", "de"])
def test_takes_a_region_whatever_its_case(db: None, region: str) -> None:
    created(NAME, "--region", region)
    assert Organization.objects.get().region == "DE"


def test_trims_the_name(db: None) -> None:
    assert created(f"  {NAME} ")["name"] == NAME


def test_keeps_letters_as_they_are_in_json(db: None) -> None:
    assert '"Käserei Möwe"' in create("Käserei Möwe", "--json")


def test_tells_people_its_name_environment_and_id(db: None) -> None:
    assert create(NAME, "--id", ID) == f"Created {NAME} (live): {ID}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([""], "This field cannot be blank."),
        (["  "], "This field cannot be blank."),
        (["a" * 256], "Ensure this value has at most 255 characters"),
        ([NAME, "--region", "XX"], "XX is no region with phone numbers: use a code such as US."),
        ([NAME, "--region", ""], "This field cannot be blank."),
        ([NAME, "--id", "nonsense"], "argument --id: invalid UUID value: 'nonsense'"),
        ([], "the following arguments are required: NAME"),
    ],
)
def test_refuses_in_a_sentence_and_stores_nothing(db: None, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refusal:
        create(*arguments)
    assert sentence in str(refusal.value)
    assert not Organization.objects.exists()


def test_refuses_an_id_that_is_taken(db: None) -> None:
    create(NAME, "--id", ID)
    with pytest.raises(CommandError, match="already exists"):
        create("Another", "--id", ID)
    assert Organization.objects.get().name == NAME


@pytest.mark.parametrize("arguments", [[], [NAME, "--colour", "red"]])
def test_a_mistake_on_the_command_line_is_one_line_and_status_1(arguments: list[str]) -> None:
    result = run("manage.py", "create_organization", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1


def test_help_has_an_example() -> None:
    result = run("manage.py", "create_organization", "--help")
    assert result.returncode == 0
    assert 'Example:\n  manage.py create_organization "North Harbor Facilities" --region US\n' in result.stdout
