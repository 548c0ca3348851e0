"""Request bodies: fields that take what they name and nothing else, and say in the contract's words what is wrong."""

import string
from functools import cache
from typing import Any

from django.db.models import Choices
from django.utils.functional import cached_property
from rest_framework import serializers

from asteri.api.query import has_controls

REQUIRED: Any = {"required": "Required", "null": "Required"}  # what a required field says when it's missing, or null


class TextField(serializers.Field[str, str, str, Any]):
    """A text: trimmed, of at most `max_length` characters, without control characters."""

    default_error_messages = REQUIRED

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        if not self.required:
            self.error_messages["null"] = "Must be a string"

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        """Answer the trimmed text; a text goes past the rounds that REST framework makes for what is none."""
        return self.to_internal_value(data) if isinstance(data, str) else super().run_validation(data)

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


class NumberField(serializers.Field[int, Any, Any, Any]):
    """A whole number between two bounds, both allowed."""

    default_error_messages = {"null": "Required"}  # noqa: RUF012 - as REST framework declares it.

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most

    def to_internal_value(self, data: Any) -> int:
        """Answer the number; true and 1.0 are none."""
        if type(data) is not int or not self.least <= data <= self.most:
            raise serializers.ValidationError(f"Must be a whole number from {self.least} to {self.most}")
        return data


def choice(values: type[Choices]) -> serializers.ChoiceField:
    """Answer a required field that takes one of an enumeration's values."""
    messages = {**REQUIRED, "invalid_choice": f"Must be one of: {', '.join(values.values)}"}
    return serializers.ChoiceField(choices=values.choices, error_messages=messages)


class StrictSerializer(serializers.Serializer[Any]):
    """A request body in which a field that it doesn't know is an error; every fault is named at once."""

    @cached_property
    def fields(self) -> Any:
        """The fields, which keep nothing of a request: making them anew costs twice as much as all that they judge."""
        return fields_of(type(self), self.partial)

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


@cache
def fields_of(serializer: type[StrictSerializer], partial: bool) -> Any:
    """Answer a serializer's fields, bound to one that never sees a request."""
    return serializers.Serializer.fields.func(serializer(partial=partial))  # type: ignore[attr-defined]
