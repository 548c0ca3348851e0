"""Importing a sheet in the admin: looked at, then imported part by part, its bad rows named."""

import csv
import json
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from customers import staging
from customers.models import Customer, SheetPart, StoredSheet
from tests.callers import Caller
from tests.factories import make_customer, make_organization

IMPORT = "/admin/customers/customer/import/"
HEADER = "account_type,company_name,email,phone,external_id"
GOOD = [f"business,Harbor {number},ops-{number}@example.com,404-555-01{number:02},crm-{number}" for number in range(5)]
BAD = "business,Harbor,nobody,12,"


def sheet(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def upload(admin_client: Client, caller: Caller, content: bytes, name: str = "harbor.csv") -> Any:
    file = BytesIO(content)
    file.name = name
    return admin_client.post(IMPORT, {"organization": str(caller.organization.pk), "file": file})


def stored(admin_client: Client, caller: Caller, *rows: str) -> StoredSheet:
    response = upload(admin_client, caller, sheet(*rows))
    assert response.status_code == 302, response.context["form"].errors
    return StoredSheet.objects.get(pk=response.url.rstrip("/").rpartition("/")[2])


def press(admin_client: Client, kept: StoredSheet, action: str) -> StoredSheet:
    assert admin_client.post(f"{IMPORT}{kept.pk}/{action}/").status_code == 302
    return StoredSheet.objects.get(pk=kept.pk)


def to_the_end(admin_client: Client, kept: StoredSheet) -> StoredSheet:
    while kept.is_under_way:
        kept = press(admin_client, kept, "go-on")
    return kept


def numbers(kept: StoredSheet) -> tuple[int, int, int]:
    return kept.created, kept.skipped, kept.failed


def shown(admin_client: Client, kept: StoredSheet) -> str:
    return " ".join(admin_client.get(f"{IMPORT}{kept.pk}/").content.decode().split())


def bad_rows(admin_client: Client, kept: StoredSheet) -> list[dict[str, str]]:
    response = admin_client.get(f"{IMPORT}{kept.pk}/bad-rows.csv")
    assert "no-store" in response.headers["Cache-Control"]
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))  # type: ignore[attr-defined]


@pytest.fixture(params=[2, staging.PART])
def part(request: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows a part has: few, so that there are several, and as many as there really are."""
    monkeypatch.setattr(staging, "PART", request.param)
    return int(request.param)


def test_a_sheet_is_looked_at_then_imported(admin_client: Client, owner: Caller, part: int) -> None:
    make_customer(owner.organization, email="ops-4@example.com")
    kept = to_the_end(admin_client, stored(admin_client, owner, *GOOD, GOOD[0], BAD, GOOD[1].replace("1,", "7,")))
    assert (kept.is_checked, numbers(kept)) == (True, (4, 1, 3))
    assert Customer.objects.count() == 1
    page = shown(admin_client, kept)
    assert "Import the good rows" in page
    assert "<td>email: Invalid email address; phone: Invalid phone number</td>" in page
    assert "<td>ops-0@example.com</td>" in page
    kept = to_the_end(admin_client, press(admin_client, kept, "start"))
    assert (kept.is_imported, numbers(kept)) == (True, (4, 1, 3))
    assert owner.get().json()["pagination"]["count"] == 5
    assert "Imported." in shown(admin_client, kept)


def test_bad_rows_are_downloaded_corrected_and_imported(admin_client: Client, owner: Caller, part: int) -> None:
    kept = to_the_end(admin_client, stored(admin_client, owner, GOOD[0], "business,=1+1,nobody,+1-404-555-0128,crm-9"))
    kept = to_the_end(admin_client, press(admin_client, kept, "start"))
    (bad,) = bad_rows(admin_client, kept)
    assert (bad["row"], bad["problem"], bad["company_name"]) == ("3", "email: Invalid email address", "'=1+1")
    again = upload(
        admin_client, owner, sheet(",".join({**bad, "email": "ops@example.com"}.values()), header=",".join(bad))
    )
    kept = StoredSheet.objects.get(pk=again.url.rstrip("/").rpartition("/")[2])
    assert numbers(press(admin_client, kept, "start")) == (1, 0, 0)
    assert Customer.objects.get(external_id="crm-9").company_name == "=1+1"


def test_importing_again_skips_what_is_there(admin_client: Client, owner: Caller) -> None:
    for expected in ((5, 0, 0), (0, 5, 0)):
        kept = press(admin_client, stored(admin_client, owner, *GOOD), "start")
        assert numbers(kept) == expected
    assert Customer.objects.count() == 5


def test_pressing_twice_counts_once(admin_client: Client, owner: Caller) -> None:
    kept = stored(admin_client, owner, *GOOD)
    for action in ("start", "start", "go-on", "start"):
        kept = press(admin_client, kept, action)
    assert numbers(kept) == (5, 0, 0)


def test_an_import_does_not_begin_before_all_is_looked_at(
    admin_client: Client, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "PART", 1)
    kept = press(admin_client, stored(admin_client, owner, *GOOD), "start")
    assert (kept.phase, kept.done) == ("check", 2)
    assert Customer.objects.count() == 0


def test_a_page_says_how_far_it_is(admin_client: Client, owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "PART", 2)
    kept = stored(admin_client, owner, *GOOD)
    page = shown(admin_client, kept)
    assert "Looking at the rows: 1 of 3 parts done." in page
    assert 'value="1" max="3"' in page
    kept = press(admin_client, to_the_end(admin_client, kept), "start")
    assert "Importing: 1 of 3 parts done." in shown(admin_client, kept)
    assert "harbor.csv" in admin_client.get(IMPORT).content.decode()


def test_rows_are_gone_once_they_are_imported(admin_client: Client, owner: Caller) -> None:
    kept = press(admin_client, stored(admin_client, owner, *GOOD, BAD), "start")
    part = SheetPart.objects.get(sheet=kept)
    assert "ops-1@example.com" not in f"{part.rows}{part.claims}{part.faults}"
    assert json.loads(part.faults)[0][0] == 7


def test_only_some_bad_rows_are_shown(admin_client: Client, owner: Caller) -> None:
    kept = stored(admin_client, owner, *[BAD] * 60)
    assert "The first 50; the download names all 60." in shown(admin_client, kept)
    assert len(bad_rows(admin_client, kept)) == 60


def test_a_forgotten_sheet_is_gone(admin_client: Client, owner: Caller) -> None:
    kept = stored(admin_client, owner, *GOOD)
    assert admin_client.post(f"{IMPORT}{kept.pk}/discard/").status_code == 302
    assert not SheetPart.objects.exists()
    assert admin_client.get(f"{IMPORT}{kept.pk}/").status_code == 404


def test_nobody_sees_anybody_elses_sheet(admin_client: Client, client: Client, owner: Caller) -> None:
    kept = stored(admin_client, owner, *GOOD)
    client.force_login(User.objects.create_superuser("another"))
    answers = [client.get(f"{IMPORT}{kept.pk}/{path}").status_code for path in ("", "bad-rows.csv")]
    answers += [client.post(f"{IMPORT}{kept.pk}/{path}/").status_code for path in ("go-on", "start", "discard")]
    assert answers == [404] * 5
    assert "harbor.csv" not in client.get(IMPORT).content.decode()


@pytest.mark.parametrize("action", ["go-on", "start", "discard"])
def test_nothing_is_done_by_following_a_link(admin_client: Client, owner: Caller, action: str) -> None:
    kept = stored(admin_client, owner, *GOOD)
    assert admin_client.get(f"{IMPORT}{kept.pk}/{action}/").status_code == 405


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The submitted file is empty."),
        (b"\xff\xfe\x00", "harbor.csv: not UTF-8. Save it as CSV in UTF-8."),
        (sheet(*GOOD) + b"business,Caf\xe9,,,\r\n", "harbor.csv: not UTF-8. Save it as CSV in UTF-8."),
        (b"Harbor,404-555-0128\r\n", "The first row is no header."),
        (b"\r\n", "The header lacks account_type, email, phone."),
        (sheet(header=f"{HEADER},fax"), "has unknown columns fax."),
        (sheet(header=f"{HEADER},email"), "The header repeats email."),
        (sheet(), "There is nothing below its header."),
        (sheet(",,,,"), "There is nothing below its header."),
        (b'"' + b"x" * 200_000, "The header is unreadable"),
    ],
)
def test_a_file_that_is_no_sheet_is_an_error_of_the_form(
    admin_client: Client, owner: Caller, content: bytes, message: str
) -> None:
    response = upload(admin_client, owner, content)
    assert message in str(response.context["form"].errors["file"])
    assert not StoredSheet.objects.exists()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("business,Har\0bor,ops@example.com,,", "company_name: Must not contain control characters; phone: Required"),
        (f"business,{'x' * 200_000},,,", "Unreadable: field larger than field limit (131072)"),
        ("business,a,b,c,d,e", "Has 6 cells, but the header 5"),
        ('business,"Harbor" & Sons,ops@example.com,404-555-0128,', "Unreadable: ',' expected after '\"'"),
        ("<script>alert(1)</script>,,a@b.co,404-555-0128,", "account_type: Must be one of: individual, business"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_and_the_others_are_imported(
    admin_client: Client, owner: Caller, row: str, problem: str
) -> None:
    kept = stored(admin_client, owner, GOOD[0], row, GOOD[1])
    assert "<script>alert(1)" not in shown(admin_client, kept)
    assert [bad["problem"] for bad in bad_rows(admin_client, kept)] == [problem]
    assert numbers(press(admin_client, kept, "start")) == (2, 0, 1)


@pytest.mark.parametrize("organization", ["", "nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_file_needs_an_organization(admin_client: Client, db: None, organization: str) -> None:
    file = BytesIO(sheet(*GOOD))
    response = admin_client.post(IMPORT, {"organization": organization, "file": file})
    assert "organization" in response.context["form"].errors


def test_the_organization_of_the_list_is_chosen_already(admin_client: Client, owner: Caller) -> None:
    page = admin_client.get(IMPORT, {"organization": str(owner.organization.pk)})
    assert f'value="{owner.organization.pk}" selected' in page.content.decode()


@pytest.mark.parametrize("length", ["", "nonsense", str(staging.MAX_BYTES + 100_000)])
def test_a_file_that_is_too_large_is_not_read(admin_client: Client, db: None, length: str) -> None:
    response = admin_client.generic("POST", IMPORT, b"x", "multipart/form-data; boundary=x", CONTENT_LENGTH=length)
    assert response.status_code == 302
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "A file may have at most 20 MB. Split it."
    ]


def test_too_many_rows_are_told(admin_client: Client, owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MAX_ROWS", 3)
    assert "It has more than 3 rows." in str(upload(admin_client, owner, sheet(*GOOD)).context["form"].errors)


def test_an_upload_from_elsewhere_is_forged(admin_user: User, owner: Caller) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert upload(strict, owner, sheet(*GOOD)).status_code == 403
    assert not StoredSheet.objects.exists()


def test_sheets_are_forgotten_after_a_day(admin_client: Client, owner: Caller) -> None:
    old, _ = (stored(admin_client, owner, *GOOD) for _ in range(2))
    StoredSheet.objects.filter(pk=old.pk).update(stored_at=timezone.now() - timedelta(hours=24, minutes=1))
    out = StringIO()
    call_command("prune", "--json", stdout=out)
    assert json.loads(out.getvalue())["stored_sheets"] == 1
    assert [(str(kept), str(part)) for kept in [StoredSheet.objects.get()] for part in kept.pieces.all()] == [
        ("harbor.csv", "harbor.csv, part 0")
    ]


def test_another_organizations_customers_are_no_duplicates(admin_client: Client, owner: Caller) -> None:
    make_customer(make_organization(), email="ops-0@example.com")
    assert numbers(stored(admin_client, owner, GOOD[0])) == (1, 0, 0)
