"""The wall itself: what a statement that forgot its organization sees and changes, and what its role can do."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import Error, connection, models, transaction
from django.db.models import QuerySet
from django.test import Client, override_settings
from django.urls import path
from psycopg.errors import InsufficientPrivilege

from apikeys.models import ApiKey
from asteri.api.viewsets import PublicViewSet
from asteri.row_security import say, speak_for_key, speak_for_organization, speak_for_staff, speaking
from customers.models import Customer, CustomerChange, Feed, IdempotencyLink, IdempotencyRecord, Tombstone
from organizations.models import Organization
from organizations.policies import conditions, lay, tables, unsecured
from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer, make_organization
from tests.row_security.conftest import Serving

OWNED: tuple[Any, ...] = (
    Organization,
    ApiKey,
    Customer,
    CustomerChange,
    Feed,
    Tombstone,
    IdempotencyRecord,
    IdempotencyLink,
)
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}


class Forgetful(PublicViewSet):
    """A resource whose author forgot that there are organizations."""

    scopes: ClassVar = {"list": (), "create": (), "destroy": ()}

    def get_queryset(self) -> QuerySet[Customer]:
        return Customer.objects.order_by("pk")

    def list(self, request: Any) -> Any:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response([str(customer.organization_id) for customer in page])


urlpatterns = [path("api/forgetful", Forgetful.as_view({"get": "list"}))]


@pytest.fixture
def both(owner: Caller, outsider: Caller) -> tuple[Caller, Caller]:
    """Two organizations with rows in every table that has any for an organization."""
    for caller in (owner, outsider):
        first = caller.post(BODY, headers={"idempotency-key": "once"})
        deleted = caller.send("DELETE", f"{CUSTOMERS}/{make_customer(caller.organization).pk}")
        followed = caller.get(f"{CUSTOMERS}/changes")
        assert [first.status_code, deleted.status_code, followed.status_code] == [201, 204, 200]
    return owner, outsider


def organization_ids(model: Any) -> set[Any]:
    """Answer whose rows a query sees that names no organization."""
    named = {Organization: "pk", IdempotencyLink: "record__organization"}.get(model, "organization")
    return set(model.objects.values_list(named, flat=True))


@contextmanager
def speaking_for(caller: Caller) -> Iterator[None]:
    with speaking():
        speak_for_organization(caller.organization.id)
        yield


@pytest.mark.parametrize("model", OWNED)
def test_a_query_without_an_organization_sees_the_tenants_rows_alone(
    role: str, serving: Serving, both: tuple[Caller, Caller], model: Any
) -> None:
    with serving():
        for caller in both:
            with speaking_for(caller):
                assert organization_ids(model) == {caller.organization.id}


@pytest.mark.parametrize("model", OWNED)
def test_a_query_that_says_nothing_sees_nothing(serving: Serving, both: tuple[Caller, Caller], model: Any) -> None:
    with serving():
        assert not model.objects.exists()
        with speaking():
            assert not model.objects.exists()


@pytest.mark.parametrize("model", OWNED)
def test_staff_see_everything(serving: Serving, both: tuple[Caller, Caller], model: Any) -> None:
    with serving(), speaking():
        speak_for_staff()
        assert organization_ids(model) == {caller.organization.id for caller in both}


@pytest.mark.parametrize("model", OWNED)
def test_the_tables_owner_sees_everything(role: str, both: tuple[Caller, Caller], model: Any) -> None:
    assert organization_ids(model) == {caller.organization.id for caller in both}


def test_a_look_up_sees_one_key_and_its_organization(serving: Serving, both: tuple[Caller, Caller]) -> None:
    owner, _ = both
    with serving(), speaking():
        speak_for_key(owner.key.public_id)
        assert [key.pk for key in ApiKey.objects.all()] == [owner.key.pk]
        assert organization_ids(Organization) == {owner.organization.id}
        assert [model for model in OWNED[2:] if model.objects.exists()] == []


def test_a_look_up_changes_nothing(serving: Serving, owner: Caller) -> None:
    with serving(), speaking():
        speak_for_key(owner.key.public_id)
        assert ApiKey.objects.update(name="Changed") == 0
        assert Organization.objects.update(name="Changed") == 0


@pytest.mark.urls("tests.row_security.test_walls")
def test_a_view_that_forgets_its_organization_shows_the_tenants_rows_alone(
    serving: Serving, owner: Caller, outsider: Caller
) -> None:
    for caller in (owner, outsider):
        make_customer(caller.organization)
    assert owner.get("/api/forgetful").json()["pagination"]["count"] == 2
    with serving():
        page = owner.get("/api/forgetful").json()
    assert (page["data"], page["pagination"]["count"]) == ([str(owner.organization.id)], 1)


# What a statement that forgot its organization would do to another one's rows.
INTRUSIONS: dict[str, Callable[[Caller], object]] = {
    "insert": lambda victim: make_customer(victim.organization),
    "insert a key": lambda victim: ApiKey.objects.bulk_create([ApiKey(organization=victim.organization, pepper_id=1)]),
    "insert an organization": lambda _: make_organization(),
    "insert a tombstone": lambda victim: Tombstone.objects.create(
        organization=victim.organization, created_at="2026-01-01T00:00Z", deleted_at="2026-01-01T00:00Z"
    ),
    "move there": lambda victim: Customer.objects.update(organization=victim.organization),
    "link to its record": lambda victim: IdempotencyLink.objects.create(
        record_id=VICTIMS_RECORD[0], customer_id=victim.organization.id
    ),
}
VICTIMS_RECORD: list[int] = []


@pytest.mark.parametrize("intrusion", INTRUSIONS.values(), ids=INTRUSIONS)
def test_nothing_is_stored_for_another_organization(
    serving: Serving, both: tuple[Caller, Caller], intrusion: Callable[[Caller], object]
) -> None:
    owner, outsider = both
    VICTIMS_RECORD[:] = [IdempotencyRecord.objects.get(organization=outsider.organization).pk]
    before = counts()
    with serving(), speaking_for(owner), pytest.raises(Error, match="row-level security policy"):
        intrusion(outsider)
    assert counts() == before


def counts() -> list[Any]:
    return [model.objects.count() for model in OWNED]


def test_what_belongs_to_another_organization_is_neither_changed_nor_deleted(
    serving: Serving, both: tuple[Caller, Caller]
) -> None:
    owner, outsider = both
    with serving(), speaking_for(owner), transaction.atomic():
        theirs = Customer.objects.filter(organization=outsider.organization)
        assert (theirs.update(display_name="Changed"), theirs.select_for_update().first()) == (0, None)
        assert Customer.objects.all().delete() == (1, {"customers.Customer": 1})
    assert Customer.objects.of(outsider.organization).exclude(display_name="Changed").count() == 1


def said() -> list[str]:
    """Answer what the connection says of its own, past any speaker."""
    names = ("asteri.organization", "asteri.public_id", "asteri.staff")
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in names))
        return [text for text in cursor.fetchone() if text]


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_nothing_said_stays_on_the_connection(serving: Serving, owner: Caller) -> None:
    with serving():
        process = backend()
        with speaking_for(owner):
            assert Customer.objects.count() == 0
            assert said() == [str(owner.organization.id)]
        assert (said(), backend()) == ([], process)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nothing_said_by_a_request_stays_on_the_connection(serving: Serving, owner: Caller, method: str) -> None:
    with serving():
        process = backend()
        owner.send(method, data="{", content_type="application/json")
        assert (said(), backend(), Customer.objects.exists()) == ([], process, False)


def test_nothing_said_outlives_a_transaction_that_is_undone(serving: Serving, owner: Caller) -> None:
    with serving():
        with speaking_for(owner), transaction.atomic():
            assert said() == [str(owner.organization.id)]
            transaction.set_rollback(True)
        assert said() == []


def test_a_failure_within_a_transaction_is_survived(serving: Serving, owner: Caller) -> None:
    make_customer(owner.organization, email="ops@example.com")
    with serving(), speaking_for(owner), transaction.atomic():
        with pytest.raises(Error), transaction.atomic():
            connection.cursor().execute("SELECT 1 / 0")
        assert Customer.objects.count() == 1


def test_a_page_that_nobody_signed_in_to_sees_nothing(serving: Serving, owner: Caller) -> None:
    with serving():
        assert "login" in Client().get("/admin/organizations/organization/").headers["Location"]
        assert said() == []


# What the serving role might try to be rid of the policies.
WAYS_OUT = {
    "lift": "ALTER TABLE customers_customer DISABLE ROW LEVEL SECURITY",
    "unforce": "ALTER TABLE customers_customer NO FORCE ROW LEVEL SECURITY",
    "drop": "DROP POLICY tenant ON customers_customer",
    "add": "CREATE POLICY more ON customers_customer USING (true)",
    "take the table": "ALTER TABLE customers_customer OWNER TO CURRENT_USER",
    "become the owner": "SET ROLE {owner}",
    "be the owner": "SET SESSION AUTHORIZATION {owner}",
    "bypass": "ALTER ROLE CURRENT_USER BYPASSRLS",
    "join the owner": "GRANT {owner} TO CURRENT_USER",
    "set triggers off": "ALTER TABLE customers_customer DISABLE TRIGGER ALL",
    "set triggers off here": "SET session_replication_role TO replica",
    "truncate": "TRUNCATE customers_tombstone",
    "make a function": "CREATE FUNCTION public.way_out() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "make a table": "CREATE TABLE public.way_out (id int)",
    "copy to a program": "COPY customers_customer TO PROGRAM 'cat'",
    "read passwords": "SELECT rolpassword FROM pg_authid",
}


@pytest.mark.parametrize("statement", WAYS_OUT.values(), ids=WAYS_OUT)
def test_the_serving_role_has_no_way_out(serving: Serving, owner: Caller, statement: str) -> None:
    written = statement.format(owner=connection.settings_dict["USER"])
    with serving(), pytest.raises(Error) as refusal:
        connection.cursor().execute(written)
    assert isinstance(refusal.value.__cause__, InsufficientPrivilege)


def test_row_security_cannot_be_set_off(serving: Serving, owner: Caller) -> None:
    with serving(), connection.cursor() as cursor:
        cursor.execute("SET row_security TO off")  # then a query that policies would narrow fails
        with pytest.raises(Error, match="would be affected by row-level security"):
            Customer.objects.count()


@pytest.mark.parametrize("value", ["a'b", "a b", "a;b", "a\\b", "%s"])
def test_only_plain_text_is_said(serving: Serving, value: str) -> None:
    with override_settings(ROW_SECURITY=True), speaking(), pytest.raises(ValueError, match=re.escape(value)):
        say("asteri.public_id", value)


def has_an_organization(model: type[models.Model]) -> bool:
    """Whether a model's rows belong to an organization, said as plainly as can be."""
    return model is Organization or any(field.name == "organization" for field in model._meta.get_fields())


def test_every_table_with_an_organization_is_secured(role: str, db: None) -> None:
    owned = {model._meta.db_table for model in apps.get_models() if has_an_organization(model)}
    assert owned | {"customers_idempotencylink"} <= set(conditions())
    assert {table.name for table in tables(connection) if table.is_forced} == set(conditions())
    assert unsecured(connection) == []


def test_tables_without_an_organization_are_left_alone() -> None:
    assert not [name for name in conditions() if name.startswith(("auth_", "django_"))]


@pytest.mark.parametrize(
    "damage",
    [
        "ALTER TABLE customers_customer NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE customers_customer DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON customers_customer",
        "DROP POLICY owner ON customers_customer",
    ],
)
def test_what_is_missing_is_found_and_laid_anew(role: str, db: None, damage: str) -> None:
    connection.cursor().execute(damage)
    assert [table.name for table in unsecured(connection)] == ["customers_customer"]
    lay(connection)
    assert unsecured(connection) == []


def laid() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid, polname FROM pg_policy ORDER BY oid")
        return list(cursor.fetchall())


def test_migrating_again_touches_nothing(role: str, transactional_db: None) -> None:
    before = laid()
    call_command("migrate", verbosity=0)
    assert laid() == before != []


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_a_table_that_is_new_is_secured_where_others_are(
    role: str, transactional_db: None, *, is_asked_for: bool
) -> None:
    connection.cursor().execute("DROP POLICY tenant ON customers_feed")
    connection.cursor().execute("ALTER TABLE customers_feed NO FORCE ROW LEVEL SECURITY")
    with override_settings(ROW_SECURITY=is_asked_for):
        call_command("migrate", verbosity=0)
    assert unsecured(connection) == []
