"""What the database itself refuses."""

import pytest
from django.db import IntegrityError, transaction

from tests.factories import make_customer, make_organization


@pytest.mark.django_db
def test_an_unknown_account_type_is_refused_whoever_asks() -> None:
    organization = make_organization()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_customer(organization, account_type="alien")
    assert not organization.customers.exists()
