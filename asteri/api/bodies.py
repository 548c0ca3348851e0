"""How the fields of request bodies stand in the OpenAPI document: what their code says, in JSON Schema's words."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

from asteri.api.describe import Json

# Blanks around a text are cut off, so they may be line breaks; between them stands no control character.
TEXT_PATTERN = r"^[\t-\r ]*[^\u0000-\u001f\u007f-\u009f\ufffd]*[\t-\r ]*$"


class TextFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[misc]
    """A text of a body."""

    target_class = "asteri.api.serializers.TextField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema; blanks around it don't count towards its length."""
        least = {"minLength": 1} if self.target.required else {}
        return {"type": "string", **least, "maxLength": self.target.max_length, "pattern": TEXT_PATTERN}


class NumberFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[misc]
    """A whole number of a body."""

    target_class = "asteri.api.serializers.NumberField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema."""
        return {"type": "integer", "minimum": self.target.least, "maximum": self.target.most}


class ChoiceFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[misc]
    """One of several values."""

    target_class = "rest_framework.serializers.ChoiceField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema."""
        return {"type": "string", "enum": list(self.target.choices)}
