"""Who acts: each write is its own actor's, and nobody's actor is left for somebody else's write."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

import manage
from asteri.audit.actor import acting, said
from asteri.audit.history import by_key, by_user, of_subject
from asteri.audit.models import Record
from customers.models import Customer
from organizations.models import Organization
from tests.callers import Caller
from tests.factories import make_customer, make_organization

BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
HOSTILE = ("'; DROP TABLE audit_record; --", "%s 100%", '"}', "\\", "\\u0000", "🦀 é", "a\0b", "\ud800", "x" * 500)


def actors(subject: Any) -> list[tuple[str, str]]:
    """Answer who has written a subject, the first first."""
    return [(record.actor_kind, record.actor) for record in reversed(of_subject(subject))]


@pytest.fixture(params=["autocommit", "transaction"])
def way(request: pytest.FixtureRequest) -> str:
    """Writes in transactions of their own, then all in one."""
    request.getfixturevalue("transactional_db" if request.param == "autocommit" else "db")
    return str(request.param)


def rename(customer: Customer, name: str) -> None:
    Customer.objects.filter(pk=customer.pk).update(last_name=name)


def test_each_write_is_its_own_actors(way: str) -> None:
    organization = make_organization()
    with acting("api_key", "first"):
        customer = make_customer(organization)
        rename(customer, "1")
        with acting("user", "second"):
            rename(customer, "2")
        rename(customer, "3")
    rename(customer, "4")
    with acting("command", "third"):
        rename(customer, "5")
        other = make_customer(organization)
    customer.delete()
    last = make_customer(organization)
    told = [("api_key", "first")] * 2 + [
        ("user", "second"),
        ("api_key", "first"),
        ("unknown", ""),
        ("command", "third"),
    ]
    assert actors(Customer(pk=Record.objects.filter(action="deleted")[0].subject_id)) == [*told, ("unknown", "")]
    assert (actors(other), actors(last)) == ([("command", "third")], [("unknown", "")])


def test_a_failed_write_leaves_no_actor(way: str) -> None:
    customer = make_customer(make_organization())
    with acting("user", "failing"), pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(account_type="nothing")
    with acting("user", "undone"), transaction.atomic():
        rename(customer, "undone")
        transaction.set_rollback(True)
    rename(customer, "mine")
    assert actors(customer) == [("unknown", "")] * 2


def test_an_actor_is_its_threads_alone(transactional_db: None) -> None:
    customer = make_customer(make_organization())

    def elsewhere() -> None:
        try:
            rename(customer, "elsewhere")
        finally:
            connection.close()

    with acting("user", "here"), ThreadPoolExecutor(1) as pool:
        pool.submit(elsewhere).result()
    assert actors(customer) == [("unknown", "")] * 2


def test_many_values_of_one_statement_are_the_actors(way: str) -> None:
    customers = [make_customer(make_organization()) for _ in range(3)]
    with acting("command", "many"), connection.cursor() as cursor:
        key = Customer._meta.pk
        ids = [key.get_db_prep_value(customer.pk, connection) for customer in customers]
        cursor.executemany("UPDATE customers_customer SET last_name = 'x' WHERE id = %s", [[one] for one in ids])
    assert [actors(customer)[1] for customer in customers] == [("command", "many")] * 3


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_any_name_is_told(way: str, name: str) -> None:
    customer = make_customer(make_organization())
    with acting("user", name, request_id=name, address=name):
        rename(customer, "x")
    record = of_subject(customer)[0]
    plain = name.replace("\0", "").encode(errors="replace").decode()
    assert (record.actor, record.request_id, record.address) == (plain[:150], plain[:128], plain[:64])


def test_a_kind_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="robot"):
        acting("robot", "x")


def test_requests_of_two_keys_on_one_connection_are_told_apart(owner: Caller, outsider: Caller) -> None:
    for caller in (owner, outsider, owner):
        assert caller.post({**BODY, "email": f"{Record.objects.count()}@harbor.example"}).status_code == 201
        assert said() == ""
    assert [by_key(caller.key.public_id).count() for caller in (owner, outsider)] == [2, 1]
    assert actors(make_customer(owner.organization)) == [("unknown", "")]


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("harbor-master"))
    return client


def test_staff_act_by_name(staff: Client) -> None:
    form = {"name": "Made by staff", "environment": "live", "region": "US"}
    headers = {"x-request-id": "page-1"}
    assert staff.post("/admin/organizations/organization/add/", form, headers=headers).status_code == 302
    (record,) = by_user("harbor-master")
    assert (record.subject_id, record.request_id, record.address) == (
        str(Organization.objects.get(name="Made by staff").pk),
        "page-1",
        "127.0.0.1",
    )


def test_signing_in_is_no_change(db: None) -> None:
    user = User.objects.create_user("nora", password="right", is_staff=True)
    Client().post("/admin/login/", {"username": "nora", "password": "right"})
    assert actors(user) == [("unknown", "")]  # last_login is no change


def test_a_password_that_is_hashed_anew_at_sign_in_tells_where_from(db: None, settings: Any) -> None:
    user = User.objects.create_user("nora", password="right", is_staff=True)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    Client().post("/admin/login/", {"username": "nora", "password": "right"}, headers={"x-request-id": "sign-in"})
    record = of_subject(user)[0]
    assert (record.changes, record.actor_kind) == ({"password": ["…", "…"]}, "unknown")
    assert (record.request_id, record.address) == ("sign-in", "127.0.0.1")


@pytest.mark.parametrize(
    ("arguments", "actor"),
    [
        (["create_organization", "Harbor"], ("command", "create_organization")),
        (
            [
                "shell",
                "-c",
                "from organizations.models import Organization; Organization.objects.create(name='Harbor')",
            ],
            ("unknown", ""),
        ),
    ],
    ids=["command", "shell"],
)
def test_a_command_acts_by_name_and_a_shell_is_nobody(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, arguments: list[str], actor: tuple[str, str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", *arguments])
    manage.main()
    assert actors(Organization.objects.get(name="Harbor")) == [actor]


def test_manage_without_a_command_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py"])
    manage.main()
    assert manage.command() == ""


def test_a_command_within_a_request_is_the_users(db: None) -> None:
    with acting("user", "nora"):
        call_command("create_organization", "Harbor")
    assert actors(Organization.objects.get(name="Harbor")) == [("user", "nora")]
