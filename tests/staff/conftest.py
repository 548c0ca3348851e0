"""The staff: one of each role."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from asteri.staff.roles import Role


def member(role: Role | None, name: str = "ada", **fields: Any) -> User:
    """Make somebody on the staff, who has a role or none."""
    user = User.objects.create_user(name, password="right", is_staff=True, **fields)
    if role:
        user.groups.add(Group.objects.get(name=role.value))
    return user


def signed_in(user: User) -> Client:
    """Answer the client of somebody who has signed in without a second factor."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def support(db: None) -> Client:
    return signed_in(member(Role.SUPPORT, "support"))


@pytest.fixture
def operations(db: None) -> Client:
    return signed_in(member(Role.OPERATIONS, "operations"))


@pytest.fixture
def administrator(db: None) -> Client:
    return signed_in(member(Role.ADMINISTRATORS, "administrator"))
