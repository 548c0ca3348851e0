"""What is audited: models and, of those, every column that isn't exempt; a new column is covered once it's migrated.

Of a secret the trail says only that it changed, and of the links between users, groups and permissions the names.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

SAID_ANYWAY = ("created_at", "date_joined")  # of a new row they say no more than the record's own time


@dataclass(frozen=True)
class Column:
    """A column as the triggers need to know it."""

    name: str
    kind: str  # Django's name of its type in the database
    is_secret: bool = False


@dataclass(frozen=True)
class Subject:
    """A model whose every change is recorded; `organization` is the column that says whose its rows are."""

    label: str
    organization: str = ""
    secret: frozenset[str] = frozenset()
    exempt: frozenset[str] = frozenset()

    @property
    def table(self) -> str:
        """The model's table."""
        return str(apps.get_model(self.label)._meta.db_table)

    @property
    def key(self) -> Column:
        """The column of the model's primary key."""
        return column_of(apps.get_model(self.label)._meta.pk)

    def columns(self, connection: BaseDatabaseWrapper) -> list[Column]:
        """Answer the audited columns that the table has; a migration may have brought it only part of its way."""
        with connection.cursor() as cursor:
            there = {found.name for found in connection.introspection.get_table_description(cursor, self.table)}
        fields = apps.get_model(self.label)._meta.concrete_fields
        return [column_of(each, self.secret) for each in fields if each.column in there - self.exempt]

    def told_at_creation(self, column: Column) -> bool:
        """Whether a new row's record says the column, rather than the record itself."""
        return column.name not in (*SAID_ANYWAY, self.key.name, self.organization) and not column.is_secret


@dataclass(frozen=True)
class Link:
    """A relation of many to many, each of whose links is a change of the subject: to what it leads, by `name`."""

    label: str
    relation: str
    name: str

    @property
    def field(self) -> Any:
        """The relation."""
        return apps.get_model(self.label)._meta.get_field(self.relation)

    @property
    def table(self) -> str:
        """The table of the links."""
        return str(self.field.remote_field.through._meta.db_table)

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of the subject and of what it's linked to."""
        return self.field.m2m_column_name(), self.field.m2m_reverse_name()

    @property
    def target(self) -> str:
        """The table of what is linked to."""
        return str(self.field.related_model._meta.db_table)


def column_of(model_field: Any, secret: frozenset[str] = frozenset()) -> Column:
    """Answer a field's column; a key to another model has that one's type."""
    target = model_field.target_field if isinstance(model_field, models.ForeignKey) else model_field
    return Column(model_field.column, target.get_internal_type(), model_field.column in secret)


SUBJECTS = (
    Subject(
        "customers.customer",
        "organization_id",
        exempt=frozenset({"email_key", "phone_key", "search_text", "version", "updated_at"}),
    ),
    Subject(
        "apikeys.apikey",
        "organization_id",
        secret=frozenset({"digest", "pepper_id"}),
        exempt=frozenset({"last_used_at"}),
    ),
    Subject("organizations.organization", "id"),
    Subject("auth.user", secret=frozenset({"password"}), exempt=frozenset({"last_login"})),
    Subject("auth.group"),
)
LINKS = (
    Link("auth.user", "groups", "name"),
    Link("auth.user", "user_permissions", "codename"),
    Link("auth.group", "permissions", "codename"),
)
