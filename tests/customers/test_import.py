"""import_customers: rows become customers under the API's own rules."""

import io
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from customers import loading
from customers.importing import Import, Shelf
from customers.loading import Record
from customers.management.commands import import_customers
from customers.models import Customer
from customers.sheets import COLUMNS, Row
from tests.callers import CUSTOMERS, Caller, issues
from tests.factories import make_customer
from tests.terminals import interrupted_at, terminal

HEADER = "account_type,display_name,company_name,first_name,last_name,email,phone,external_id"
PAGE = "business,North Harbor Facilities,North Harbor Facilities,Nora,Harbor,ops@harbor.example,+1-404-555-0128,CRM-1"
OPS = {"account_type": "business", "email": "ops@harbor.example", "phone": "+1-404-555-0128"}
TAKEN = {"path": "email", "message": "Customer email already exists in this organization"}
TAKEN_ID = {"path": "external_id", "message": "Customer external_id already exists in this organization"}
NOBODY = "00000000-0000-4000-8000-000000000000"
LONG = "a" * 256


class Result(dict[str, Any]):
    """What an import printed as JSON, and what it said on standard error."""

    said = ""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def of(caller: Caller) -> list[str]:
    return ["--organization", str(caller.organization.id)]


def import_text(caller: Caller, *arguments: str) -> tuple[str, str]:
    """Run the command; answer what it printed, and on standard error its failed rows and its last sentence."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command(
            "import_customers",
            *arguments,
            organization=caller.organization.id,
            stdout=out,
            stderr=errors,
            no_color=True,
        )
    except CommandError as error:
        errors.write(f"{error}\n")
    return out.getvalue(), errors.getvalue()


def import_rows(caller: Caller, sheet: Path, *rows: str, header: str = HEADER, options: tuple[str, ...] = ()) -> Result:
    """Import rows below a header; answer the JSON that the command prints."""
    sheet.write_text("\r\n".join([header, *rows, ""]), encoding="utf-8")
    out, errors = import_text(caller, str(sheet), "--json", *options)
    result = Result(json.loads(out))
    result.said = errors
    return result


def counts(created: int, skipped: int = 0, failed: int = 0) -> dict[str, int]:
    return {"created": created, "skipped": skipped, "failed": failed}


def counted(result: Result) -> dict[str, int]:
    return {name: result[name] for name in ("created", "skipped", "failed")}


def listed(caller: Caller) -> list[dict[str, Any]]:
    """Answer the fields of a create of all customers, as the API shows them, by e-mail."""
    data = caller.get(query={"expand": "profile", "limit": 100}).json()["data"]
    known = [{**customer, **customer["profile"]} for customer in data]
    fields = [{name: customer[name] for name in COLUMNS} for customer in known]
    return sorted(fields, key=lambda customer: customer["email"])


def test_a_row_becomes_the_customer_that_a_create_makes(owner: Caller, outsider: Caller, sheet: Path) -> None:
    import_rows(owner, sheet, PAGE)
    body = dict(zip(HEADER.split(","), PAGE.split(","), strict=True))
    assert outsider.post(body).status_code == 201
    assert listed(owner) == listed(outsider) == [body]


def test_all_that_a_save_computes_is_stored(owner: Caller, outsider: Caller, sheet: Path) -> None:
    row = {"account_type": "individual", "first_name": "Żoë", "email": "Ops@Käse.example", "phone": "404-555-0128"}
    import_rows(owner, sheet, ",".join(row.values()), header=",".join(row))
    outsider.post(row)
    imported, created = Customer.objects.of(owner.organization).get(), Customer.objects.of(outsider.organization).get()
    own = {"id", "organization_id", "created_at", "updated_at"}
    values = [{name: getattr(one, name) for name in loading.COLUMNS if name not in own} for one in (imported, created)]
    assert values[0] == values[1]
    assert imported.created_at == imported.updated_at
    assert imported.created_at.microsecond % 1000 == 0


def test_prints_exactly_these_keys_as_json(owner: Caller, sheet: Path) -> None:
    assert import_rows(owner, sheet, PAGE) == {"created": 1, "skipped": 0, "failed": 0, "errors": []}


def test_tells_people_what_became_of_the_rows(owner: Caller, sheet: Path) -> None:
    sheet.write_text(f"{HEADER}\n{PAGE}\nalien,,,,,nonsense,,\nbusiness,,,,,b@example.com,1,\n")
    out, errors = import_text(owner, str(sheet))
    assert out == "Created 1, skipped 0, failed 2.\n"
    assert errors.splitlines() == [
        "Row 3: account_type: Must be one of: individual, business; email: Invalid email address; phone: Required",
        "Row 4: phone: Invalid phone number",
        "2 rows failed.",
    ]


def test_a_whole_row_that_fails_is_named_without_a_column(owner: Caller, sheet: Path) -> None:
    sheet.write_text(f"{HEADER}\n{PAGE},more\n")
    assert import_text(owner, str(sheet))[1].splitlines()[0] == "Row 2: Has 9 cells, but the header 8"


def test_good_rows_are_imported_and_each_bad_one_is_named(owner: Caller, sheet: Path) -> None:
    result = import_rows(owner, sheet, "business,,,,,x,+1-404-555-0128,", PAGE, "business,,,,,b@example.com,,")
    assert counted(result) == counts(created=1, failed=2)
    assert result["errors"] == [
        {"row": 2, "issues": [{"path": "email", "message": "Invalid email address"}]},
        {"row": 4, "issues": [{"path": "phone", "message": "Required"}]},
    ]
    assert result.said == "2 rows failed.\n"


@pytest.mark.parametrize(
    "body",
    [
        {"display_name": "Nora"},
        {"account_type": "Business", "email": "ops@", "phone": "12"},
        {**OPS, "display_name": LONG, "company_name": LONG, "first_name": LONG, "last_name": LONG, "external_id": LONG},
        {**OPS, "email": f"{LONG}@example.com", "phone": "1" * 33},
        {**OPS, "first_name": "Nora\0", "last_name": "line\nbreak", "company_name": "a\u0085b"},
        {**OPS, "display_name": "\ufffd"},
    ],
    ids=["missing", "nonsense", "long", "long address", "controls", "broken UTF-8"],
)
def test_says_of_a_row_what_the_api_says_of_a_create(owner: Caller, sheet: Path, body: dict[str, str]) -> None:
    row = ",".join(f'"{value}"' for value in body.values())
    header = ",".join([*body, *(name for name in OPS if name not in body)])
    result = import_rows(owner, sheet, row, header=header)
    assert counted(result) == counts(created=0, failed=1)
    assert {issue["path"]: issue["message"] for issue in result["errors"][0]["issues"]} == issues(owner.post(body))


@pytest.mark.parametrize(
    "row",
    [
        PAGE,
        PAGE.replace("ops@harbor", "OPS@Harbor"),
        PAGE.replace("+1-404-555-0128", "(404) 555-0128"),
        PAGE.replace("North Harbor", " North Harbor", 1),
    ],
)
def test_the_same_customer_is_skipped_however_it_is_written(owner: Caller, sheet: Path, row: str) -> None:
    import_rows(owner, sheet, PAGE)
    assert import_rows(owner, sheet, row) == {**counts(created=0, skipped=1), "errors": []}


def test_the_same_row_twice_in_a_file_is_one_customer(owner: Caller, sheet: Path) -> None:
    assert counted(import_rows(owner, sheet, PAGE, PAGE)) == counts(created=1, skipped=1)
    assert len(listed(owner)) == 1


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        (PAGE.replace("Nora", "Ada"), [TAKEN, TAKEN_ID]),
        (PAGE.replace("CRM-1", ""), [TAKEN]),
        (PAGE.replace("CRM-1", "CRM-2"), [TAKEN]),
        (PAGE.replace("ops@harbor", "billing@harbor"), [TAKEN_ID]),
        (PAGE.replace("0128", "0129"), [TAKEN, TAKEN_ID]),
        (PAGE.replace("business", "individual"), [TAKEN, TAKEN_ID]),
    ],
)
@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "in an earlier row"])
def test_what_a_different_customer_holds_fails(
    owner: Caller, sheet: Path, row: str, faults: list[dict[str, str]], *, is_stored: bool
) -> None:
    if is_stored:
        import_rows(owner, sheet, PAGE)
    result = import_rows(owner, sheet, PAGE, row)
    assert counted(result) == counts(created=not is_stored, skipped=is_stored, failed=1)
    assert result["errors"] == [{"row": 3, "issues": faults}]


def test_one_row_between_two_holders_fails_for_the_one_who_differs(owner: Caller, sheet: Path) -> None:
    make_customer(owner.organization, **OPS, company_name="Harbor")
    make_customer(owner.organization, external_id="CRM-1")
    result = import_rows(owner, sheet, "business,Harbor,Harbor,,,ops@harbor.example,+1-404-555-0128,CRM-1")
    assert result["errors"] == [{"row": 2, "issues": [TAKEN, TAKEN_ID]}]


def test_what_another_organization_holds_does_not_matter(owner: Caller, outsider: Caller, sheet: Path) -> None:
    import_rows(owner, sheet, PAGE)
    assert counted(import_rows(outsider, sheet, PAGE)) == counts(created=1)


def test_two_without_an_external_id_are_two(owner: Caller, sheet: Path) -> None:
    rows = [f"business,b{number}@example.com,+1-404-555-0128," for number in range(2)]
    assert counted(import_rows(owner, sheet, *rows, header="account_type,email,phone,external_id")) == counts(created=2)


@pytest.mark.parametrize(
    "content",
    [
        b"account_type,email,phone\r\nbusiness,ops@harbor.example,+1-404-555-0128\r\n",
        b"\xef\xbb\xbfaccount_type,email,phone\r\nbusiness,ops@harbor.example,+1-404-555-0128",
        b"account_type;email;phone\nbusiness;ops@harbor.example;+1-404-555-0128\n",
        b"account_type\temail\tphone\nbusiness\tops@harbor.example\t+1-404-555-0128\n",
        b"account_type,email,phone\rbusiness,ops@harbor.example,+1-404-555-0128\r",
        b'"phone","email","account_type"\n"+1-404-555-0128","ops@harbor.example","business"\n',
        b" account_type , email ,phone\nbusiness , ops@harbor.example,'+1-404-555-0128 \n",
        b"account_type,email,phone,first_name,last_name\nbusiness,ops@harbor.example,+1-404-555-0128\n",
        b"account_type,email,phone\n\n,,\nbusiness,ops@harbor.example,+1-404-555-0128\n ,,\n\n",
    ],
    ids=["plain", "mark", "semicolons", "tabs", "old Mac", "other order", "blanks", "short row", "empty rows"],
)
def test_reads_what_spreadsheets_write(owner: Caller, sheet: Path, content: bytes) -> None:
    sheet.write_bytes(content)
    import_text(owner, str(sheet))
    nothing = dict.fromkeys(("company_name", "first_name", "last_name", "external_id"))
    assert listed(owner) == [{**OPS, **nothing, "display_name": "ops@harbor.example"}]


@pytest.mark.parametrize(
    ("cell", "text"),
    [("'=1+1", "=1+1"), ("=1+1", "=1+1"), ("''=1+1", "'=1+1"), ("'tis", "'tis"), ("a'=b", "a'=b")],
)
def test_takes_back_the_apostrophe_that_guards_a_cell(owner: Caller, sheet: Path, cell: str, text: str) -> None:
    import_rows(
        owner, sheet, f"business,{cell},a@example.com,'+1-404-555-0128", header="account_type,company_name,email,phone"
    )
    assert [(customer["company_name"], customer["phone"]) for customer in listed(owner)] == [(text, "+1-404-555-0128")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{PAGE},more,and more", "Has 10 cells, but the header 8"),
        (
            f"business,{'a' * 200_000},,,,a@example.com,+1-404-555-0100,",
            "Unreadable: field larger than field limit (131072)",
        ),
        ('business,"Nor"a,,,,a@example.com,+1-404-555-0100,', "Unreadable: ',' expected after '\"'"),
    ],
    ids=["too many cells", "a field without end", "a quote in the middle"],
)
def test_a_row_that_cannot_be_read_fails_and_the_next_ones_go_on(
    owner: Caller, sheet: Path, row: str, message: str
) -> None:
    result = import_rows(owner, sheet, row, PAGE)
    assert counted(result) == counts(created=1, failed=1)
    assert result["errors"] == [{"row": 2, "issues": [{"path": "", "message": message}]}]


def test_a_quote_that_is_never_closed_fails(owner: Caller, sheet: Path) -> None:
    result = import_rows(owner, sheet, PAGE, 'business,"Nora,,,,a@example.com,+1-404-555-0100,')
    assert result["errors"] == [{"row": 3, "issues": [{"path": "", "message": "Unreadable: unexpected end of data"}]}]


def test_rows_are_numbered_as_in_a_spreadsheet(owner: Caller, sheet: Path) -> None:
    rows = ['business,"two\nlines",,,,b@example.com,+1-404-555-0100,', "", "business,,,,,,+1-404-555-0128,"]
    assert [error["row"] for error in import_rows(owner, sheet, *rows)["errors"]] == [2, 4]


COLUMNS_ARE = f" The columns are {', '.join(COLUMNS)}; account_type, email, phone are required."


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "The header lacks account_type, email, phone."),
        ("account_type,email", "The header lacks phone."),
        ("account_type,email,phone,colour,size", "The header has unknown columns colour, size."),
        ("account_type,email,phone,,", "The header has unknown columns a column without a name."),
        ("account_type,email,email,phone,phone", "The header repeats email, phone."),
        ("account_type,email,Phone", "The header has unknown columns Phone, and lacks phone."),
        (PAGE, "The first row is no header."),
        ('account_type,"email"s,phone', "The header is unreadable: ',' expected after '\"'."),
    ],
)
def test_a_header_that_is_none_is_refused_in_a_sentence(owner: Caller, sheet: Path, header: str, sentence: str) -> None:
    sheet.write_text(f"{header}\n{PAGE}\n" if header else "")
    ending = "" if "unreadable" in sentence else COLUMNS_ARE
    assert import_text(owner, str(sheet)) == ("", f"{sheet}: {sentence}{ending}\n")
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file or directory."),
        (f"{HEADER}\n{PAGE}\n".encode("utf-16"), "not UTF-8. Save it as CSV in UTF-8."),
        (f"{HEADER}\n{PAGE}\nbusiness,Käse".encode("latin-1"), "not UTF-8. Save it as CSV in UTF-8."),
    ],
    ids=["missing", "UTF-16", "Latin-1"],
)
def test_a_file_that_cannot_be_read_is_said_in_a_sentence(
    owner: Caller, sheet: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        sheet.write_bytes(content)
    assert import_text(owner, str(sheet), "--json") == ("", f"{sheet}: {sentence}\n")


def test_a_folder_is_no_file(owner: Caller, tmp_path: Path) -> None:
    assert import_text(owner, str(tmp_path)) == ("", f"{tmp_path}: Is a directory.\n")


def test_an_organization_that_does_not_exist_is_said(db: None, sheet: Path) -> None:
    with pytest.raises(CommandError, match=f"There is no organization with the id {NOBODY}."):
        call_command("import_customers", str(sheet), organization=NOBODY)


def test_what_was_stored_before_an_import_stops_stays_and_is_said(
    owner: Caller, sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH", 1)
    rows = f"{HEADER}\n{PAGE}\nbusiness,,,,,b@example.com,+1-404-555-0100,\n"
    sheet.write_bytes(rows.encode() + b"\n" * 10_000 + b"\xff")  # what is read at once ends before the broken byte
    said = f"{sheet}: not UTF-8. Save it as CSV in UTF-8. 2 customers created before that; run it again to go on.\n"
    assert import_text(owner, str(sheet)) == ("", said)
    assert len(listed(owner)) == 2


@pytest.mark.parametrize("batch", [1, 2, 5_000])
def test_a_dry_run_says_what_a_run_does_and_changes_nothing(
    owner: Caller, sheet: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(loading, "BATCH", batch)
    make_customer(owner.organization, email="held@example.com")
    held, other = "business,,,,,held@example.com,+1-404-555-0100,", "business,,,,,b@example.com,+1-404-555-0100,"
    rows = [PAGE, held, PAGE, "x,,,,,,,", PAGE.replace("Nora", "Ada"), other, other, PAGE.replace("ops@", "it@")]
    rehearsed = import_rows(owner, sheet, *rows, options=("--dry-run",))
    assert Customer.objects.count() == 1
    assert rehearsed == import_rows(owner, sheet, *rows)
    assert counted(rehearsed) == counts(created=2, skipped=2, failed=4)


def test_a_dry_run_tells_people_that_it_was_one(owner: Caller, sheet: Path) -> None:
    sheet.write_text(f"{HEADER}\n{PAGE}\n")
    assert import_text(owner, str(sheet), "--dry-run") == ("Would have created 1, skipped 0, failed 0.\n", "")


@pytest.mark.parametrize("batch", [1, 2, 3, 4])
def test_every_row_is_imported_whatever_the_batches(
    owner: Caller, sheet: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(loading, "BATCH", batch)
    rows = [f"business,,,,,b{number}@example.com,+1-404-555-0128," for number in range(3)]
    assert counted(import_rows(owner, sheet, *rows)) == counts(created=3)
    assert len(listed(owner)) == 3


def test_imported_customers_stand_in_the_feed(owner: Caller, sheet: Path) -> None:
    import_rows(owner, sheet, PAGE)
    entries = owner.get(f"{CUSTOMERS}/changes").json()["data"]
    assert [(entry["type"], entry["customer"]["email"]) for entry in entries] == [("customer.created", OPS["email"])]


class Late(Shelf):
    """Comes too late: somebody creates a customer through the API between a look at who is there and the storing."""

    def __init__(self, caller: Caller, body: dict[str, str]) -> None:
        super().__init__(caller.organization)
        self.others = iter([(caller, body)])

    def add(self, records: list[Record]) -> list[Record]:
        for caller, body in self.others:
            assert caller.post(body).status_code == 201
        return super().add(records)


@pytest.mark.parametrize(("name", "expected"), [("Harbor", counts(1, skipped=1)), ("Else", counts(1, failed=1))])
def test_a_row_that_somebody_else_is_quicker_with_does_not_lose_the_others(
    owner: Caller, name: str, expected: dict[str, int]
) -> None:
    refused: list[Any] = []
    work = Import(Late(owner, {**OPS, "company_name": name}), lambda row, issues: refused.append((row, issues)))
    rows = [Row(2, {**OPS, "company_name": "Harbor"}), Row(3, {**OPS, "email": "b@example.com"})]
    assert [vars(outcome) for outcome in work.run(rows)] == [expected]
    assert refused == ([(2, [TAKEN])] if expected["failed"] else [])


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_create_each_customer_once(owner: Caller, tmp_path: Path) -> None:
    rows = [f"business,,,,,b{number}@example.com,+1-404-555-0128," for number in range(400)]
    files = [tmp_path / name for name in ("there.csv", "back.csv")]

    def import_one(file: Path, ordered: list[str]) -> dict[str, int]:
        try:
            return counted(import_rows(owner, file, *ordered))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(import_one, files, [rows, rows[::-1]]))
    assert [sum(result.values()) for result in results] == [400, 400]
    assert [sum(result[name] for result in results) for name in results[0]] == [400, 400, 0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_committed", [False, True], ids=["in the midst of the third batch", "behind its commit"])
def test_an_import_that_is_interrupted_keeps_whole_batches_and_says_how_much(
    owner: Caller, sheet: Path, monkeypatch: pytest.MonkeyPatch, *, is_committed: bool
) -> None:
    monkeypatch.setattr(loading, "BATCH", 2)
    sheet.write_text("\n".join([HEADER, *(f"business,,,,,b{n}@example.com,+1-404-555-0128" for n in range(7))]))
    with interrupted_at(3, is_committed=is_committed):
        out, errors = import_text(owner, str(sheet))
    stored = 6 if is_committed else 4
    assert (out, errors) == ("", f"Interrupted. {stored} customers created before that; run it again to go on.\n")
    assert owner.get().json()["pagination"]["count"] == stored


@pytest.mark.django_db(transaction=True)
def test_a_database_that_refuses_is_said_in_a_sentence(owner: Caller, sheet: Path) -> None:
    sheet.write_text(f"{HEADER}\n{PAGE}\n")
    setting = "PRAGMA query_only =" if connection.vendor == "sqlite" else "SET default_transaction_read_only ="
    with connection.cursor() as cursor:
        cursor.execute(f"{setting} on")
        out, errors = import_text(owner, str(sheet))
        cursor.execute(f"{setting} off")
    assert out == ""
    assert re.fullmatch(r"The database refused: .*(readonly|read-only).*\.\n", errors)
    assert not Customer.objects.exists()


def test_a_pipe_can_be_imported(owner: Caller, sheet: Path) -> None:
    os.mkfifo(sheet)
    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(sheet.write_text, f"{HEADER}\n{PAGE}\n")
        assert import_text(owner, str(sheet)) == ("Created 1, skipped 0, failed 0.\n", "")
        written.result(timeout=120)


def test_a_terminal_shows_how_far_it_is_and_the_failed_rows_above(owner: Caller, sheet: Path) -> None:
    sheet.write_text(f"{HEADER}\n{PAGE}\nx,,,,,,,\n")
    with terminal() as shown, pytest.raises(CommandError, match="1 row failed"):
        call_command("import_customers", str(sheet), *of(owner), stdout=io.StringIO())
    assert "\rRow 3: account_type: " in shown.text
    assert "100%" in shown.text


def test_more_errors_than_fit_in_memory_are_printed_all(
    owner: Caller, sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_customers, "IN_MEMORY", 100)
    result = import_rows(owner, sheet, *["business,,,,,,+1-404-555-0128,Käse"] * 50)
    assert [error["row"] for error in result["errors"]] == list(range(2, 52))


def test_help_has_an_example() -> None:
    help_text = import_customers.Command().create_parser("manage.py", "import_customers").format_help()
    assert "Example:\n  manage.py import_customers customers.csv --organization UUID --dry-run\n" in help_text
