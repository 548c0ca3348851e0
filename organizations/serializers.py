"""What an organization looks like from outside."""

from typing import Any

from asteri.moments import timestamp
from organizations.models import Organization


def represent(organization: Organization) -> dict[str, Any]:
    """Answer an Organization of the contract."""
    return {
        "id": str(organization.id),
        "name": organization.name,
        "environment": organization.environment,
        "created_at": timestamp(organization.created_at),
    }
