"""A trigger of the audit trail, as an engine is asked for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trigger:
    """A trigger of a table; `function` is what it carries out where the engine keeps that apart, else ""."""

    name: str
    table: str
    creation: str
    function: str = ""


REFUSAL = "Records of the audit trail are never changed, and deleted by age alone."
LEAST_DAYS = 30  # the database deletes no younger record, whatever it's asked
