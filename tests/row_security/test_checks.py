"""Checks of row-level security: whether it's there, whether it binds who serves, and whether who serves knows."""

from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import connection
from django.test import override_settings

from tests.row_security.conftest import Serving


def found(**settings: Any) -> list[CheckMessage]:
    with override_settings(**settings):
        messages = run_checks(include_deployment_checks=True, databases=["default"])
    return [
        message for message in messages if message.id in ("asteri.E014", "asteri.E016", "asteri.E017", "asteri.E018")
    ]


def test_the_serving_role_is_sound(serving: Serving) -> None:
    with serving():
        assert found() == []


@pytest.mark.parametrize("is_on", [True, False])
def test_without_a_database_to_ask_none_is_asked(is_on: bool) -> None:
    with override_settings(ROW_SECURITY=is_on):
        assert not {message.id for message in run_checks(include_deployment_checks=True)} & {
            "asteri.E016",
            "asteri.E018",
        }


def test_a_superuser_is_e016_with_each_of_its_ways(serving: Serving) -> None:
    messages = found(ROW_SECURITY=True)
    assert {message.id for message in messages} == {"asteri.E016"}
    role = connection.settings_dict["USER"]
    assert messages[0].msg == f"The role {role} can pass by row-level security: it is a superuser."


@pytest.mark.parametrize(
    ("grant", "revoke", "way"),
    [
        ("ALTER ROLE {role} BYPASSRLS", "ALTER ROLE {role} NOBYPASSRLS", "it has BYPASSRLS"),
        ("ALTER ROLE {role} CREATEROLE", "ALTER ROLE {role} NOCREATEROLE", "it may make roles"),
        ("GRANT {owner} TO {role}", "REVOKE {owner} FROM {role}", "it owns tables, or may become who does"),
        (
            "GRANT TRUNCATE ON customers_feed TO {role}",
            "REVOKE TRUNCATE ON customers_feed FROM {role}",
            "it may empty tables",
        ),
    ],
)
def test_a_way_around_is_e016(serving: Serving, role: str, grant: str, revoke: str, way: str) -> None:
    names = {"role": role, "owner": connection.settings_dict["USER"]}
    connection.cursor().execute(grant.format(**names))
    try:
        with serving():
            assert [message.msg for message in found()] == [f"The role {role} can pass by row-level security: {way}."]
    finally:
        connection.cursor().execute(revoke.format(**names))


def test_a_table_left_open_is_e017(serving: Serving) -> None:
    connection.cursor().execute("ALTER TABLE customers_feed NO FORCE ROW LEVEL SECURITY")
    try:
        with serving():
            assert [(message.id, message.msg) for message in found()] == [
                ("asteri.E017", "Row-level security of customers_feed is missing or not as it has to be.")
            ]
    finally:
        connection.cursor().execute("ALTER TABLE customers_feed FORCE ROW LEVEL SECURITY")


def test_a_bound_role_that_does_not_know_is_e018(serving: Serving) -> None:
    with serving():
        assert [message.id for message in found(ROW_SECURITY=False)] == ["asteri.E018"]


def test_a_single_role_without_row_security_is_sound(serving: Serving) -> None:
    assert found(ROW_SECURITY=False) == []
