"""What a record says, by whatever way its subject is written."""

import sqlite3
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, transaction
from django.utils import timezone

from apikeys.models import ApiKey
from asteri.audit.history import by_key, of_subject
from asteri.audit.models import Record, shown
from asteri.audit.subjects import LINKS, SUBJECTS
from customers.loading import Mould, store
from customers.models import Customer
from tests.callers import CUSTOMERS, ROOT, Caller, encoded
from tests.factories import make_customer, make_organization

HARBOR = {"account_type": "business", "company_name": "North Harbor Facilities", "email": "ops@harbor.example"}
BODY = {**HARBOR, "phone": "404-555-0128"}
HOSTILE = (
    "'; DROP TABLE audit_record; --",
    "%s %(x)s 100%",
    '{"a": [1]}',
    "\\u0027\\",
    "null",
    "🦀 é",
    "$$ $1 ?",
    '","',
)
Told = list[tuple[str, dict[str, Any]]]


def history(subject: Any) -> Told:
    """Answer what was done to a subject, the oldest first."""
    return [(record.action, record.changes) for record in reversed(of_subject(subject))]


def test_a_customers_life_over_the_api(owner: Caller) -> None:
    path = owner.post(BODY, headers={"x-request-id": "made-1"}).headers["Location"]
    customer = Customer.objects.get()
    sent = encoded({"first_name": "Nora", "phone": None})
    assert owner.send("PATCH", path, data=sent, content_type="application/json").status_code == 200
    assert owner.send("DELETE", path).status_code == 204
    made, changed, deleted = reversed(by_key(owner.key.public_id))
    told = {**BODY, "display_name": "North Harbor Facilities"}
    assert (made.action, made.changes) == ("created", {name: [None, value] for name, value in told.items()})
    assert (changed.action, changed.changes) == (
        "changed",
        {"first_name": ["", "Nora"], "phone": ["404-555-0128", None]},
    )
    assert deleted.action == "deleted"
    assert deleted.changes.pop("created_at") == [
        f"{customer.created_at:%Y-%m-%dT%H:%M:%S}.{milliseconds(customer)}Z",
        None,
    ]
    last = {**told, "first_name": "Nora"}
    assert deleted.changes == {name: [value, None] for name, value in last.items() if name != "phone"}
    assert (made.request_id, made.address, made.actor_kind) == ("made-1", "127.0.0.1", "api_key")
    assert {(one.subject_type, one.subject_id, one.organization_id) for one in (made, changed, deleted)} == {
        ("customers.customer", str(customer.pk), owner.organization.pk)
    }


def milliseconds(customer: Customer) -> str:
    return f"{customer.created_at.microsecond // 1_000:03}"


def test_a_bulk_and_an_upsert_leave_a_record_each(owner: Caller) -> None:
    items = [{**BODY, "email": f"{number}@harbor.example"} for number in range(3)]
    assert owner.post({"customers": [*items, items[0]]}, f"{CUSTOMERS}/bulk").status_code == 200
    path = f"{CUSTOMERS}/by-external-id/crm-1"
    for name in ("Nora", "Ada", "Ada"):
        owner.send("PUT", path, data=encoded({**BODY, "first_name": name}), content_type="application/json")
    assert [record.action for record in reversed(by_key(owner.key.public_id))] == ["created"] * 4 + ["changed"]


def test_what_is_refused_or_rolled_back_leaves_none(owner: Caller) -> None:
    assert [owner.post(BODY).status_code for _ in range(2)] == [201, 409]
    with transaction.atomic():
        make_customer(owner.organization)
        transaction.set_rollback(True)
    assert Record.objects.filter(organization_id=owner.organization.pk, subject_type="customers.customer").count() == 1


@pytest.mark.parametrize("fields", [{"version": 7}, {"updated_at": timezone.now()}, {"search_text": "x"}, {}])
def test_what_is_not_audited_leaves_none(owner: Caller, fields: dict[str, Any]) -> None:
    customer = make_customer(owner.organization)
    Customer.objects.filter(pk=customer.pk).update(**fields, display_name=customer.display_name)
    assert len(history(customer)) == 1


def test_every_row_of_one_statement_has_a_record(owner: Caller) -> None:
    mould = Mould(owner.organization)
    records = [mould.record({**HARBOR, "email": f"{number}@harbor.example"}) for number in range(5)]
    store([*records, {**records[0], "id": make_customer(owner.organization).pk}])
    Customer.objects.filter(email__endswith="harbor.example").update(last_name="Harbor")
    Customer.objects.filter(email__endswith="harbor.example").delete()
    for record in records:
        told = history(Customer(pk=record["id"]))
        assert [action for action, _ in told] == ["created", "changed", "deleted"]
        assert told[1][1] == {"last_name": ["", "Harbor"]}


@pytest.mark.parametrize("text", HOSTILE)
def test_values_are_told_as_they_are(owner: Caller, text: str) -> None:
    customer = make_customer(owner.organization, first_name=text, external_id=text)
    Customer.objects.filter(pk=customer.pk).update(first_name="", last_name=text)
    told = history(customer)
    assert (told[0][1]["first_name"], told[0][1]["external_id"]) == ([None, text], [None, text])
    assert told[1][1] == {"first_name": [text, ""], "last_name": ["", text]}


def test_a_keys_life_tells_no_secret(owner: Caller) -> None:
    made = owner.post({"name": "Made", "scopes": ["read:customers"], "per_minute": 60}, f"{ROOT}/api-keys")
    path, text = made.headers["Location"], made.json()["data"]["key"]
    rotated = owner.post({"grace_hours": 1}, f"{path}/rotate").json()["data"]
    assert owner.send("DELETE", path).status_code == 204
    first, second = ApiKey.objects.get(pk=made.json()["data"]["id"]), ApiKey.objects.get(pk=rotated["id"])
    told = history(first)
    assert told[0] == (
        "created",
        {
            "name": [None, "Made"],
            "scopes": [None, "read:customers"],
            "per_minute": [None, 60],
            "public_id": [None, first.public_id],
        },
    )
    assert [list(changes) for _, changes in told[1:]] == [["expires_at"], ["revoked_at"]]
    assert history(second)[0][1]["replaces_id"] == [None, str(first.pk)]
    for key, plain in ((first, text), (second, rotated["key"])):
        written = str([record.changes for record in of_subject(key)])
        assert not [secret for secret in (key.digest, plain, plain[-38:-6], "digest", "pepper") if secret in written]


def test_a_keys_use_leaves_none_and_a_new_digest_one_without_it(owner: Caller) -> None:
    owner.get()
    assert ApiKey.objects.get(pk=owner.key.pk).last_used_at is not None
    ApiKey.objects.filter(pk=owner.key.pk).update(digest="0" * 64)
    assert history(owner.key)[1:] == [("changed", {"digest": ["…", "…"]})]


def test_an_organization_is_suspended(owner: Caller) -> None:
    owner.organization.suspend(timezone.now().replace(microsecond=250_000))
    (_, made), (action, changes) = history(owner.organization)
    assert made == {"name": [None, owner.organization.name], "environment": [None, "live"], "region": [None, "US"]}
    assert (action, changes["suspended_at"][0], changes["suspended_at"][1][-5:]) == ("changed", None, ".250Z")


def test_a_users_password_is_never_told(db: None) -> None:
    user = User.objects.create_user("nora", password="a secret of Nora's")
    user.set_password("another secret")
    user.save()
    user.last_login = timezone.now()
    user.save()
    made, changed = history(user)
    assert made[1] == {
        "username": [None, "nora"],
        "is_staff": [None, False],
        "is_superuser": [None, False],
        "is_active": [None, True],
    }
    assert changed == ("changed", {"password": ["…", "…"]})


def test_memberships_are_changes_of_the_user_and_of_the_group(db: None) -> None:
    user, group = User.objects.create(username="nora"), Group.objects.create(name="Harbor")
    permission = Permission.objects.get(codename="view_customer")
    user.groups.add(group)
    user.user_permissions.add(permission)
    group.permissions.add(permission)
    user.groups.clear()
    assert history(user)[1:] == [
        ("changed", {"groups": [None, "Harbor"]}),
        ("changed", {"user_permissions": [None, "view_customer"]}),
        ("changed", {"groups": ["Harbor", None]}),
    ]
    assert history(group)[1:] == [("changed", {"permissions": [None, "view_customer"]})]


def test_a_membership_that_is_moved_is_told_on_both_sides(db: None) -> None:
    users = [User.objects.create(username=name) for name in ("ada", "nora")]
    group = Group.objects.create(name="Harbor")
    users[0].groups.add(group)
    User.groups.through.objects.update(user=users[1])
    assert history(users[0])[-1] == ("changed", {"groups": ["Harbor", None]})
    assert history(users[1])[-1] == ("changed", {"groups": [None, "Harbor"]})


def test_an_id_that_is_changed_is_told(owner: Caller) -> None:
    customer, other = make_customer(owner.organization), make_organization()
    Customer.objects.filter(pk=customer.pk).update(id=other.pk)
    assert history(customer)[1:] == [("changed", {"id": [str(customer.pk), str(other.pk)]})]


def test_a_truncated_table_is_told(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE.")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE customers_customer")
    record = Record.objects.first()
    assert record is not None
    assert (record.subject_type, record.subject_id, record.action) == ("customers.customer", "*", "deleted")


def test_what_is_audited_is_decided_column_by_column(db: None) -> None:
    """A new column is audited unless it's named here and there; a secret one must never be."""
    columns = {subject.label: {column.name for column in subject.columns(connection)} for subject in SUBJECTS}
    names = "account_type company_name display_name email external_id first_name last_name organization_id phone"
    assert columns["customers.customer"] == {"id", "created_at", *names.split()}
    names = (
        "digest expires_at name organization_id pepper_id per_day per_hour per_minute public_id replaces_id revoked_at"
    )
    assert columns["apikeys.apikey"] == {"id", "created_at", "scopes", *names.split()}
    names = "date_joined email first_name id is_active is_staff is_superuser last_name password username"
    assert columns["auth.user"] == set(names.split())
    secret = {column.name for subject in SUBJECTS for column in subject.columns(connection) if column.is_secret}
    assert secret == {"digest", "pepper_id", "password"}
    assert [link.table for link in LINKS] == [
        "auth_user_groups",
        "auth_user_user_permissions",
        "auth_group_permissions",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_bare_shell_writes_and_is_recorded_as_unknown(owner: Caller) -> None:
    customer = make_customer(owner.organization)
    write_past_django("UPDATE customers_customer SET last_name = 'Shell' WHERE last_name = ''")
    record = of_subject(customer)[0]
    assert (record.actor_kind, record.actor, record.changes) == ("unknown", "", {"last_name": ["", "Shell"]})


def write_past_django(sql: str) -> None:
    """Carry out a statement on a connection that nobody attends."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(given["NAME"], isolation_level=None)) as bare:
            bare.execute(sql)
        return
    where = {"host": given["HOST"], "port": given["PORT"] or 5432, "user": given["USER"], "password": given["PASSWORD"]}
    with psycopg.connect(dbname=given["NAME"], autocommit=True, **where) as bare_one:
        bare_one.execute(sql.encode())


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "yes"), (False, "no"), (60, "60"), ("", ""), ("x", "x"), (["a"], "['a']")]
)
def test_values_are_shown_to_people(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_record_says_what_it_is_about(owner: Caller) -> None:
    record = of_subject(owner.key)[0]
    assert (str(record), record.who) == (f"apikeys.apikey {owner.key.pk} created", "unknown")
