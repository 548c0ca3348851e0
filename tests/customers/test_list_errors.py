"""GET /api/public/v1/customers: queries that are refused, since a mistyped filter must never answer with everybody."""

from urllib.parse import urlencode

import pytest

from tests.callers import CUSTOMERS, Caller, issues

UNKNOWN, TWICE, EMPTY = "Unknown parameter", "Must be given once", "Must not be empty"
CONTROLS = "Must not contain control characters"
LIMIT = "Must be a whole number from 1 to 100"
ORDER = "Must be one of: -created_at, created_at"
ACCOUNT_TYPE = "Must be one of: individual, business"
EMAIL, PHONE, CURSOR = "Invalid email address", "Invalid phone number", "Invalid cursor"
MOMENT = "Invalid ISO-8601 date-time"
PARAMETERS = (
    *("limit", "cursor", "order", "account_type", "email"),
    *("phone", "search", "created_after", "created_before"),
)

BAD_VALUES = {
    "limit": (LIMIT, ["0", "101", "-1", "+1", "1_0", "１０", "٣", "1.0", "1e1", "0x10", " 10", "ten", "9" * 5000]),
    "order": (ORDER, ["+created_at", " created_at", "CREATED_AT", "created_at,id", "id", "--created_at"]),
    "account_type": (ACCOUNT_TYPE, ["BUSINESS", "person", "business,individual", "null", "None"]),
    "email": (
        EMAIL,
        [
            *("nobody", "@harbor.example", "ops@", "ops@harbor", "ops@@harbor.example", "o ps@harbor.example"),
            *("ops@harbor..example", "ops@☃.example", "ops@*.example", f"{'a' * 400}@harbor.example"),
        ],
    ),
    "phone": (PHONE, ["12", "nobody", "+999 123456", "+1-404-555-01289", "404-555-0128-404-555-0128", "%", "+"]),
    "created_after": (
        MOMENT,
        [
            *(
                "yesterday",
                "2026-13-01",
                "2026-02-30",
                "2026-03-18T25:00:00Z",
                "2026-03-18T15:40:12+25:00",
                "18.03.2026",
            ),
            *("03/18/2026", "２０２６-03-18", "0000-01-01", "10000-01-01", "0001-01-01T00:00:00+14:00"),
            *("9999-12-31T23:59:59-14:00", "now", "2026-03-18T", "1773848412"),
        ],
    ),
    "search": ("Must be at most 255 characters", ["x" * 256, "ß" * 256]),
    "external_id": ("Must be at most 255 characters", ["x" * 256, "ß" * 256]),
    "cursor": (CURSOR, ["x", "0", "null", "x" * 54, "x" * 5000, "ä" * 54]),
}
BAD = [(name, value, message) for name, (message, values) in BAD_VALUES.items() for value in values]
BAD += [("created_before", value, message) for name, value, message in BAD if name == "created_after"]


def shortened(value: object) -> str:
    """Answer a test's id that stays readable."""
    return ascii(value)[1:41]


def refusal(path: str, message: str) -> tuple[int, dict[str, object]]:
    """Answer the status and the whole body for one fault."""
    return 400, {"error": "Invalid query parameters", "issues": [{"path": path, "message": message}]}


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=shortened)
def test_refuses_a_bad_value(owner: Caller, name: str, value: str, message: str) -> None:
    response = owner.get(query={name: value})
    assert (response.status_code, response.json()) == refusal(name, message)


@pytest.mark.parametrize("value", ["1770123112345", "1770 0101", "2026-03-18x15:40:12Z", "2026-03-18🚀15:40"])
def test_refuses_what_only_looks_like_a_date(owner: Caller, value: str) -> None:
    response = owner.get(query={"created_after": value})
    assert (response.status_code, response.json()) == refusal("created_after", MOMENT)


@pytest.mark.parametrize(
    "name",
    ["page", "emial", "Limit", "limit ", "limit[]", "e-mail", "account_type__in", "ordering", "id", "q", "ä", "\0", ""],
)
def test_refuses_an_unknown_parameter(owner: Caller, name: str) -> None:
    response = owner.get(query={name: "1"})
    assert (response.status_code, response.json()) == refusal(name, UNKNOWN)


@pytest.mark.parametrize("name", PARAMETERS)
def test_refuses_a_parameter_given_twice(owner: Caller, name: str) -> None:
    response = owner.get(f"{CUSTOMERS}?{name}=1&{name}=1")
    assert (response.status_code, response.json()) == refusal(name, TWICE)


@pytest.mark.parametrize("form", ["{}", "{}=", "{}=%20", "{}=+", "{}=%E3%80%80"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_refuses_an_empty_parameter(owner: Caller, name: str, form: str) -> None:
    response = owner.get(f"{CUSTOMERS}?{form.format(name)}")
    assert (response.status_code, response.json()) == refusal(name, EMPTY)


@pytest.mark.parametrize("sign", ["%00", "%0A", "%09", "%1B", "%7F", "%C2%85", "%FF", "%C3", "%ED%A0%80"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_refuses_control_characters_and_broken_utf_8(owner: Caller, name: str, sign: str) -> None:
    response = owner.get(f"{CUSTOMERS}?{name}=a{sign}b")
    assert (response.status_code, response.json()) == refusal(name, CONTROLS)


def test_refuses_more_parameters_than_anybody_needs(owner: Caller) -> None:
    response = owner.get(f"{CUSTOMERS}?{'&'.join(['limit=1'] * 1001)}")
    assert (response.status_code, response.json()) == refusal("", "Too many parameters")


def test_names_every_fault_of_the_values_at_once(owner: Caller) -> None:
    bad = {name: values[0] for name, (_, values) in BAD_VALUES.items()} | {"created_before": "yesterday"}
    response = owner.get(query=bad)
    assert (response.status_code, response.json()["error"]) == (400, "Invalid query parameters")
    assert issues(response) == {name: message for name, (message, _) in BAD_VALUES.items()} | {"created_before": MOMENT}
    assert len(response.json()["issues"]) == len(bad)


def test_names_faults_of_form_beside_those_of_values(owner: Caller) -> None:
    query = "page=2&account_type=&search=a%00&phone=1&phone=2&limit=0&email=nobody"
    response = owner.get(f"{CUSTOMERS}?{query}")
    assert response.status_code == 400
    assert issues(response) == {
        "page": UNKNOWN,
        "account_type": EMPTY,
        "search": CONTROLS,
        "phone": TWICE,
        "limit": LIMIT,
        "email": EMAIL,
    }
    assert len(response.json()["issues"]) == 6


def test_names_each_unknown_parameter(owner: Caller) -> None:
    response = owner.get(f"{CUSTOMERS}?{urlencode({'a': 1, 'b': 2})}")
    assert issues(response) == {"a": UNKNOWN, "b": UNKNOWN}
