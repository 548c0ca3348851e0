"""A state machine (Hypothesis): whatever is asked in whatever order, the API answers what a plain model says it must.

CI runs a bounded number of cases; `HYPOTHESIS_PROFILE=thorough` runs thousands, and the log says how many requests.
"""

import json
import logging
import os
from collections import Counter
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.callers import CUSTOMERS, Caller
from tests.factories import make_organization
from tests.properties.model import NAMES, PHONES, Expected, Model, completed

settings.register_profile("bounded", max_examples=25, stateful_step_count=25)
settings.register_profile("thorough", max_examples=1_000, stateful_step_count=40)
logger = logging.getLogger(__name__)
REQUESTS = Counter[int]()

TYPES = st.sampled_from(["individual", "business"])
# Few values, so that they meet: in case, in compatibility forms, and in what LIKE takes for more than it is.
WORDS = ["Nora", "nora", "Straße", "STRASSE", "İzmir", "ﬁne", "100%", "a_b", "back\\slash", "Šárka", "o'Neil"]
TEXTS = st.one_of(st.just(""), st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join))
SOUGHT = st.lists(
    st.sampled_from([*WORDS, "nor", "SS", "%", "_", "\\", "FI", "4045", "@EXAMPLE", "404"]), min_size=1, max_size=2
)
EMAILS = st.sampled_from(["a@example.com", "A@Example.com", "b@example.com", "B.c+d@example.com", "e_f@example.com"])
IDS = st.sampled_from(["crm-1", "CRM-1", "crm/2 ü", "3%"])
BODIES = st.fixed_dictionaries(
    {"account_type": TYPES, "email": EMAILS, "phone": st.sampled_from(list(PHONES))},
    optional={**dict.fromkeys(NAMES, TEXTS), "external_id": IDS},
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "account_type": TYPES,
        "email": st.one_of(EMAILS, st.none()),
        "phone": st.one_of(st.sampled_from(list(PHONES)), st.none()),
        **dict.fromkeys(NAMES, TEXTS),
        "external_id": st.one_of(IDS, st.none()),
    },
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "account_type": TYPES,
        "email": EMAILS,
        "phone": st.sampled_from(list(PHONES)),
        "external_id": IDS,
        "search": SOUGHT.map(" ".join),
    },
)
ORDERS = st.sampled_from(["-created_at", "created_at"])
NUMBERS = st.integers(min_value=0, max_value=1_000)


class Customers(RuleBasedStateMachine):
    """One organization and its model, and another one that does the same beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.caller, self.outsider = Caller.of(make_organization()), Caller.of(make_organization())
        self.model, self.cursor, self.followed = Model(), "", 0

    def send(self, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        """Send a request of the organization's, and count it by its status."""
        sent = {"data": json.dumps(body).encode(), "content_type": "application/json"} if body is not None else {}
        response = self.caller.send(method, CUSTOMERS + path, headers=headers, **sent)
        REQUESTS[response.status_code] += 1
        event(f"{method} {response.status_code}")
        return response

    def get(self, path: str = "", **query: Any) -> Any:
        """Answer what stands in the answer to a GET, which has to succeed."""
        response = self.caller.get(CUSTOMERS + path, query=query)
        REQUESTS[response.status_code] += 1
        assert response.status_code == 200, response.content
        return response.json()

    def any(self, number: int) -> Expected:
        """Answer one of the customers."""
        customers = list(self.model.customers.values())
        return customers[number % len(customers)]

    def has_any(self) -> bool:
        return bool(self.model.customers)

    def check_made(self, status: int, answer: Any, location: str | None, fields: dict[str, Any]) -> None:
        """See that a customer was made, or refused for the sake of one that holds what it would have held."""
        taken = self.model.taken(fields)
        assert status == (409 if taken else 201), answer
        if taken:
            assert answer["error"] == f"Customer {answer['field']} already exists in this organization"
            assert location == f"{CUSTOMERS}/{taken[answer['field']]}"
        else:
            self.model.add(answer["data"], fields)
            self.check_shown(answer["data"], self.model.customers[answer["data"]["id"]])

    def check_shown(self, shown: dict[str, Any], customer: Expected, *, expanded: bool = False) -> None:
        """See that a customer is shown as it ought to be."""
        if expanded:
            assert shown["profile"].pop("updated_at") >= customer.created_at
        assert shown == customer.shown(str(self.caller.organization.id), expanded=expanded)

    @rule(body=BODIES)
    def create(self, body: dict[str, Any]) -> None:
        response = self.send("POST", "", body)
        self.check_made(response.status_code, response.json(), response.headers.get("Location"), body)

    @rule(body=BODIES)
    def create_and_retry(self, body: dict[str, Any]) -> None:
        key = f"key-{len(self.model.changes)}-{len(self.model.customers)}"
        first = self.send("POST", "", body, **{"idempotency-key": key})
        self.check_made(first.status_code, first.json(), first.headers.get("Location"), body)
        if first.status_code == 201:
            again = self.send("POST", "", body, **{"idempotency-key": key})
            assert (again.status_code, again.content) == (201, first.content)
            assert again.headers["Idempotent-Replayed"] == "true"

    @rule(bodies=st.lists(BODIES, min_size=1, max_size=5))
    def create_many(self, bodies: list[dict[str, Any]]) -> None:
        response = self.send("POST", "/bulk", {"customers": bodies})
        assert response.status_code == 200, response.content
        results = response.json()["data"]
        assert len(results) == len(bodies)
        for body, result in zip(bodies, results, strict=True):
            self.check_made(result["status"], result, result.get("location"), body)

    @precondition(has_any)
    @rule(number=NUMBERS, fields=CHANGES, is_stale=st.booleans())
    def change(self, number: int, fields: dict[str, Any], is_stale: bool) -> None:
        customer = self.any(number)
        tag = f'"{customer.version + is_stale}"'
        response = self.send("PATCH", f"/{customer.id}", fields, **{"if-match": tag})
        after = completed({**customer.fields, **fields})
        taken = self.model.taken(fields, but=customer)
        if not after["display_name"]:
            assert (response.status_code, response.json()["issues"][0]["path"]) == (400, "display_name")
        elif is_stale:
            assert (response.status_code, response.json()) == (412, {"error": "Customer has changed"})
        elif taken:
            assert (response.status_code, response.json()["field"] in taken) == (409, True)
        else:
            self.model.change(customer, fields)
            self.check_changed(response, customer)

    def check_changed(self, response: Any, customer: Expected) -> None:
        """See that a customer was changed, or left alone, as it ought to be."""
        assert (response.status_code, response.headers["ETag"]) == (200, f'"{customer.version}"'), response.content
        self.check_shown(response.json()["data"], customer)

    @rule(body=BODIES, external_id=IDS)
    def upsert(self, body: dict[str, Any], external_id: str) -> None:
        sent = {**body, "external_id": external_id}
        response = self.send("PUT", f"/by-external-id/{quote(external_id, safe='')}", sent)
        holder = self.model.taken({"external_id": external_id}).get("external_id")
        if holder is None:
            self.check_made(response.status_code, response.json(), response.headers.get("Location"), sent)
        elif self.model.taken({"email": body["email"]}, but=self.model.customers[holder]):
            assert (response.status_code, response.json()["field"]) == (409, "email")
        else:
            self.model.change(self.model.customers[holder], {**dict.fromkeys(NAMES, ""), **sent})
            self.check_changed(response, self.model.customers[holder])

    @precondition(has_any)
    @rule(number=NUMBERS)
    def delete(self, number: int) -> None:
        customer = self.any(number)
        assert self.send("DELETE", f"/{customer.id}").status_code == 204
        self.model.remove(customer)
        assert {self.send(method, f"/{customer.id}").status_code for method in ("GET", "DELETE")} == {404}

    @precondition(has_any)
    @rule(number=NUMBERS, expanded=st.booleans())
    def retrieve(self, number: int, expanded: bool) -> None:
        customer = self.any(number)
        query = {"expand": "profile"} if expanded else {}
        self.check_shown(self.get(f"/{customer.id}", **query)["data"], customer, expanded=expanded)
        unchanged = self.send("GET", f"/{customer.id}", **{"if-none-match": f'"{customer.version}"'})
        assert unchanged.status_code == 304

    @rule(query=FILTERS, order=ORDERS, limit=st.integers(min_value=1, max_value=7), expanded=st.booleans())
    def walk(self, query: dict[str, str], order: str, limit: int, expanded: bool) -> None:
        expected, met, cursor = self.model.listed(query, order), list[dict[str, Any]](), dict[str, Any]()
        asked: dict[str, Any] = {**query, "order": order, "limit": limit, **({"expand": "profile"} if expanded else {})}
        for _ in range(len(expected) // limit + 1):
            page = self.get(**asked, **cursor)
            assert (page["pagination"]["count"], page["pagination"]["limit"]) == (len(expected), limit)
            met += page["data"]
            cursor = {"cursor": page["pagination"]["next_cursor"]}
            if cursor["cursor"] is None:
                break
            assert len(page["data"]) == limit
        assert cursor["cursor"] is None
        assert [shown["id"] for shown in met] == [customer.id for customer in expected]
        for shown, customer in zip(met, expected, strict=True):
            self.check_shown(shown, customer, expanded=expanded)

    @precondition(has_any)
    @rule(number=NUMBERS, picks=st.lists(NUMBERS, min_size=2, max_size=3), order=ORDERS)
    def search(self, number: int, picks: list[int], order: str) -> None:
        words = " ".join(self.any(number).lines).split()
        self.walk(
            {"search": " ".join(words[pick % len(words)][: 1 + pick % 7] for pick in picks)}, order, 5, expanded=False
        )

    @rule(limit=st.integers(min_value=1, max_value=9))
    def follow(self, limit: int) -> None:
        page = self.get("/changes", limit=limit, **({"cursor": self.cursor} if self.cursor else {}))
        expected = self.model.changes[self.followed : self.followed + limit]
        assert [(change["type"], change["customer_id"]) for change in page["data"]] == expected
        for change in page["data"]:
            customer = self.model.customers.get(change["customer_id"])
            assert (change["customer"] is None) == (customer is None)
            if customer:
                self.check_shown(change["customer"], customer)
        self.cursor, self.followed = page["pagination"]["next_cursor"], self.followed + len(expected)

    @rule(body=BODIES)
    def somebody_else_creates(self, body: dict[str, Any]) -> None:
        assert self.outsider.post(body).status_code in (201, 409)

    def teardown(self) -> None:
        """Follow the feed to its end, and see that nobody is left out."""
        while self.followed < len(self.model.changes):
            self.follow(9)
        self.walk({}, "created_at", 7, expanded=True)


def test_the_api_answers_what_the_model_says(db: None) -> None:
    profile = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE") or "bounded")
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Customers, settings=settings(profile, deadline=None, database=None, suppress_health_check=checks)
    )
    logger.info("%s requests: %s", REQUESTS.total(), dict(sorted(REQUESTS.items())))
    assert {status for status in REQUESTS if status >= 500} == set()
