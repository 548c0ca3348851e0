"""Cursors: good for what they were made for, to the last bit, and for nothing else."""

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asteri.api.pagination import Position
from customers.models import AccountType
from tests.callers import Caller
from tests.factories import make_customer

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POSITION = Position(datetime(2026, 3, 18, 15, 40, 12, tzinfo=UTC), UUID("8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3"))
SCOPE = "a list"
BITS = 40 * 8  # of a cursor: time, id, MAC
REFUSAL = {"error": "Invalid query parameters", "issues": [{"path": "cursor", "message": "Invalid cursor"}]}
bounded = settings(max_examples=200, deadline=None, database=None)
positions = st.builds(Position, st.datetimes(timezones=st.just(UTC)), st.uuids())


@pytest.fixture
def reader(owner: Caller) -> Caller:
    """Has four customers, two of them individuals."""
    for number in range(4):
        make_customer(owner.organization, account_type=AccountType.values[number % 2], first_name="Nora")
    return owner


def first_page(caller: Caller, **query: Any) -> tuple[list[str], str]:
    """Answer the ids of a page of one, and the cursor of the next."""
    page = caller.get(query={"limit": 1, **query}).json()
    return [customer["id"] for customer in page["data"]], page["pagination"]["next_cursor"]


def cursor_of(caller: Caller, **query: Any) -> str:
    """Answer the cursor that follows a page of one."""
    return first_page(caller, **query)[1]


def is_refused(caller: Caller, **query: Any) -> bool:
    """Whether the list answers 400 for the cursor and for nothing else."""
    response = caller.get(query=query)
    return (response.status_code, response.json()) == (400, REFUSAL)


def with_flipped_bit(cursor: str, position: int) -> str:
    """Answer the cursor with one bit of its bytes turned over."""
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=="))
    raw[position // 8] ^= 0x80 >> position % 8
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_unused_bits(cursor: str, bits: int) -> str:
    """Answer the cursor with some of the last character's four bits set, which stand for no byte."""
    return cursor[:-1] + ALPHABET[ALPHABET.index(cursor[-1]) | bits]


def test_a_cursor_leads_to_the_next_page(reader: Caller) -> None:
    met, cursor = first_page(reader)
    response = reader.get(query={"cursor": cursor})
    assert response.status_code == 200
    assert len({*met, *(customer["id"] for customer in response.json()["data"])}) == 4


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_cursor_is_good_with_another_limit(reader: Caller, limit: int) -> None:
    cursor = cursor_of(reader, limit=2)
    response = reader.get(query={"cursor": cursor, "limit": limit})
    assert (response.status_code, len(response.json()["data"])) == (200, min(limit, 2))


def test_a_cursor_is_good_more_than_once(reader: Caller) -> None:
    query = {"cursor": cursor_of(reader)}
    assert reader.get(query=query).content == reader.get(query=query).content
    assert reader.get(query=query).status_code == 200


def test_a_cursor_is_good_for_every_key_of_its_organization(reader: Caller, colleague: Caller) -> None:
    assert colleague.get(query={"cursor": cursor_of(reader)}).status_code == 200


@pytest.mark.parametrize(
    ("made", "used"),
    [({}, {"order": "-created_at"}), ({"order": "-created_at"}, {})],
    ids=["default then named", "named then default"],
)
def test_a_cursor_is_good_for_its_order_whether_named_or_default(
    reader: Caller, made: dict[str, str], used: dict[str, str]
) -> None:
    assert reader.get(query={**used, "cursor": cursor_of(reader, **made)}).status_code == 200


def test_a_cursor_is_good_whatever_the_order_of_the_parameters(reader: Caller) -> None:
    cursor = cursor_of(reader, search="nora", created_after="2026-01-01")
    query = {"cursor": cursor, "created_after": "2026-01-01", "search": "nora"}
    assert reader.get(query=query).status_code == 200


@pytest.mark.parametrize("position", [0, 7, 63, 64, 127, 191, 192, 255, 318, 319])
def test_refuses_a_cursor_with_one_bit_flipped(reader: Caller, position: int) -> None:
    assert is_refused(reader, cursor=with_flipped_bit(cursor_of(reader), position))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 15])
def test_refuses_a_cursor_with_unused_bits_set(reader: Caller, bits: int) -> None:
    assert is_refused(reader, cursor=with_unused_bits(cursor_of(reader), bits))


@pytest.mark.parametrize("length", [1, 2, 4, 32, 52, 53])
def test_refuses_a_truncated_cursor(reader: Caller, length: int) -> None:
    cursor = cursor_of(reader)
    assert is_refused(reader, cursor=cursor[:length])
    assert is_refused(reader, cursor=cursor[-length:])


@pytest.mark.parametrize("form", ["{}==", "{}=", "{}A", "A{}", "{} ", " {}", "{}{}", '"{}"', "{}.", "%{}"])
def test_refuses_a_padded_cursor(reader: Caller, form: str) -> None:
    cursor = cursor_of(reader)
    assert is_refused(reader, cursor=form.format(cursor, cursor))


def test_refuses_a_forged_cursor(reader: Caller) -> None:
    raw = base64.urlsafe_b64decode(cursor_of(reader) + "==")
    for proof in (bytes(16), b"\xff" * 16, uuid4().bytes):
        forged = base64.urlsafe_b64encode(raw[:24] + proof).rstrip(b"=").decode()
        assert is_refused(reader, cursor=forged)


def test_refuses_a_cursor_whose_proof_is_anothers(reader: Caller) -> None:
    first = cursor_of(reader)
    second = cursor_of(reader, cursor=first)
    position, proof = (base64.urlsafe_b64decode(f"{cursor}==") for cursor in (first, second))
    mixed = base64.urlsafe_b64encode(position[:24] + proof[24:]).rstrip(b"=").decode()
    assert is_refused(reader, cursor=mixed)


def test_refuses_a_cursor_of_another_organization(reader: Caller, outsider: Caller) -> None:
    assert is_refused(outsider, cursor=cursor_of(reader))


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ({}, {"order": "created_at"}),
        ({"order": "created_at"}, {}),
        ({}, {"account_type": "business"}),
        ({"account_type": "business"}, {}),
        ({"account_type": "business"}, {"account_type": "individual"}),
        ({"search": "nora"}, {"search": "company"}),
        ({"search": "nora"}, {"search": "nora", "account_type": "business"}),
        ({"phone": "404-555-0128"}, {"search": "404-555-0128"}),
        ({"created_after": "2026-01-01"}, {"created_after": "2026-01-02"}),
        ({}, {"created_before": "2999-01-01"}),
        ({}, {"email": "ops@harbor.example"}),
    ],
)
def test_refuses_a_cursor_of_another_order_or_other_filters(
    reader: Caller, made: dict[str, str], used: dict[str, str]
) -> None:
    assert is_refused(reader, **used, cursor=cursor_of(reader, **made))


def test_a_refused_cursor_is_named_beside_other_faults(reader: Caller) -> None:
    response = reader.get(query={"cursor": "x", "limit": 0})
    assert {issue["path"] for issue in response.json()["issues"]} == {"cursor", "limit"}


def test_an_empty_cursor_is_refused(reader: Caller) -> None:
    response = reader.get(query={"cursor": ""})
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json()["issues"]] == ["cursor"]


def test_a_cursor_has_one_form() -> None:
    cursor = POSITION.encode(SCOPE)
    others = [with_flipped_bit(cursor, position) for position in range(BITS)]
    others += [with_unused_bits(cursor, bits) for bits in range(1, 16)]
    assert Position.decode(cursor, SCOPE) == POSITION
    assert [other for other in others if Position.decode(other, SCOPE)] == []


@bounded
@given(position=positions, scope=st.text())
def test_a_cursor_is_read_as_it_was_written(position: Position, scope: str) -> None:
    assert Position.decode(position.encode(scope), scope) == position


@bounded
@given(position=positions, scope=st.text(), other=st.text())
def test_a_cursor_is_good_in_its_scope_alone(position: Position, scope: str, other: str) -> None:
    decoded = Position.decode(position.encode(scope), other)
    assert decoded == (position if scope == other else None)


@bounded
@given(text=st.text() | st.text(ALPHABET, min_size=54, max_size=54) | st.from_regex(r"[A-Za-z0-9_-]{54}\n?"))
def test_no_text_that_was_not_made_here_is_a_cursor(text: str) -> None:
    assert Position.decode(text, SCOPE) is None
