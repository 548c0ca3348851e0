"""What the key commands share."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError

from apikeys.keys import PlainKey
from apikeys.models import ApiKey
from asteri.management.base import moment


def find_key(text: str) -> ApiKey:
    """Answer the key with that id; CommandError where there is none."""
    try:
        return ApiKey.objects.select_related("organization").get(pk=uuid.UUID(text))
    except (ValueError, ApiKey.DoesNotExist):
        raise CommandError(f"There is no API key with the id {text}.") from None


def shown_once(key: ApiKey, plain: PlainKey) -> dict[str, Any]:
    """Answer what a command prints of a key that it has made, the key itself included."""
    return {
        "id": str(key.id),
        "key": plain.text,
        "hint": key.hint,
        "organization_id": str(key.organization_id),
        "scopes": list(key.scopes),
        "expires_at": moment(key.expires_at),
    }


def sentence(error: ValidationError) -> str:
    """Answer what is wrong with a key's fields in one sentence."""
    faults = error.message_dict.items()
    return " ".join(f"{name}: {' '.join(messages)}" for name, messages in faults)
