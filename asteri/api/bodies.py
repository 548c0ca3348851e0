"""How the fields of request bodies stand in the OpenAPI document: what their code says, in JSON Schema's words."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

from asteri.api.describe import Json

# No control character, NUL included, and nothing that stands for broken UTF-8. Blanks around a body's text are cut off
# before it is judged, so those may be line breaks; a query's are judged as they come.
CONTROLS = r"\u0000-\u001f\u007f-\u009f\ufffd"
LINE = rf"[^{CONTROLS}]*[^{CONTROLS}\s][^{CONTROLS}]*"
BLANKS = r"[\t-\r ]*"
ANY_TEXT = f"^{BLANKS}[^{CONTROLS}]*{BLANKS}$"
NO_BLANK_TEXT = f"^{BLANKS}{LINE}{BLANKS}$"
NO_BLANK_LINE = f"^{LINE}$"


class TextFieldSchema(OpenApiSerializerFieldExtension):
    """A text of a body."""

    target_class = "asteri.api.serializers.TextField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema; blanks around it don't count towards its length."""
        least: Json = {"minLength": 1, "pattern": NO_BLANK_TEXT} if self.target.required else {"pattern": ANY_TEXT}
        return {"type": "string", "maxLength": self.target.max_length, **least}


class NumberFieldSchema(OpenApiSerializerFieldExtension):
    """A whole number of a body."""

    target_class = "asteri.api.serializers.NumberField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema."""
        return {"type": "integer", "minimum": self.target.least, "maximum": self.target.most}


class ChoiceFieldSchema(OpenApiSerializerFieldExtension):
    """One of several values."""

    target_class = "rest_framework.serializers.ChoiceField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema."""
        return {"type": "string", "enum": list(self.target.choices)}
