"""Simultaneous requests: an e-mail has one holder, whoever comes when."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from customers.models import Customer
from tests.callers import Caller

REQUESTS = 50
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}


@pytest.mark.django_db(transaction=True)
def test_of_fifty_simultaneous_creates_with_one_email_one_succeeds(owner: Caller) -> None:
    together = Barrier(REQUESTS)

    def create(_: int) -> tuple[int, str]:
        together.wait(timeout=120)
        try:
            response = owner.post(BODY)
            return response.status_code, response.json().get("error", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(REQUESTS) as pool:
        answers = Counter(pool.map(create, range(REQUESTS)))
    taken = (409, "Customer email already exists in this organization")
    assert answers == {(201, ""): 1, taken: REQUESTS - 1}
    assert Customer.objects.count() == 1
