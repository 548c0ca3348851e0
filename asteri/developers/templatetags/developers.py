"""What the site's templates call."""

from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString

from asteri.developers import code, markdown

register = template.Library()
register.filter("markdown", markdown.block)
register.filter("inline", markdown.inline)


@register.simple_tag
def panel(codes: code.Code | Sequence[code.Code], id: str = "") -> SafeString:  # noqa: A002 - HTML's own word.
    """Show code; in tabs, if it's in several languages."""
    return code.panel([codes] if isinstance(codes, code.Code) else codes, id)
