"""Roles: what each lets its members see and change, kept as Django's groups.

The migration makes the groups and gives them what there is to give. What is added later, a permission is given to its
roles when it's made and never again: so what administrators take away from a role, or add to it, stays as they left it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions


class Role(StrEnum):
    """The groups that staff belong to."""

    SUPPORT = "Support"
    OPERATIONS = "Operations"
    ADMINISTRATORS = "Administrators"


READ = (
    "organizations.view_organization",
    "customers.view_customer",
    "apikeys.view_apikey",
    "usage.view_refusal",
    "usage.view_hour",
    "usage.view_day",
    "audit.view_record",
)
WRITE = tuple(
    f"{model.partition('.')[0]}.{action}_{model.partition('.')[2]}"
    for model in ("organizations.organization", "customers.customer", "apikeys.apikey")
    for action in ("add", "change")
)
ADMINISTER = (
    "customers.delete_customer",
    *(f"auth.{action}_{model}" for model in ("user", "group") for action in ("view", "add", "change", "delete")),
)
ROLES: dict[Role, tuple[str, ...]] = {
    Role.SUPPORT: READ,
    Role.OPERATIONS: (*READ, *WRITE),
    Role.ADMINISTRATORS: (*READ, *WRITE, *ADMINISTER),
}


def give(permissions: Iterable[Any], groups: Any) -> None:
    """Give each of the permissions to the roles that have it, which are made where they are missing."""
    by_name = {f"{one.content_type.app_label}.{one.codename}": one for one in permissions}
    for role, names in ROLES.items():
        if given := [by_name[name] for name in names if name in by_name]:
            groups.get_or_create(name=role.value)[0].permissions.add(*given)


def give_new(app_config: AppConfig, using: str, apps: Any = installed, **kwargs: Any) -> None:
    """Have Django make the permissions of an app that was migrated, and give those that are new to their roles.

    It comes before Django's own receiver of `post_migrate`, which then finds nothing left to make.
    """
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    own = permissions.filter(content_type__app_label=app_config.label)
    known = set(own.values_list("pk", flat=True))
    create_permissions(app_config, using=using, apps=apps, **kwargs)
    give(own.exclude(pk__in=known).select_related("content_type"), apps.get_model("auth", "Group").objects.using(using))
