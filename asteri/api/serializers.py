"""Request bodies: fields that take what they name and nothing else, and say in the contract's words what is wrong."""

import string
from typing import Any

from rest_framework import serializers

from asteri.api.query import has_controls


class TextField(serializers.Field[str, str, str, Any]):
    """A text: trimmed, of at most `max_length` characters, without control characters."""

    default_error_messages = {"required": "Required", "null": "Required"}  # noqa: RUF012 - as REST framework declares it.

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length

    def to_internal_value(self, data: Any) -> str:
        """Answer the trimmed text; an empty one is no fault of an optional field."""
        if not isinstance(data, str):
            raise serializers.ValidationError("Must be a string")
        text = data.strip()
        if has_controls(data.strip(string.whitespace)):
            raise serializers.ValidationError("Must not contain control characters")
        if len(text) > self.max_length:
            raise serializers.ValidationError(f"Must be at most {self.max_length} characters")
        if text or self.required:
            self.check(text)
        return text

    def check(self, text: str) -> None:
        """Raise ValidationError where a subclass knows more about what the text has to be."""


class StrictSerializer(serializers.Serializer[Any]):
    """A request body in which a field that it doesn't know is an error; every fault is named at once."""

    def to_internal_value(self, data: dict[str, Any]) -> Any:
        """Answer the fields' values; raise ValidationError with the faults of all, known and unknown."""
        faults: dict[str, Any] = {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            faults.update(error.detail)  # type: ignore[arg-type]
        faults |= {name: ["Unknown field"] for name in data if name not in self.fields}
        if faults:
            raise serializers.ValidationError(faults)
        return values
