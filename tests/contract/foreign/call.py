"""Calls the API through a client that openapi-python-client has made of the document and nothing else."""

import os
import uuid
from typing import Any

from generated.api.api_keys import api_keys_current  # type: ignore[import-not-found]  # made anew in every run
from generated.api.customers import (  # type: ignore[import-not-found]
    customers_changes,
    customers_create,
    customers_delete,
    customers_list,
    customers_retrieve,
    customers_update,
)
from generated.client import AuthenticatedClient  # type: ignore[import-not-found]
from generated.models import (  # type: ignore[import-not-found]
    ChangeCustomerRequest,
    ConflictError,
    CreateCustomerRequest,
    CreateCustomerRequestAccountType,
    CurrentApiKeyResponse,
    CustomerChangesResponse,
    CustomerChangeType,
    CustomerResponse,
    CustomersRetrieveExpand,
    CustomerWithProfileResponse,
    Error,
    RequestError,
)

EMAIL = f"{uuid.uuid4().hex}@example.com"
BODY = CreateCustomerRequest(
    account_type=CreateCustomerRequestAccountType.BUSINESS,
    email=EMAIL,
    phone="+1-404-555-0128",
    company_name="Cedar Electric",
)
client = AuthenticatedClient(
    base_url=os.environ["ASTERI_BASE_URL"],
    token=os.environ["ASTERI_API_KEY"],
    prefix="",
    auth_header_name="x-api-key",
    raise_on_unexpected_status=True,
)


def ask(operation: Any, expected: type | None, *arguments: Any, **more: Any) -> Any:
    """Call an operation for the organization; its answer has to be of the type that the document gives it."""
    answer = operation.sync_detailed(*arguments, client=client, x_organization_id=os.environ["ASTERI_ORG_ID"], **more)
    if expected is not None:
        assert isinstance(answer.parsed, expected), answer
    return answer.parsed


made = ask(customers_create, CustomerResponse, body=BODY, idempotency_key=EMAIL).data
assert (made.email, made.display_name, made.created_at.year >= 2026) == (EMAIL, "Cedar Electric", True)
assert ask(customers_create, CustomerResponse, body=BODY, idempotency_key=EMAIL).data == made
assert ask(customers_create, ConflictError, body=BODY).field == "email"
page = ask(customers_list, None, email=EMAIL.upper(), limit=1)
assert ([customer.id for customer in page.data], page.pagination.next_cursor) == ([made.id], None)
assert ask(customers_list, RequestError, limit=101).issues[0].path == "limit"
expanded = ask(customers_retrieve, CustomerWithProfileResponse, made.id, expand=CustomersRetrieveExpand.PROFILE).data
assert expanded.profile.company_name == "Cedar Electric"
changed = ask(customers_update, CustomerResponse, made.id, body=ChangeCustomerRequest(phone=None), if_match='"1"').data
assert changed.phone is None
assert ask(customers_changes, CustomerChangesResponse, limit=2).data[0].type_ == CustomerChangeType.CUSTOMER_CREATED
assert ask(customers_delete, None, made.id) is None
assert ask(customers_retrieve, Error, made.id).error == "Customer not found"
assert ask(api_keys_current, CurrentApiKeyResponse).data.organization.environment == "live"
