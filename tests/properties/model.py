"""The customers of one organization as the contract has them, in plain Python: what the API is held against."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NAMES = ("display_name", "company_name", "first_name", "last_name")
SENT = (*NAMES, "account_type", "email", "phone", "external_id")
# Numbers as they're written, and the one form of each.
PHONES = {
    "+1-404-555-0128": "+14045550128",
    "(404) 555-0128": "+14045550128",
    "404-555-0199": "+14045550199",
    "+44 20 7946 0958": "+442079460958",
    "+442079460958": "+442079460958",
}


def fold(text: str) -> str:
    """Answer a text without its case and its compatibility forms (Unicode, D145 and NFKC)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@dataclass
class Expected:
    """A customer as it ought to be."""

    id: str
    created_at: str
    fields: dict[str, Any]
    version: int = 1

    @property
    def key(self) -> str | None:
        """What its e-mail address is unique by."""
        return str(self.fields["email"]).lower() if self.fields["email"] else None

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands in a list that begins with the oldest."""
        return self.created_at, self.id

    @property
    def lines(self) -> list[str]:
        """The texts that a search looks into."""
        phone = self.fields["phone"]
        texts = [*(self.fields[name] for name in NAMES), self.fields["email"], phone, PHONES.get(phone)]
        return [fold(text) for text in texts if text]

    def matches(self, query: dict[str, str]) -> bool:
        """Whether a list with that query has it."""
        mine = {
            "account_type": self.fields["account_type"],
            "email": self.key,
            "phone": PHONES.get(self.fields["phone"]),
            "external_id": self.fields["external_id"],
        }
        sought = {**query, "email": query.get("email", "").lower(), "phone": PHONES.get(query.get("phone", ""))}
        words = fold(query.get("search", "")).split()
        return all(mine[name] == sought[name] for name in query if name in mine) and all(
            any(word in line for line in self.lines) for word in words
        )

    def shown(self, organization: str, *, expanded: bool) -> dict[str, Any]:
        """Answer what the API shows of it, the time of its last change apart."""
        names = {name: self.fields[name] or None for name in NAMES[1:]}
        profile = {"profile": {**names, "external_id": self.fields["external_id"]}} if expanded else {}
        own = {name: self.fields[name] for name in ("account_type", "display_name", "email", "phone")}
        return {"id": self.id, "organization_id": organization, **own, "created_at": self.created_at, **profile}


@dataclass
class Model:
    """The organization's customers by id, and what has happened to them, in order."""

    customers: dict[str, Expected] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)

    def taken(self, fields: dict[str, Any], but: Expected | None = None) -> dict[str, str]:
        """Answer which fields another customer holds the value of, with the holder's id."""
        found = {}
        for other in self.customers.values():
            if other is not but and fields.get("email") and other.key == fields["email"].lower():
                found["email"] = other.id
            if other is not but and fields.get("external_id") and other.fields["external_id"] == fields["external_id"]:
                found["external_id"] = other.id
        return found

    def add(self, shown: dict[str, Any], fields: dict[str, Any]) -> None:
        """Take in a customer that has just been made."""
        self.customers[shown["id"]] = Expected(shown["id"], shown["created_at"], completed(fields))
        self.changes.append(("customer.created", shown["id"]))

    def change(self, customer: Expected, fields: dict[str, Any]) -> None:
        """Set fields, which is no change where they are what they were."""
        after = completed({**customer.fields, **fields})
        if after != customer.fields:
            customer.fields, customer.version = after, customer.version + 1
            self.changes.append(("customer.updated", customer.id))

    def remove(self, customer: Expected) -> None:
        """Take a customer away."""
        del self.customers[customer.id]
        self.changes.append(("customer.deleted", customer.id))

    def listed(self, query: dict[str, str], order: str) -> list[Expected]:
        """Answer the customers that a walk with that query meets, in order."""
        found = [customer for customer in self.customers.values() if customer.matches(query)]
        return sorted(found, key=lambda customer: customer.place, reverse=order == "-created_at")


def completed(fields: dict[str, Any]) -> dict[str, Any]:
    """Answer every field, with the display name derived where it's blank."""
    values = {**dict.fromkeys(NAMES, ""), "email": None, "phone": None, "external_id": None, **fields}
    return {**values, "display_name": values["display_name"] or next(derived(values), "")}


def derived(values: dict[str, Any]) -> Iterator[str]:
    """Yield what a blank display name is taken from, the first first."""
    full = f"{values['first_name']} {values['last_name']}".strip()
    names = [values["company_name"], full]
    yield from filter(None, names if values["account_type"] == "business" else reversed(names))
    yield from filter(None, [values["email"]])
