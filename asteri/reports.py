"""Reports of errors, as Django mails them or shows them under DEBUG: whatever a variable holds, no key stands there."""

from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter

from asteri.api.identifiers import KEY


class KeylessReporter(ExceptionReporter):
    """Reports an error with each key, and each part of one, cut to its hint."""

    def get_traceback_html(self) -> SafeString:
        """Answer the report as a page."""
        return keyless(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        """Answer the report as text."""
        return keyless(super().get_traceback_text())


def keyless(text: SafeString) -> SafeString:
    """Answer a text in which each key is its hint."""
    return mark_safe(KEY.sub(r"\g<hint>…", text))  # noqa: S308 - what was safe loses letters and digits alone.
