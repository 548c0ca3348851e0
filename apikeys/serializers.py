"""What a key looks like from outside, and the rules of what may be asked of one."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from apikeys.keys import PlainKey
from apikeys.lifetimes import fault, within
from apikeys.models import DEFAULT_PER_MINUTE, GRANTS, ApiKey
from apikeys.scopes import Scope, parse
from asteri.api.serializers import REQUIRED, NumberField, StrictSerializer, TextField
from asteri.moments import moment_of, timestamp

MOST_REQUESTS = 2_147_483_647  # what the column holds
MOST_GRACE = 8_760  # hours: a year


def represent(key: ApiKey) -> dict[str, Any]:
    """Answer what may be seen of a key."""
    return {
        "id": str(key.id),
        "hint": key.hint,
        "name": key.name,
        "scopes": list(key.scopes),
        "per_minute": key.per_minute,
        "per_hour": key.per_hour,
        "per_day": key.per_day,
        "expires_at": timestamp(key.expires_at) if key.expires_at else None,
        "state": str(key.state),
        "created_at": timestamp(key.created_at),
    }


def represent_once(key: ApiKey, plain: PlainKey) -> dict[str, Any]:
    """Answer a key that has just been made, with the only sight of the key itself."""
    about = represent(key)
    return {"id": about.pop("id"), "key": plain.text, **about}


class NameField(TextField):
    """What a key is for: a text that isn't empty."""

    def check(self, text: str) -> None:
        """Raise ValidationError for an empty name."""
        if not text:
            raise serializers.ValidationError("Must not be empty")


class ScopesField(serializers.Field[Any, Any, Any, Any]):
    """A list of scopes."""

    default_error_messages = REQUIRED

    def to_internal_value(self, data: Any) -> list[Scope]:
        """Answer the scopes, each once."""
        if not (isinstance(data, list) and all(isinstance(name, str) for name in data)):
            raise serializers.ValidationError("Must be a list of scopes")
        try:
            return parse(data)
        except ValueError:
            raise serializers.ValidationError(f"Must be among: {', '.join(Scope.values)}") from None


class ExpiryField(serializers.Field[Any, Any, Any, Any]):
    """A moment in the future, in ISO-8601."""

    def to_internal_value(self, data: Any) -> datetime:
        """Answer the moment."""
        try:
            moment = moment_of(data)
        except (TypeError, ValueError, OverflowError):
            raise serializers.ValidationError("Invalid ISO-8601 date-time") from None
        if moment <= timezone.now():
            raise serializers.ValidationError("Must lie in the future")
        return moment


class CreateApiKeySerializer(StrictSerializer):
    """A key to be made by `context["key"]`, which can give nothing beyond what it has, and gives that where unset."""

    name = NameField(max_length=255)
    scopes = ScopesField()
    per_minute = NumberField(least=1, most=MOST_REQUESTS, required=False)
    per_hour = NumberField(least=1, most=MOST_REQUESTS, required=False, allow_null=True)
    per_day = NumberField(least=1, most=MOST_REQUESTS, required=False, allow_null=True)
    expires_at = ExpiryField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Answer the values, the maker's own for those unset; refuse each that goes beyond the maker's, or too far."""
        maker: ApiKey = self.context["key"]
        own = {name: getattr(maker, name) for name in GRANTS}
        own["per_minute"], own["expires_at"] = min(DEFAULT_PER_MINUTE, maker.per_minute), within(maker.expires_at)
        values = {**own, **attrs}
        faults = dict.fromkeys(ApiKey(**values).beyond(maker), "Must not go beyond this key's own")
        if "expires_at" not in faults and fault(values["expires_at"]):
            faults["expires_at"] = f"Must be at most {settings.MAX_KEY_LIFETIME_DAYS} days ahead"
        if faults:
            raise serializers.ValidationError({name: [message] for name, message in faults.items()})
        return values


class RotateApiKeySerializer(StrictSerializer):
    """How long the predecessor goes on, in hours."""

    grace_hours = NumberField(least=0, most=MOST_GRACE, required=False, default=24)
