"""Plans: on PostgreSQL an index serves the admin's list of all organizations' customers, whatever is looked for."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from organizations.models import Organization
from tests.customers.test_plans import WORD, explain, full, pytestmark

__all__ = ["full", "pytestmark"]
LIST = "/admin/customers/customer/"
NEWEST, BY_EXTERNAL_ID, WORDS = "customers_newest_for_staff", "customers_by_external_id", "customers_by_words"


@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        ({}, {NEWEST}),
        ({"o": "6"}, {NEWEST}),
        ({"created_after": "2026-03-18T11:59:00Z"}, {NEWEST}),
        ({"q": WORD}, {BY_EXTERNAL_ID, WORDS}),
        ({"q": "(404) 555-7777"}, {BY_EXTERNAL_ID, WORDS}),
        ({"q": "7777@example.com"}, {BY_EXTERNAL_ID, WORDS}),
        ({"q": "zq"}, {BY_EXTERNAL_ID, WORDS}),
        ({"q": "00000000-0000-4000-8000-000000000000"}, {BY_EXTERNAL_ID, "customers_customer_pkey"}),
    ],
)
def test_an_index_serves_the_list(
    full: Organization, admin_client: Client, query: dict[str, str], indexes: set[str]
) -> None:
    with CaptureQueriesContext(connection) as sent:
        assert admin_client.get(LIST, query).status_code == 200
    asked = [query["sql"] for query in sent if '"customers_customer"."display_name"' in query["sql"]]
    assert asked
    for plan in map(explain, asked):
        assert "Seq Scan on customers_customer" not in plan, plan
        assert indexes <= set(plan.split()), plan
