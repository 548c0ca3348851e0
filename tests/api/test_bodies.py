"""Bodies: JSON, read strictly; every other one is refused in the contract's words."""

import io
import json
import sys
import unicodedata
from typing import Any

import pytest

from asteri.api.query import has_controls
from customers.models import Customer
from tests.callers import Caller, encoded

CUSTOMER = {"account_type": "business", "email": "ops@example.com", "phone": "+1-404-555-0128"}
GOOD = json.dumps(CUSTOMER)[1:-1].encode()  # its members, without the braces
LIMIT = 64 * 1024
TEXT_FIELDS = ["display_name", "company_name", "first_name", "last_name", "email", "phone"]


def refusal(message: str, path: str = "") -> dict[str, Any]:
    """Answer the 400 of a body with one fault."""
    return {"error": "Invalid request payload", "issues": [{"path": path, "message": message}]}


MALFORMED, DEEP = refusal("Malformed JSON"), refusal("Must be nested at most 32 levels deep")
LARGE, NO_OBJECT = refusal("Must be at most 64 KiB"), refusal("Must be an object")
UNKNOWN = refusal("Unknown field", "x")


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """Answer a customer with one unknown field, so that arrays or objects nest `depth` deep in all."""
    return b'{"x": ' + opening * (depth - 1) + b"0" + closing * (depth - 1) + b", " + GOOD + b"}"


def padded(size: int) -> bytes:
    """Answer a good body of exactly that many bytes."""
    return (b"{" + GOOD + b"}").ljust(size)


MALFORMED_BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t",
    "brace": b"{",
    "cut": b"{" + GOOD,
    "cut in a string": b"{" + GOOD[:-1],
    "two objects": b"{} {}",
    "text after": b"{" + GOOD + b"} x",
    "trailing comma": b"{" + GOOD + b",}",
    "no comma": b'{"a": 1 "b": 2}',
    "no colon": b'{"a" 1}',
    "single quotes": b"{'a': 1}",
    "bare key": b"{a: 1}",
    "number as key": b"{1: 1}",
    "comment": b"{/* */}",
    "line comment": b"{} // all",
    "form": b"account_type=business",
    "html": b"<customer/>",
    "BOM": b"\xef\xbb\xbf{" + GOOD + b"}",
    "UTF-16": ("{" + GOOD.decode() + "}").encode("utf-16"),
    "UTF-16 without BOM": ("{" + GOOD.decode() + "}").encode("utf-16-le"),
    "UTF-32": ("{" + GOOD.decode() + "}").encode("utf-32"),
    "form feed as blank": b"{\x0c}",
    "no-break space as blank": b"{\xc2\xa0}",
    "invalid UTF-8": b'{"x": "\xff"}',
    "cut UTF-8": b'{"x": "\xc3"}',
    "overlong UTF-8": b'{"x": "\xc0\xaf"}',
    "surrogate in UTF-8": b'{"x": "\xed\xa0\x80"}',
    "beyond Unicode": b'{"x": "\xf4\x90\x80\x80"}',
    "latin-1": '{"x": "é"}'.encode("latin-1"),
    "invalid UTF-8 in a key": b'{"\xff": 1}',
    "high surrogate": rb'{"x": "\ud800"}',
    "low surrogate": rb'{"x": "\udfff"}',
    "surrogates in the wrong order": rb'{"x": "\udc00\ud800"}',
    "surrogate in capitals": rb'{"x": "\uD83D"}',
    "surrogate in a key": rb'{"\ud800": 1}',
    "surrogate in a nested key": rb'{"x": [{"\udc00": 1}]}',
    "surrogate in a list": rb'{"x": ["\ud800"]}',
    "surrogate of a known field": rb'{"email": "\ud800@example.com"}',
    "raw NUL": b'{"x": "\x00"}',
    "raw newline": b'{"x": "\n"}',
    "raw tab": b'{"x": "\t"}',
    "raw control character": b'{"x": "\x1f"}',
    "NUL after": b"{}\x00",
    "unknown escape": rb'{"x": "\x41"}',
    "cut escape": rb'{"x": "\u00"}',
    "NaN": b'{"x": NaN}',
    "Infinity": b'{"x": Infinity}',
    "-Infinity": b'{"x": -Infinity}',
    "1e999": b'{"x": 1e999}',
    "-1e999": b'{"x": -1e999}',
    "a float of 5000 digits": b'{"x": ' + b"9" * 5000 + b".0}",
    "an integer of 5000 digits": b'{"x": ' + b"9" * 5000 + b"}",
    "a negative integer of 5000 digits": b'{"x": -' + b"9" * 5000 + b"}",
    "NaN alone": b"NaN",
    "leading zero": b'{"x": 01}',
    "leading plus": b'{"x": +1}',
    "leading point": b'{"x": .5}',
    "trailing point": b'{"x": 1.}',
    "hexadecimal": b'{"x": 0x10}',
    "full-width digits": '{"x": １}'.encode(),
    "True": b'{"x": True}',
    "undefined": b'{"x": undefined}',
    "more closed than opened": b"]" * 40 + b"[" * 33,
    "32 unclosed": b"[" * 32,
}


@pytest.mark.parametrize("name", MALFORMED_BODIES)
def test_a_malformed_body_is_refused(owner: Caller, name: str) -> None:
    response = owner.post(MALFORMED_BODIES[name], CONTENT_TYPE="application/json")
    assert (response.status_code, response.json()) == (400, MALFORMED)


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b'""', b'"{}"', b"0", b"-1.5", b"1e5", b"null", b"true", b"false"])
def test_a_body_that_is_no_object_is_refused(owner: Caller, body: bytes) -> None:
    response = owner.post(body)
    assert (response.status_code, response.json()) == (400, NO_OBJECT)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"{" + GOOD + b', "email": "other@example.com"}', "email"),
        (b"{" + GOOD + b', "email": "ops@example.com"}', "email"),
        (rb'{"x": 1, "\u0078": 1}', "x"),
        (b'{"": 1, "": 2}', ""),
        (b'{"x": {"y": 1, "y": 1}}', "y"),
        (b'{"x": [[{"y": 1}, {"z": 1, "z": 2}]]}', "z"),
        (b'[{"x": 1, "x": 1}]', "x"),
        ('{"ä": 1, "ä": 1}'.encode(), "ä"),
        (rb'{"\ud800": 1, "\ud800": 2}', "?"),
        (rb'{"a\u0000": 1, "a\u0000": 2}', "a\x00"),
    ],
)
def test_a_key_given_twice_is_refused(owner: Caller, body: bytes, name: str) -> None:
    response = owner.post(body)
    assert (response.status_code, response.json()) == (400, refusal("Duplicate field", name))


def test_keys_that_differ_in_case_or_form_are_no_duplicates(owner: Caller) -> None:
    response = owner.post(b"{" + GOOD + ', "\u00e4": 1, "a\u0308": 2}'.encode())
    assert [issue["message"] for issue in response.json()["issues"]] == ["Unknown field", "Unknown field"]


@pytest.mark.parametrize("escape", ["\\u0000", "\\u0001", "\\t", "\\n", "\\r", "\\u001b", "\\u007f", "\\u0085"])
@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_a_control_character_within_a_text_is_refused(owner: Caller, name: str, escape: str) -> None:
    members = {key: value for key, value in CUSTOMER.items() if key != name}
    body = json.dumps(members)[:-1] + f', "{name}": "4045550128{escape}a@example.com"}}'
    response = owner.post(body)
    expected = refusal("Must not contain control characters", name)
    assert (response.status_code, response.json()) == (400, expected)


@pytest.mark.parametrize("text", ["\x00", "\x00ops@example.com", "ops@example.com\x00"])
@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_a_nul_at_the_edge_of_a_text_is_refused(owner: Caller, name: str, text: str) -> None:
    response = owner.post({**CUSTOMER, name: text})
    expected = refusal("Must not contain control characters", name)
    assert (response.status_code, response.json()) == (400, expected)


@pytest.mark.parametrize(
    "body",
    [
        nested(33),
        nested(33, b'{"y": ', b"}"),
        nested(1_000),
        nested(1_000, b'{"y": ', b"}"),
        b"[" * 33,
        b"{" * 33,
        b"[" * 1_000,
        b"[" * 60_000,
        b"{" * 60_000,
        b'{"x":' * 10_000,
        b"[" * 30_000 + b"]" * 30_000,
        b"[{" * 30_000,
        b"\xff" + b"[" * 33,
        b"]" * 100 + b"[" * 200,
    ],
    ids=lambda body: f"{body[:16]!r} of {len(body)}",
)
def test_a_body_deeper_than_32_levels_is_refused(owner: Caller, body: bytes) -> None:
    response = owner.post(body)
    assert (response.status_code, response.json()) == (400, DEEP)


@pytest.mark.parametrize("body", [nested(32), nested(32, b'{"y": ', b"}")])
def test_a_body_of_32_levels_is_read(owner: Caller, body: bytes) -> None:
    response = owner.post(body)
    assert (response.status_code, response.json()) == (400, UNKNOWN)


def test_32_levels_in_a_known_field_are_of_the_wrong_type(owner: Caller) -> None:
    deep = b"[" * 31 + b"]" * 31
    response = owner.post(b"{" + GOOD.replace(b'"+1-404-555-0128"', deep) + b"}")
    assert (response.status_code, response.json()) == (400, refusal("Must be a string", "phone"))


def test_many_arrays_side_by_side_are_not_deep(owner: Caller) -> None:
    response = owner.post(b'{"x": [' + b"[], " * 1_000 + b"[]], " + GOOD + b"}")
    assert (response.status_code, response.json()) == (400, UNKNOWN)


@pytest.mark.parametrize("text", ["[" * 100, "{" * 100, '\\"' + "[" * 100, "\\\\", "[{" * 50 + "\\\\"])
def test_brackets_within_a_text_are_not_deep(owner: Caller, text: str) -> None:
    response = owner.post(f'{{"company_name": "{text}", "x": "{"[" * 40}", {GOOD.decode()}}}')
    assert (response.status_code, response.json()) == (400, UNKNOWN)


def test_a_text_full_of_brackets_is_stored_as_given(owner: Caller) -> None:
    response = owner.post({**CUSTOMER, "display_name": "[" * 100})
    assert (response.status_code, response.json()["data"]["display_name"]) == (201, "[" * 100)


def test_a_quote_after_a_backslash_hides_no_depth(owner: Caller) -> None:
    response = owner.post(rb'{"x": "\\", "y": ' + b"[" * 33 + b"]" * 33 + b"}")
    assert (response.status_code, response.json()) == (400, DEEP)


def test_brackets_after_an_endless_text_are_part_of_it(owner: Caller) -> None:
    body = b'{"x": "' + b"[" * 33
    response = owner.post(body + rb"\"" * ((LIMIT - len(body)) // 2))
    assert (response.status_code, response.json()) == (400, MALFORMED)


def test_a_body_of_escaped_quotes_is_answered(owner: Caller) -> None:
    body = b"[" * 33 + b'"'
    response = owner.post(body + rb"\"" * ((LIMIT - len(body)) // 2))
    assert (response.status_code, response.json()) == (400, DEEP)


@pytest.mark.parametrize("filling", [rb"\"", b'"', b"\\", b'"[', rb'\"["'])
def test_a_body_full_of_quotes_and_brackets_is_refused(owner: Caller, filling: bytes) -> None:
    body = b'"' + filling * ((LIMIT - 34) // len(filling)) + b"[" * 33
    response = owner.post(body)
    assert response.status_code == 400
    assert response.json() in (MALFORMED, DEEP)


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2, 3 * 1024 * 1024])
def test_a_body_over_64_kib_is_refused(owner: Caller, size: int) -> None:
    response = owner.post(padded(size))
    assert (response.status_code, response.json()) == (400, LARGE)


def test_a_body_of_exactly_64_kib_is_read(owner: Caller) -> None:
    response = owner.post(padded(LIMIT))
    assert (response.status_code, response.json()["data"]["email"]) == (201, "ops@example.com")


def test_a_refused_body_leaves_nothing_behind(owner: Caller) -> None:
    owner.post(b"{" + GOOD + b', "email": "other@example.com"}')
    assert not Customer.objects.exists()


UNSUPPORTED = [
    "",
    " ",
    "text/plain",
    "text/json",
    "text/html",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json+x",
    "application/problem+json",
    "application/jsonp",
    "application/json-seq",
    "application",
    "json",
    "*/*",
    "application/*",
    "application/json, text/plain",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    "application/json; charset=",
    'application/json; charset="utf-16"',
    "application/json; charset=utf-8; charset=utf-16",
]


@pytest.mark.parametrize("media_type", UNSUPPORTED)
def test_a_body_of_another_type_is_refused(owner: Caller, media_type: str) -> None:
    response = owner.post(CUSTOMER, content_type=media_type)
    assert (response.status_code, response.json()) == (415, {"error": "Unsupported media type"})


def test_no_body_and_no_type_is_refused(owner: Caller) -> None:
    response = owner.send("POST")
    assert (response.status_code, response.json()) == (415, {"error": "Unsupported media type"})


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate", "identity, gzip", "nonsense"])
def test_a_coded_body_is_refused(owner: Caller, coding: str) -> None:
    response = owner.post(CUSTOMER, headers={"content-encoding": coding})
    assert (response.status_code, response.json()) == (415, {"error": "Unsupported media type"})


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        " application/json ",
        "application/json;",
        "application/json; charset=UTF-8",
        "application/json;charset=utf-8",
        'application/json; charset="utf-8"',
        "application/json; version=1",
    ],
)
def test_json_is_read_however_its_type_is_written(owner: Caller, media_type: str) -> None:
    assert owner.post(CUSTOMER, content_type=media_type).status_code == 201


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_type_of_a_body_that_nobody_reads_is_not_judged(owner: Caller, method: str) -> None:
    assert owner.send(method, data=b"hello", content_type="text/plain").status_code == 200


class Breaking(io.BytesIO):
    """A stream whose sender goes away before its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if chunk := super().read(16):
            return chunk
        raise ConnectionResetError("The peer is gone.")


class Gone(io.BytesIO):
    """A stream whose sender is gone already."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("The peer is gone.")


class BadChunk(io.BytesIO):
    """A stream in which the server finds a malformed chunk, which is no OSError."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise ValueError("Invalid chunk size")


def send_chunked(caller: Caller, stream: io.BytesIO, **environ: Any) -> Any:
    """POST a body without a length, as a server hands it over that has taken its chunks apart."""
    environ = {"wsgi.input_terminated": True, "CONTENT_TYPE": "application/json", **environ}
    return caller.send("POST", headers={"transfer-encoding": "chunked"}, **{"wsgi.input": stream, **environ})


def test_a_chunked_body_is_read(owner: Caller) -> None:
    response = send_chunked(owner, io.BytesIO(encoded(CUSTOMER)))
    assert (response.status_code, response.json()["data"]["email"]) == (201, "ops@example.com")


def test_a_chunked_body_of_exactly_64_kib_is_read_in_full(owner: Caller) -> None:
    body = b"{" + GOOD + b', "display_name": "Last"}'
    response = send_chunked(owner, io.BytesIO(b" " * (LIMIT - len(body)) + body))
    assert (response.status_code, response.json()["data"]["display_name"]) == (201, "Last")


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * 1024 * 1024])
def test_a_chunked_body_over_64_kib_is_refused(owner: Caller, size: int) -> None:
    response = send_chunked(owner, io.BytesIO(padded(size)))
    assert (response.status_code, response.json()) == (400, LARGE)


def test_a_chunked_body_over_64_kib_is_not_read_to_its_end(owner: Caller) -> None:
    stream = io.BytesIO(padded(3 * 1024 * 1024))
    send_chunked(owner, stream)
    assert stream.tell() == LIMIT + 1


def test_an_empty_chunked_body_is_malformed(owner: Caller) -> None:
    response = send_chunked(owner, io.BytesIO())
    assert (response.status_code, response.json()) == (400, MALFORMED)


def test_a_chunked_body_of_another_type_is_refused(owner: Caller) -> None:
    response = send_chunked(owner, io.BytesIO(b"hello"), CONTENT_TYPE="text/plain")
    assert (response.status_code, response.json()) == (415, {"error": "Unsupported media type"})


def test_the_chunks_outweigh_a_length_beside_them(owner: Caller) -> None:
    response = send_chunked(owner, io.BytesIO(encoded(CUSTOMER)), CONTENT_LENGTH="5")
    assert response.status_code == 201


def test_a_chunked_body_is_refused_where_the_server_does_not_take_it_apart(owner: Caller) -> None:
    response = send_chunked(owner, io.BytesIO(encoded(CUSTOMER)), **{"wsgi.input_terminated": False})
    assert (response.status_code, response.json()) == (411, {"error": "Length required"})


@pytest.mark.parametrize("stream", [Gone, BadChunk])
def test_a_chunked_body_that_breaks_off_is_refused(owner: Caller, stream: type[io.BytesIO]) -> None:
    response = send_chunked(owner, stream(encoded(CUSTOMER)))
    assert (response.status_code, response.json()) == (400, refusal("Incomplete body"))


@pytest.mark.parametrize("stream", [Gone, BadChunk])
def test_a_body_with_a_length_that_breaks_off_is_refused(owner: Caller, stream: type[io.BytesIO]) -> None:
    body: dict[str, Any] = {"wsgi.input": stream(), "CONTENT_LENGTH": "100", "CONTENT_TYPE": "application/json"}
    response = owner.send("POST", **body)
    assert (response.status_code, response.json()) == (400, refusal("Incomplete body"))


def test_a_chunked_body_that_breaks_off_after_its_first_chunk_creates_nothing(owner: Caller) -> None:
    response = send_chunked(owner, Breaking(encoded(CUSTOMER)))
    assert response.status_code == 400
    assert not Customer.objects.exists()


@pytest.mark.parametrize("length", ["", "nonsense", "-1", "0", "1e3"])
def test_a_length_that_is_none_reads_no_body(owner: Caller, length: str) -> None:
    response = owner.post(CUSTOMER, CONTENT_LENGTH=length)
    assert (response.status_code, response.json()) == (400, MALFORMED)


def test_control_characters_are_those_that_unicode_calls_so_and_what_replaces_broken_utf_8() -> None:
    found = [code for code in range(sys.maxunicode + 1) if has_controls(f"a{chr(code)}z")]
    controls = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cc"]
    assert found == [*controls, 0xFFFD]
