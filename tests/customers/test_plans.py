"""Plans: on PostgreSQL every list that the contract allows is served by an index, whatever its order and filters."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from organizations.models import Organization
from tests.callers import Caller
from tests.factories import make_organization

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="the plans are PostgreSQL's")
OWN, OTHERS = 10_000, 30_000
FILL = """
    INSERT INTO customers_customer (id, organization_id, account_type, display_name, company_name, first_name,
        last_name, email, email_key, phone, phone_key, external_id, search_text, version, created_at, updated_at)
    SELECT gen_random_uuid(), %s, (ARRAY['business', 'individual'])[1 + n %% 2], 'Harbor ' || n, '', '', '',
        n || '@example.com', n || '@example.com', '+1404555' || n, '+1404555' || n, 'crm-' || n,
        'harbor ' || md5(n::text), 1, timestamptz '2026-03-18 12:00Z' - n %% 10000 * interval '1 second', now()
    FROM generate_series(1, %s) AS n
"""
WORD, ANOTHER = "c4ca4238a0b9", "849b"  # in the hash of 1
NEWEST, OF_A_TYPE, WORDS = "customers_newest", "customers_newest_of_a_type", "customers_by_words"
EMAIL, EXTERNAL_ID = (f"customer_{name}_is_unique_in_its_organization" for name in ("email", "external_id"))
PHONE = "customers_by_phone"
AS_GOOD = {EXTERNAL_ID: "customers_by_external_id"}  # where hardly another organization has the same external id
FILTERS: dict[str, tuple[dict[str, str], str]] = {
    "none": ({}, NEWEST),
    "account type": ({"account_type": "business"}, OF_A_TYPE),
    "email": ({"email": "7@example.com"}, EMAIL),
    "phone": ({"phone": "+14045550128"}, PHONE),
    "external id": ({"external_id": "crm-7"}, EXTERNAL_ID),
    "created after": ({"created_after": "2026-03-18T11:55:00Z"}, NEWEST),
    "created before": ({"created_before": "2026-03-18T09:20:00Z"}, NEWEST),
    "a word": ({"search": WORD}, WORDS),
    "two words": ({"search": f"{WORD} {ANOTHER}"}, WORDS),
    "a word of a type": ({"search": WORD, "account_type": "individual"}, WORDS),
    "a type since": ({"account_type": "individual", "created_after": "2026-03-18T11:55:00Z"}, OF_A_TYPE),
}


@pytest.fixture(scope="module")
def full(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Organization]:
    """Has ten thousand customers; another organization has three times as many. All of them go after the last test."""
    with django_db_blocker.unblock(), transaction.atomic():
        organization = make_organization()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout TO 0")  # the limit is meant for requests, and this is none
            for owner, count in ((organization, OWN), (make_organization(), OTHERS)):
                cursor.execute(FILL, [owner.pk, count])
            cursor.execute("ANALYZE customers_customer")
        yield organization
        transaction.set_rollback(True)


def plans_of(caller: Caller, query: dict[str, str]) -> tuple[list[str], Any]:
    """Answer the plans of what a list asks the customers for, and the cursor of its next page."""
    with CaptureQueriesContext(connection) as sent:
        response = caller.get(query=query)
    assert response.status_code == 200, response.content
    asked = [query["sql"] for query in sent if 'FROM "customers_customer"' in query["sql"]]
    return [explain(sql) for sql in asked], response.json()["pagination"]["next_cursor"]


def explain(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("order", ["created_at", "-created_at"])
@pytest.mark.parametrize(("filters", "index"), FILTERS.values(), ids=FILTERS)
def test_an_index_serves_each_list(
    full: Organization, db: None, filters: dict[str, str], index: str, order: str
) -> None:
    caller, query = Caller.of(full), {**filters, "order": order, "limit": "1"}
    plans, cursor = plans_of(caller, query)
    later, _ = plans_of(caller, {**query, "cursor": cursor}) if cursor else ([], None)
    assert plans
    for plan in (*plans, *later):
        assert "Seq Scan on customers_customer" not in plan, plan
        assert {index, AS_GOOD.get(index)} & set(plan.split()), plan


@pytest.mark.parametrize("order", ["created_at DESC, id DESC", "created_at, id"])
def test_a_list_is_never_read_through_the_customers_of_others(full: Organization, db: None, order: str) -> None:
    with connection.cursor() as cursor:  # for PostgreSQL there is one organization, as when others have just come
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered before its constraints are checked
        cursor.execute("ALTER TABLE customers_customer ALTER COLUMN organization_id SET (n_distinct = 1)")
        cursor.execute("ANALYZE customers_customer")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        page = f"SELECT id, email FROM customers_customer WHERE organization_id = $1 ORDER BY {order} LIMIT 26"
        cursor.execute(f"PREPARE a_list(uuid) AS {page}")
        cursor.execute(f"EXPLAIN EXECUTE a_list('{full.pk}')")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE a_list")
    assert NEWEST in plan.split(), plan
