"""Hostile input: whatever is sent, the answer is a refusal in JSON and no fault of ours."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apikeys.keys import PlainKey
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer

CUSTOMER = {"account_type": "business", "email": "ops@example.com", "phone": "+1-404-555-0128"}
LONG = "A" * 10_000
Change = str | Callable[[str], str]  # what stands there instead, or what becomes of it
Request = Callable[[Caller], dict[str, Any]]


def utf8(text: str) -> str:
    """Write a text as WSGI hands over its bytes in UTF-8."""
    return text.encode().decode("latin-1")


def changed(text: str, change: Change) -> str:
    """Apply a change to a good text."""
    return change if isinstance(change, str) else change(text)


def header(name: str, change: Change, *, instead: bool = False) -> Request:
    """Send the key, changed, in that header; `instead` of `x-api-key`."""

    def request(caller: Caller) -> dict[str, Any]:
        return {"headers": {"x-api-key": None if instead else caller.text, name: changed(caller.text, change)}}

    return request


def invented(prefix: str = "ast_live_") -> str:
    """Make a well-formed key that nobody holds."""
    return prefix + PlainKey.generate("live").text.removeprefix("ast_live_")


# What becomes of a valid key, in `x-api-key` and as the bearer token alike.
KEYS: dict[str, Change] = {
    "empty": "",
    "blank": " ",
    "cut": lambda key: key[:-1],
    "cut at the front": lambda key: key[1:],
    "halved": lambda key: key[: len(key) // 2],
    "public id alone": lambda key: key[:21],
    "prefix alone": lambda key: key[:9],
    "without prefix": lambda key: key[9:],
    "extended": lambda key: f"{key}0",
    "doubled": lambda key: key + key,
    "wrong checksum": lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
    "wrong secret": lambda key: key[:30] + ("0" if key[30] != "0" else "1") + key[31:],
    "wrong public id": lambda key: key[:9] + ("0" if key[9] != "0" else "1") + key[10:],
    "swapped letters": lambda key: key[:-6] + key[:-7:-1],
    "invented": invented(),
    "of the sandbox": lambda key: key.replace("live", "test"),
    "invented of the sandbox": invented("ast_test_"),
    "of another environment": lambda key: key.replace("live", "prod"),
    "of another company": lambda key: key.replace("ast_", "sk_"),
    "in capitals": lambda key: key.upper(),
    "prefix in capitals": lambda key: key.replace("ast_live", "AST_LIVE"),
    "in small letters": lambda key: key.swapcase(),
    "dashes": lambda key: key.replace("_", "-"),
    "hint": lambda key: utf8(f"{key[:21]}…"),
    "space within": lambda key: f"{key[:20]} {key[20:]}",
    "tab within": lambda key: f"{key[:20]}\t{key[20:]}",
    "newline within": lambda key: f"{key[:20]}\n{key[20:]}",
    "folded": lambda key: f"{key[:20]}\r\n {key[20:]}",
    "NUL within": lambda key: f"{key[:20]}\0{key[20:]}",
    "NUL after": lambda key: f"{key}\0",
    "NUL before": lambda key: f"\0{key}",
    "DEL after": lambda key: f"{key}\x7f",
    "escape before": lambda key: f"\x1b[0m{key}",
    "latin-1": lambda key: f"{key[:-1]}é",
    "UTF-8": lambda key: utf8(f"{key[:-1]}é"),
    "broken UTF-8": lambda key: f"{key[:-1]}\xff",
    "BOM": lambda key: utf8(f"\ufeff{key}"),
    "zero-width space": lambda key: utf8(f"{key}\u200b"),
    "full-width digit": lambda key: utf8(f"{key[:-1]}０"),
    "look-alike": lambda key: utf8(key.replace("a", "а", 1)),  # a Cyrillic a
    "long": LONG,
    "key and more": lambda key: key + LONG,
    "quoted": lambda key: f'"{key}"',
    "in single quotes": lambda key: f"'{key}'",
    "in angle brackets": lambda key: f"<{key}>",
    "encoded": lambda key: quote(key, safe="").replace("_", "%5F"),
    "comma after": lambda key: f"{key},",
    "comma before": lambda key: f",{key}",
    "semicolon after": lambda key: f"{key};",
    "twice": lambda key: f"{key}, {key}",
    "with another": lambda key: f"{key}, {invented()}",
    "after another": lambda key: f"{invented()},{key}",
    "named": lambda key: f"key={key}",
    "as JSON": lambda key: json.dumps({"key": key}),
    "SQL": "' OR '1'='1",
    "SQL after": lambda key: f"{key}' --",
    "wildcard": "ast_live_%",
    "path": "../../etc/passwd",
    "markup": "<html>Traceback</html>",
    "format": "{0.__class__} %s %n",
    "null": "null",
}
BEARERS: dict[str, Change] = {
    "no scheme": lambda key: key,
    "scheme alone": "Bearer",
    "scheme and blanks": "Bearer   ",
    "no blank": lambda key: f"Bearer{key}",
    "colon": lambda key: f"Bearer: {key}",
    "equals": lambda key: f"Bearer={key}",
    "comma": lambda key: f"Bearer,{key}",
    "tab": lambda key: f"Bearer\t{key}",
    "twice": lambda key: f"Bearer Bearer {key}",
    "blank before": lambda key: f" Bearer {key}",
    "Basic": lambda key: f"Basic {key}",
    "Basic, encoded": "Basic YXN0OmtleQ==",
    "Digest": lambda key: f'Digest username="{key}"',
    "Token": lambda key: f"Token {key}",
    "ApiKey": lambda key: f"ApiKey {key}",
    "two tokens": lambda key: f"Bearer {key} {key}",
    "two schemes": lambda key: f"Basic x, Bearer {key}",
    "parameters": lambda key: f'Bearer {key}, realm="x"',
    "scheme beyond ASCII": lambda key: utf8(f"Beäȑer {key}"),
    "long scheme": lambda key: f"{LONG} {key}",
}
# Other headers beside a valid key, and what the organization's header may become.
ORGANIZATIONS: dict[str, Change] = {
    "empty": "",
    "blank": "  ",
    "braces": lambda own: f"{{{own}}}",
    "urn": lambda own: f"urn:uuid:{own}",
    "no dashes": lambda own: own.replace("-", ""),
    "dashes elsewhere": lambda own: f"{own[:4]}-{own.replace('-', '')[4:]}",
    "cut": lambda own: own[:-1],
    "extended": lambda own: f"{own}0",
    "quoted": lambda own: f'"{own}"',
    "nil": str(uuid.UUID(int=0)),
    "all ones": str(uuid.UUID(int=2**128 - 1)),
    "another": str(uuid.uuid4()),
    "list of two": lambda own: f"{own}, {own}",
    "list of two without blank": lambda own: f"{own},{own}",
    "two with a blank": lambda own: f"{own} {own}",
    "newline within": lambda own: f"{own[:8]}\n{own[8:]}",
    "NUL after": lambda own: f"{own}\0",
    "control character before": lambda own: f"\x01{own}",
    "latin-1": lambda own: f"{own[:-1]}é",
    "UTF-8": lambda own: utf8(f"{own[:-1]}é"),
    "full-width digits": lambda own: utf8("１" * 8 + own[8:]),
    "full-width dashes": lambda own: utf8(own.replace("-", "－")),
    "no hexadecimal": lambda own: f"g{own[1:]}",
    "0x": lambda own: f"0x{own.replace('-', '')}",
    "number": lambda own: str(uuid.UUID(own).int),
    "underscores": lambda own: own.replace("-", "_"),
    "long": LONG,
    "wildcard": "*",
    "null": "null",
    "me": "me",
    "SQL": lambda own: f"{own}' OR 1=1 --",
    "path": lambda own: f"../{own}",
    "JSON": lambda own: json.dumps([own]),
}
HEADERS: dict[str, dict[str, str]] = {
    "host of another": {"host": "evil.example"},
    "host with a path": {"host": "testserver/evil"},
    "host beyond ASCII": {"host": utf8("testsërver")},
    "long host": {"host": LONG},
    "chunks that nobody takes apart": {"transfer-encoding": "chunked"},
    "unknown transfer coding": {"transfer-encoding": "nonsense"},
    "gzip": {"content-encoding": "gzip"},
    "coding of control characters": {"content-encoding": "\x00"},
}
MEDIA_TYPES = [
    "text/html",
    "application/json; charset=hex",
    "application/json; charset=idna",
    "application/json; charset=undefined",
    "application/json; charset=\x00",
    "application/json; charset=nonsense",
    "application/json; charset*=nonsense''x",
    "application/json; charset*=utf-8''%00",
    "application/json; charset*=utf-8'x",
    "application/json; charset*0=utf; charset*1=-16",
    "text/plain; charset*=nonsense''x",
    'application/json "',
    ";charset=utf-8",
    "application/json/json",
    utf8("application/jsön"),
    "multipart/form-data",
    "multipart/form-data; boundary=",
    f"multipart/form-data; boundary={LONG}",
    "application/x-www-form-urlencoded; charset=utf-7",
    LONG,
    "text/plain;" + "a=b;" * 2_000,
    "\x00",
]
PATHS = [
    f"{CUSTOMERS}/{name}"
    for name in (
        "%00",
        "%00%00",
        "%ff",
        "%ff%fe",
        "%c3%28",
        "%ed%a0%80",
        "%0a",
        "%0d%0a",
        "%20",
        "%",
        "%zz",
        "%25",
        "%2500",
        "..",
        "../customers",
        "../../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f",
        ".",
        "a%2Fb",
        "a%5Cb",
        "a/b",
        "/",
        "//",
        "///a",
        ";",
        ";x=1",
        "a;b",
        "a'b",
        "%27%20OR%201=1--",
        "a%22b",
        "<script>",
        "{id}",
        "None",
        "null",
        "-1",
        "0",
        "1e9",
        "9" * 5_000,
        LONG,
        "%00" * 3_000,
        "a/" * 3_000,
        quote("é"),
        quote("客户"),
        quote("🙂"),
        quote("\u202e"),
        quote("\ufeff"),
        f"{uuid.UUID(int=0)}%0a",
        f"{uuid.UUID(int=0)}%00",
        f"%7B{uuid.UUID(int=0)}%7D",
        f"urn:uuid:{uuid.UUID(int=0)}",
        uuid.UUID(int=0).hex,
        quote("１" * 8) + str(uuid.UUID(int=0))[8:],
    )
] + [
    f"{CUSTOMERS}%0a",
    f"{CUSTOMERS}%00",
    f"{CUSTOMERS}%20",
    f"{CUSTOMERS};x=1",
    f"{CUSTOMERS}/",
    f"{CUSTOMERS}.json",
    f"{ROOT}%0a",
    f"{ROOT}/%0acustomers",
    f"{ROOT}//customers",
    f"{ROOT}/./customers",
    f"{ROOT}/../v1/customers",
    f"{ROOT}/%2e%2e/v1/customers",
    f"{ROOT}%2Fcustomers%2F",
    "/api/public//v1/customers",
    "/api//public/v1/customers",
    "/api/%00",
    "/api/%ff",
    "/api/..",
    "/api/../admin/",
    f"/api/{LONG}",
]
QUERIES = [
    *(
        f"limit={value}"
        for value in (
            "",
            "0",
            "-1",
            "101",
            "1_0",
            quote("１０"),
            quote("²"),
            "1.0",
            "1e1",
            "0x10",
            "%2B5",
            "+5",
            "5+",
            "5%0a",
            "%00",
            "5%00",
            "%ff",
            "NaN",
            "Infinity",
            "null",
            "true",
            "1,2",
            "1;2",
            "9" * 20,
            "9" * 5_000,
            LONG,
        )
    ),
    *(
        f"order={value}"
        for value in ("", "id", "--created_at", "email", "-created_at,id", "?", "created_at%00", "organization__name")
    ),
    *(
        f"{side}={value}"
        for side in ("created_after", "created_before")
        for value in (
            "",
            "yesterday",
            "0",
            "-1",
            "1e99",
            "2026-02-30",
            "2026-13-01",
            "0000-01-01",
            "10000-01-01",
            "2026-03-18T25:00:00Z",
            "2026-03-18T15:40:61Z",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00%2B23:59",
            "2026-03-18T15:40:12Z%00",
            quote("２０２６-03-18"),
            "9" * 5_000,
            LONG,
        )
    ),
    *(
        f"email={value}"
        for value in ("", "nobody", "@", "a@", "@b", "a@b", "%00", "a@b%00.com", "a@@b.com", f"a@{LONG}.com", "%ff")
    ),
    "email=" + quote("a@" + "é" * 300 + ".com"),
    "email=" + quote("a@xn--\u00e9.com"),
    *(
        f"phone={value}"
        for value in ("", "abc", "1", "%2B", "+", "%00", "9" * 300, LONG, "%ff", "tel:", quote("٣"), "%2B999123456789")
    ),
    *(f"search={value}" for value in ("", "%00", "a%00b", "%0a", "%ff", "a" * 256, LONG, "%ed%a0%80")),
    *(f"account_type={value}" for value in ("", "admin", "Business", "business,individual", "%00", "business%20x")),
    *(
        f"{name}=1"
        for name in (
            "",
            "id",
            "organization",
            "organization_id",
            "account_type__in",
            "email__startswith",
            "created_at__gt",
            "search_text",
            "__proto__",
            "constructor",
            "limit[]",
            "limit%00",
            "%ff",
            "LIMIT",
            "%20limit",
            "page",
            "offset",
            "format",
            "fields",
            "_method",
            "callback",
            quote("客户"),
        )
    ),
    "limit=1&limit=1",
    "limit=1&limit=2",
    "cursor=a&cursor=b",
    "search=a&search=b",
    "limit",
    "a;b",
    "%",
    "=",
    "?",
    "&".join(f"p{number}=1" for number in range(1_001)),
    "&".join(f"limit={number}" for number in range(1_001)),
    "a" * 10_000,
]
CURSORS: dict[str, Change] = {
    "cut": lambda cursor: cursor[:-1],
    "cut at the front": lambda cursor: cursor[1:],
    "halved": lambda cursor: cursor[:27],
    "extended": lambda cursor: f"{cursor}A",
    "doubled": lambda cursor: cursor * 2,
    "padded": lambda cursor: f"{cursor}==",
    "other time": lambda cursor: ("B" if cursor[0] == "A" else "A") + cursor[1:],
    "other id": lambda cursor: cursor[:20] + ("B" if cursor[20] == "A" else "A") + cursor[21:],
    "other proof": lambda cursor: cursor[:40] + ("B" if cursor[40] == "A" else "A") + cursor[41:],
    "backwards": lambda cursor: cursor[::-1],
    "swapped case": lambda cursor: cursor.swapcase(),
    "blank before": lambda cursor: f" {cursor}",
    "blank after": lambda cursor: f"{cursor} ",
    "newline after": lambda cursor: f"{cursor}\n",
    "NUL after": lambda cursor: f"{cursor}\0",
    "quoted": lambda cursor: f'"{cursor}"',
    "encoded twice": lambda cursor: quote(f"{cursor}="),
    "empty": "",
    "zeros": "A" * 54,
    "ones": "_" * 54,
    "standard base64": "+/" * 27,
    "beyond ASCII": "é" * 54,
    "full-width": "１" * 54,
    "other digits": "٣" * 54,
    "a cursor of REST framework": "cD0yMDI2LTAzLTE4",
    "JSON": '{"created_at": 0}',
    "base64 of JSON": "eyJpZCI6IDF9",
    "SQL": "' OR 1=1 --",
    "number": "1",
    "negative number": "-1",
    "null": "null",
    "long": LONG,
}
HOSTILE_VALUES: list[Any] = [
    None,
    0,
    -1.5,
    True,
    [],
    {},
    ["a"],
    {"a": []},
    "",
    " ",
    "\0",
    "a\0",
    "\ufffd",
    LONG,
    "<b>",
    "%s",
]
BODIES: list[bytes] = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"{",
    b"}",
    b"[]",
    b"null",
    b"0",
    b'""',
    b"NaN",
    b"{}",
    b"{}{}",
    b'{"": ""}',
    b'{"__proto__": {}}',
    b'{"non_field_errors": 1}',
    b'{"email": {"$gt": ""}}',
    b'{"a": 1, "a": 2}',
    rb'{"\ud800": 1}',
    rb'{"a": "\udc00"}',
    rb'{"a": "\u0000"}',
    b'{"a": 1e999}',
    b'{"a": -Infinity}',
    b'{"a": ' + b"9" * 5_000 + b"}",
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"a":' * 30 + b"1" + b"}" * 30,
    b"{" + b",".join(b'"%d":1' % number for number in range(5_000)) + b"}",
    b"a" * 65_537,
    b"<html>Traceback</html>",
    b"account_type=business",
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    *(json.dumps({**CUSTOMER, name: value}).encode() for name in CUSTOMER for value in HOSTILE_VALUES),
    json.dumps({**CUSTOMER, "id": str(uuid.UUID(int=0))}).encode(),
    json.dumps({**CUSTOMER, "organization_id": str(uuid.UUID(int=0))}).encode(),
    json.dumps({**CUSTOMER, "created_at": "2026-03-18T15:40:12.000Z"}).encode(),
    json.dumps({**CUSTOMER, "email": "a@" + "b" * 300 + ".com"}).encode(),
    json.dumps({**CUSTOMER, "email": "a@xn--\u00e9.com"}).encode(),
    json.dumps({**CUSTOMER, "email": "a@b.com\r\nBcc: c@d.com"}).encode(),
    json.dumps({**CUSTOMER, "phone": "9" * 33}).encode(),
    json.dumps({**CUSTOMER, "phone": "555-0100\n555-0101"}).encode(),
]


def cursor_request(change: Change) -> Request:
    """Send a cursor that once was good."""

    def request(caller: Caller) -> dict[str, Any]:
        for _ in range(2):
            make_customer(caller.organization)
        cursor = caller.get(query={"limit": "1"}).json()["pagination"]["next_cursor"]
        return {"query_params": {"limit": "1", "cursor": changed(cursor, change)}}

    return request


def organization_request(change: Change) -> Request:
    """Send the organization's header, changed."""
    return lambda caller: {"headers": {"x-organization-id": changed(str(caller.organization.id), change)}}


def always(**request: Any) -> Request:
    """Send the same whoever asks."""
    return lambda _: request


def json_post(**request: Any) -> Request:
    """POST the same whoever asks, as JSON unless `request` says otherwise."""
    return always(**{"method": "POST", "CONTENT_TYPE": "application/json", "data": json.dumps(CUSTOMER), **request})


def rows() -> Iterator[tuple[str, Request]]:
    """Answer the table: a name, and what is sent."""
    yield "two keys that differ", header("authorization", f"Bearer {invented()}")
    yield (
        "a good bearer beside a bad key",
        lambda caller: {"headers": {"x-api-key": invented(), "authorization": f"Bearer {caller.text}"}},
    )
    for name, change in KEYS.items():
        yield f"x-api-key: {name}", header("x-api-key", change)
        yield (
            f"bearer: {name}",
            header("authorization", bearer(change), instead=True),
        )
    for name, change in BEARERS.items():
        yield f"authorization: {name}", header("authorization", change, instead=True)
    for name, change in ORGANIZATIONS.items():
        yield f"x-organization-id: {name}", organization_request(change)
    for name, change in CURSORS.items():
        yield f"cursor: {name}", cursor_request(change)
    yield from numbered("header", ((name, json_post(headers=headers)) for name, headers in HEADERS.items()))
    yield from numbered("media type", ((text, json_post(CONTENT_TYPE=text)) for text in MEDIA_TYPES))
    yield from numbered("path", ((text, always(path=text)) for text in PATHS))
    yield from numbered("query", ((text, always(path=f"{CUSTOMERS}?{text}")) for text in QUERIES))
    yield from numbered("body", ((repr(body), json_post(data=body)) for body in BODIES))


def bearer(change: Change) -> Change:
    """Put a changed key behind the scheme."""
    return lambda key: f"Bearer {changed(key, change)}"


def numbered(kind: str, named: Iterable[tuple[str, Request]]) -> Iterator[tuple[str, Request]]:
    """Shorten names and make them distinct."""
    for number, (name, request) in enumerate(named, 1):
        yield f"{kind} {number}: {ascii_name(name)}", request


def ascii_name(text: str) -> str:
    """Answer a short name for a case."""
    return text.encode("unicode_escape").decode()[:40]


TABLE = dict(rows())


def send(caller: Caller, request: dict[str, Any]) -> Any:
    """Send a row's request."""
    return caller.send(**{"method": "GET", **request})


def assert_refused(response: Any) -> None:
    """Refused by us, in JSON that says why."""
    assert 400 <= response.status_code < 500
    assert response.headers["Content-Type"] == "application/json"
    body = json.loads(response.content)
    assert isinstance(body, dict)
    assert isinstance(body["error"], str)
    assert body["error"]


def assert_silent(text: str) -> None:
    """Nothing of the house shows in it."""
    words = ("traceback", "<html", "django", "sqlite", "psycopg", 'file "/')
    assert [word for word in words if word in text] == []


def test_the_table_is_long() -> None:
    assert len(TABLE) >= 500
    assert len(TABLE) == sum(1 for _ in rows())


@pytest.mark.parametrize("name", TABLE)
def test_hostile_input_is_refused_in_json(owner: Caller, name: str) -> None:
    response = send(owner, TABLE[name](owner))
    assert_refused(response)
    assert_silent(response.content.decode().lower())


@pytest.mark.parametrize("name", [name for name in TABLE if name.startswith(("x-api-key", "bearer", "authorization"))])
def test_a_hostile_key_is_401_and_stays_unsaid(owner: Caller, name: str) -> None:
    response = send(owner, TABLE[name](owner))
    assert (response.status_code, response.json()) == (401, {"error": "Invalid API key"})
    assert owner.text not in str(response.headers)


FORGIVEN: dict[str, Request] = {
    "key with blanks around": header("x-api-key", lambda key: f"  {key} "),
    "bearer alone": header("authorization", lambda key: f"Bearer {key}", instead=True),
    "scheme in small letters": header("authorization", lambda key: f"bearer {key}", instead=True),
    "scheme in capitals": header("authorization", lambda key: f"BEARER  {key}", instead=True),
    "the same key twice": header("authorization", lambda key: f"Bearer {key}"),
    "another scheme beside the key": header("authorization", "Basic YXN0OmtleQ=="),
    "organization in capitals": organization_request(str.upper),
    "organization with blanks around": organization_request(lambda own: f" {own} "),
    "type that nobody reads": always(CONTENT_TYPE="text/plain"),
}


@pytest.mark.parametrize("name", FORGIVEN)
def test_what_is_merely_unusual_is_answered(owner: Caller, name: str) -> None:
    assert send(owner, FORGIVEN[name](owner)).status_code == 200


@pytest.mark.parametrize("media_type", MEDIA_TYPES, ids=ascii_name)
@pytest.mark.parametrize("query", ["", "?limit=1"])
def test_a_hostile_type_of_a_body_that_nobody_reads_does_no_harm(owner: Caller, query: str, media_type: str) -> None:
    response = owner.get(f"{CUSTOMERS}{query}", CONTENT_TYPE=media_type)
    assert response.status_code < 500
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("media_type", MEDIA_TYPES, ids=ascii_name)
@pytest.mark.django_db
def test_a_hostile_type_without_a_key_is_401(owner: Caller, media_type: str) -> None:
    response = owner.send("POST", headers={"x-api-key": None}, data=b"{}", content_type=media_type)
    assert (response.status_code, response.json()) == (401, {"error": "Invalid API key"})


bounded = settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
)
fields = st.sampled_from([*CUSTOMER, "display_name", "company_name", "first_name", "last_name", "x"])
parameters = st.sampled_from(
    ["limit", "order", "cursor", "account_type", "email", "phone", "search", "created_after", "created_before", "x"]
)


def assert_answered(response: Any, *good: int) -> None:
    """Answered well, or refused with a reason."""
    if response.status_code not in good:
        assert_refused(response)


@bounded
@given(body=st.text(max_size=300) | st.binary(max_size=300))
def test_no_text_for_a_body_does_harm(owner: Caller, body: str | bytes) -> None:
    raw = body if isinstance(body, bytes) else body.encode(errors="surrogatepass")
    assert_answered(owner.post(raw, CONTENT_TYPE="application/json"), 201)


@bounded
@given(document=documents | st.dictionaries(fields, documents, max_size=8))
def test_no_document_for_a_body_does_harm(owner: Caller, document: Any) -> None:
    assert_answered(owner.post(json.dumps(document), CONTENT_TYPE="application/json"), 201)


@bounded
@given(changes=st.dictionaries(fields, st.text(max_size=300), max_size=3))
def test_no_text_in_a_field_does_harm(owner: Caller, changes: dict[str, str]) -> None:
    assert_answered(owner.post({**CUSTOMER, **changes}), 201)


@bounded
@given(local=st.text(min_size=1, max_size=20), domain=st.text(min_size=1, max_size=40))
def test_no_email_address_does_harm(owner: Caller, local: str, domain: str) -> None:
    assert_answered(owner.post({**CUSTOMER, "email": f"{local}@{domain}.com"}), 201)
    assert_answered(owner.get(query={"email": f"a@{domain}.com".encode(errors="replace")}), 200)


@bounded
@given(query=st.dictionaries(parameters, st.text(max_size=60), max_size=4))
def test_no_value_of_a_parameter_does_harm(owner: Caller, query: dict[str, str]) -> None:
    sent = {name: value.encode(errors="surrogatepass") for name, value in query.items()}
    assert_answered(owner.get(query=sent), 200)


@bounded
@given(raw=st.text(st.characters(max_codepoint=255), max_size=200))
def test_no_query_string_does_harm(owner: Caller, raw: str) -> None:
    assert_answered(owner.get(QUERY_STRING=raw), 200)


@bounded
@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_no_path_does_harm(owner: Caller, name: str) -> None:
    assert_answered(owner.get(f"{CUSTOMERS}/{quote(name)}"))


@bounded
@given(name=st.sampled_from(["x-api-key", "authorization", "x-organization-id"]), value=st.text(max_size=100))
def test_no_text_in_a_header_does_harm(owner: Caller, name: str, value: str) -> None:
    sent = {
        "x-api-key": None,
        "authorization": f"Bearer {owner.text}",
        name: utf8(value.encode(errors="replace").decode()),
    }
    response = owner.get(headers=sent)
    assert_answered(response, 200)
