"""export_customers: customers as CSV that spreadsheets can open safely and import_customers takes back."""

import csv
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from customers import sheets
from customers.management.commands import export_customers
from customers.sheets import COLUMNS
from tests.callers import Caller
from tests.factories import make_customer, make_organization
from tests.processes import ROOT, database_of_the_tests, run, surroundings
from tests.terminals import terminal

HEADER = "account_type,display_name,company_name,first_name,last_name,email,phone,external_id\r\n"
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
NOBODY = "00000000-0000-4000-8000-000000000000"
HARBOR = {
    "display_name": "North Harbor",
    "company_name": "North Harbor Facilities",
    "first_name": "Nora",
    "last_name": "Harbor",
    "email": "ops@harbor.example",
    "phone": "404-555-0128",
    "external_id": "CRM-1",
}
HARBOR_ROW = "business,North Harbor,North Harbor Facilities,Nora,Harbor,ops@harbor.example,404-555-0128,CRM-1\r\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def export(caller: Caller, *arguments: str) -> str:
    out = io.StringIO()
    call_command("export_customers", *arguments, organization=caller.organization.id, stdout=out)
    return out.getvalue()


def exported(caller: Caller) -> list[list[str]]:
    """Answer the rows below the header."""
    return list(csv.reader(io.StringIO(export(caller), newline="")))[1:]


def refused(caller: Caller, *arguments: str) -> str:
    with pytest.raises(CommandError) as refusal:
        export(caller, *arguments)
    return str(refusal.value)


def test_writes_the_columns_of_a_create(owner: Caller, sheet: Path) -> None:
    make_customer(owner.organization, **HARBOR)
    assert export(owner, str(sheet)) == f"Exported 1 customers to {sheet}.\n"
    assert sheet.read_bytes().decode() == HEADER + HARBOR_ROW


def test_prints_exactly_this_as_json(owner: Caller, sheet: Path) -> None:
    make_customer(owner.organization)
    assert json.loads(export(owner, str(sheet), "--json")) == {"exported": 1}


def test_prints_the_customers_alone_without_a_file(owner: Caller) -> None:
    make_customer(owner.organization, **HARBOR)
    assert export(owner) == HEADER + HARBOR_ROW


def test_json_needs_a_file(owner: Caller) -> None:
    sentence = "With --json the result takes standard output: name a FILE.csv for the customers."
    assert refused(owner, "--json") == sentence


def test_an_organization_without_customers_has_a_header(owner: Caller, outsider: Caller) -> None:
    make_customer(outsider.organization)
    assert export(owner) == HEADER


def test_the_oldest_stands_first(owner: Caller) -> None:
    for days in (2, 1, 3):
        make_customer(owner.organization, external_id=str(days), created_at=NOON + timedelta(days))
    assert [row[-1] for row in exported(owner)] == ["1", "2", "3"]


def test_what_a_customer_does_not_have_is_empty(owner: Caller) -> None:
    make_customer(owner.organization, company_name="Harbor", email=None, phone=None)
    assert exported(owner) == [["business", "Harbor", "Harbor", "", "", "", "", ""]]


@pytest.mark.parametrize("many", [1, 30])
def test_costs_as_many_statements_for_many_as_for_one(
    owner: Caller, sheet: Path, django_assert_num_queries: DjangoAssertNumQueries, many: int
) -> None:
    for _ in range(many):
        make_customer(owner.organization)
    with django_assert_num_queries(3):  # the organization, the count, the rows
        export(owner, str(sheet))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1-404-555-0128", "'+1-404-555-0128"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝1+1", "'＝1+1"),
        ("'=1+1", "''=1+1"),
        ("'tis", "'tis"),
        ("a=b", "a=b"),
        ('He said "no", then left', 'He said "no", then left'),
        ("Käserei Möwe", "Käserei Möwe"),
    ],
)
def test_no_cell_begins_like_a_formula(owner: Caller, text: str, cell: str) -> None:
    make_customer(owner.organization, company_name=text, display_name="x")
    assert exported(owner)[0][2] == cell


@given(st.text())
def test_a_guarded_cell_is_restored_exactly(text: str) -> None:
    cell = sheets.guarded(text)
    assert sheets.restored(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffd"), max_size=12)
TRICKY = st.tuples(st.sampled_from(["", "=", "'", "+1", '"', ",", ";", "''@", "-"]), TEXT).map("".join)
NUMBERS = st.sampled_from(["+1-404-555-0128", "404-555-0128", "(404) 555 0128", "+44 20 7946 0958", "555-0100"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({"phone": NUMBERS}, optional=dict.fromkeys(COLUMNS[1:5], TRICKY)), max_size=4))
def test_what_was_exported_is_imported_without_loss(owner: Caller, sheet: Path, bodies: list[dict[str, str]]) -> None:
    source, target = Caller.of(make_organization()), Caller.of(make_organization())
    for number, body in enumerate(bodies):
        unique = {"email": f"o'{number}=x@example.com", "external_id": f"@{number}", "account_type": "individual"}
        assert source.post({**body, **unique}).status_code == 201
    export(source, str(sheet))
    call_command("import_customers", str(sheet), organization=target.organization.id, stdout=io.StringIO())
    assert sorted(exported(target)) == sorted(exported(source))
    assert len(exported(target)) == len(bodies)


@pytest.fixture
def short_files() -> Iterator[None]:
    """Let this process write no file beyond 4 KB, as if the disk were full there."""
    most, hardest = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hardest))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hardest))


@pytest.mark.parametrize("before", [None, "what was there"])
def test_a_disk_that_is_full_leaves_what_was_there(
    owner: Caller, sheet: Path, request: pytest.FixtureRequest, before: str | None
) -> None:
    for _ in range(100):
        make_customer(owner.organization)
    if before:
        sheet.write_text(before)
    request.getfixturevalue("short_files")
    assert refused(owner, str(sheet)) == f"{sheet}: File too large."
    assert [path.read_text() for path in sheet.parent.iterdir()] == ([before] if before else [])


def test_the_file_that_a_link_points_to_is_replaced(owner: Caller, sheet: Path) -> None:
    target = sheet.with_name("target.csv")
    sheet.symlink_to(target)
    target.write_text("what was there")
    export(owner, str(sheet))
    assert sheet.is_symlink()
    assert target.read_bytes().decode() == HEADER


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("/dev/full", "No space left on device"),
        ("/", "Is a directory"),
        ("/nowhere/x.csv", "No such file or directory"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_sentence(owner: Caller, file: str, fault: str) -> None:
    make_customer(owner.organization)
    assert refused(owner, file) == f"{file}: {fault}."
    assert Path("/dev/full").is_char_device()


def test_a_pipe_is_written_to(owner: Caller, sheet: Path) -> None:
    os.mkfifo(sheet)
    with subprocess.Popen(["cat", str(sheet)], stdout=subprocess.PIPE) as reader:
        export(owner, str(sheet))
        assert reader.communicate(timeout=120)[0].decode() == HEADER
    assert sheet.is_fifo()


def test_an_organization_that_does_not_exist_is_said(db: None) -> None:
    with pytest.raises(CommandError, match=f"There is no organization with the id {NOBODY}."):
        call_command("export_customers", organization=NOBODY)


@pytest.mark.django_db(transaction=True)
def test_standard_output_is_utf_8_and_as_rfc_4180_wants_it(owner: Caller) -> None:
    make_customer(owner.organization, **{**HARBOR, "display_name": "Käserei"})
    command = [sys.executable, "manage.py", "export_customers", "--organization", str(owner.organization.id)]
    env = surroundings(DATABASE_URL=database_of_the_tests(), PYTHONIOENCODING="ascii")
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True, timeout=300)
    assert result.stdout.decode() == HEADER + HARBOR_ROW.replace("North Harbor", "Käserei", 1)
    assert result.stderr == b""


@pytest.mark.django_db(transaction=True)
def test_a_standard_output_that_was_closed_ends_in_a_sentence(owner: Caller) -> None:
    make_customer(owner.organization)
    code = "import os, manage; os.dup2(os.open('/dev/full', os.O_WRONLY), 1); manage.main()"
    arguments = ["-c", code, "export_customers", "--organization", str(owner.organization.id)]
    result = run(*arguments, DATABASE_URL=database_of_the_tests())
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "CommandError: Standard output: No space left on device.\n"


def test_a_stream_of_another_program_that_takes_no_more_is_left_to_it(owner: Caller) -> None:
    stream = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - closing it fails, as it should.
    with pytest.raises(CommandError, match="Standard output: No space left on device"):
        call_command("export_customers", organization=owner.organization.id, stdout=stream)
    assert Path(f"/dev/fd/{stream.fileno()}").resolve() == Path("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        stream.close()


def test_a_terminal_shows_how_far_it_is(owner: Caller, sheet: Path) -> None:
    make_customer(owner.organization)
    with terminal() as shown:
        export(owner, str(sheet))
    assert "1/1" in shown.text


def test_help_has_an_example() -> None:
    help_text = export_customers.Command().create_parser("manage.py", "export_customers").format_help()
    assert "Example:\n  manage.py export_customers customers.csv --organization UUID\n" in help_text
