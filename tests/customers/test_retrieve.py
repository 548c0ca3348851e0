"""GET /api/public/v1/customers/{customerId}."""

import pytest

from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer


def test_answers_the_customer(owner: Caller) -> None:
    customer = make_customer(owner.organization)
    response = owner.get(f"{CUSTOMERS}/{customer.id}")
    assert response.status_code == 200
    assert response.json()["data"]["id"] == str(customer.id)


@pytest.mark.parametrize(
    "name", ["8af2ca8e-8f31-4e6e-a46c-0703b61f7ca4", "nobody", "8af2ca8e8f314e6ea46c0703b61f7ca3", "%00", "a.b"]
)
def test_knows_nobody_else(owner: Caller, name: str) -> None:
    response = owner.get(f"{CUSTOMERS}/{name}")
    assert (response.status_code, response.json()) == (404, {"error": "Customer not found"})


def test_keeps_another_organizations_customer_to_itself(owner: Caller, outsider: Caller) -> None:
    customer = make_customer(owner.organization)
    response = outsider.get(f"{CUSTOMERS}/{customer.id}")
    assert (response.status_code, response.json()) == (404, {"error": "Customer not found"})
