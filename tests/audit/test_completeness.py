"""Complete: under a mix of writers every change is recorded exactly once, and nothing that was rolled back is."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test import Client

from asteri.audit.actor import acting
from asteri.audit.models import Record
from customers.models import Customer
from tests.callers import Caller, encoded
from tests.factories import make_customer, make_organization

ROUNDS = 6
BODY = {"account_type": "business", "phone": "404-555-0128"}
Change = tuple[str, str, str]  # who, what, on which customer


def over_the_api(caller: Caller, number: int) -> list[Change]:
    """Create, change and delete customers, some of which are refused; answer what took effect."""
    done, who = [], caller.key.public_id
    for turn in range(ROUNDS):
        email = f"{turn}@harbor.example"  # every key of the organization wants it
        made = caller.post({**BODY, "email": email})
        if made.status_code != 201:
            assert made.status_code == 409, made.content
            continue
        path, pk = made.headers["Location"], made.json()["data"]["id"]
        sent = encoded({"first_name": f"{number}"})
        assert caller.send("PATCH", path, data=sent, content_type="application/json").status_code == 200
        done += [(who, "created", pk), (who, "changed", pk)]
        if turn % 2:
            assert caller.send("DELETE", path).status_code == 204
            done.append((who, "deleted", pk))
    return done


def in_the_admin(client: Client, customer: Customer) -> list[Change]:
    """Change a customer again and again; answer what took effect."""
    form = {"account_type": "business", "display_name": "Harbor", "email": customer.email}
    for turn in range(ROUNDS):
        answer = client.post(
            f"/admin/customers/customer/{customer.pk}/change/",
            {**form, "last_name": f"{turn}", "seen_version": turn + 1},
        )
        assert answer.status_code == 302, answer.content
    return [(client.name, "changed", str(customer.pk))] * ROUNDS  # type: ignore[attr-defined]  # a name of ours


def by_a_command(customer: Customer) -> list[Change]:
    """Change a customer in transactions of which every other one is undone; answer what took effect."""
    with acting("command", "mend"):
        for turn in range(ROUNDS):
            with transaction.atomic():
                Customer.objects.filter(pk=customer.pk).update(first_name=f"{turn}")
                transaction.set_rollback(bool(turn % 2))
    return [("mend", "changed", str(customer.pk))] * (ROUNDS // 2)


def by_nobody(customer: Customer) -> list[Change]:
    """Change a customer without saying who does; answer what took effect."""
    for turn in range(ROUNDS):
        Customer.objects.filter(pk=customer.pk).update(company_name=f"{turn}")
    return [("", "changed", str(customer.pk))] * ROUNDS


@pytest.mark.django_db(transaction=True)
def test_every_change_is_there_exactly_once(owner: Caller) -> None:
    callers = [owner, Caller.of(owner.organization), Caller.of(make_organization())]
    customers = [make_customer(make_organization()) for _ in range(4)]
    clients: list[Any] = [Client(), Client()]
    for number, client in enumerate(clients):
        client.name = f"harbor-master-{owner.key.public_id}-{number}"
        client.force_login(User.objects.create_superuser(client.name))
    jobs: list[Any] = [
        lambda caller=caller, number=number: over_the_api(caller, number) for number, caller in enumerate(callers)
    ]
    jobs += [
        lambda client=client, customer=customer: in_the_admin(client, customer)
        for client, customer in zip(clients, customers[:2], strict=True)
    ]
    jobs += [lambda: by_a_command(customers[2]), lambda: by_nobody(customers[3])]
    (before,) = Record.objects.order_by("-id").values_list("pk", flat=True)[:1]

    def finish(job: Any) -> list[Change]:
        try:
            if connection.vendor == "sqlite":  # on a busy machine the others' turns may take longer than we'd wait
                connection.cursor().execute("PRAGMA busy_timeout = 120000")
            return list(job())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        done = Counter(change for changes in pool.map(finish, jobs) for change in changes)
    records = Record.objects.filter(pk__gt=before, subject_type="customers.customer")
    assert Counter(records.values_list("actor", "action", "subject_id")) == done
