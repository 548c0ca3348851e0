"""What a served database needs to begin with: the tables, an organization and its keys.

Run as `python -m tests.faults.preparation LIMITS…`, a JSON object of limits for each key; prints the id and the keys.
"""

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - commands and models can be had once Django is set up.

from apikeys.models import ApiKey  # noqa: E402
from organizations.models import Organization  # noqa: E402

SCOPES = ["read:customers", "write:customers", "delete:customers"]


def main(*limits: str) -> None:
    """Make the tables, an organization, and a key for each of the limits."""
    call_command("migrate", verbosity=0)
    organization = Organization.objects.create(name="Faults")
    fields = [{"name": "Faults", "scopes": SCOPES, **json.loads(each)} for each in limits]
    keys = [ApiKey.objects.issue(organization, **each)[1].text for each in fields]
    sys.stdout.write(json.dumps({"organization": str(organization.pk), "keys": keys}))


if __name__ == "__main__":
    main(*sys.argv[1:])
