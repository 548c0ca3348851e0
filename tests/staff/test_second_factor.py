"""The second factor: set up, asked for, used once, lost and reset."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from asteri.staff import second_factor
from asteri.staff.checks import second_factor_is_required
from asteri.staff.roles import Role
from tests.staff.conftest import member, signed_in

PAGE, HOME, LOGIN = "/admin/second-factor/", "/admin/", "/admin/login/"
RECOVERY = re.compile(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(db: None) -> User:
    return member(Role.SUPPORT)


@pytest.fixture
def app(ada: User) -> TOTPDevice:
    """Answer the authenticator app of somebody who has set it up."""
    return TOTPDevice.objects.create(user=ada, name="App")


def shown_by(device: TOTPDevice) -> str:
    """Answer the code that an authenticator app shows now."""
    totp = TOTP(device.bin_key)
    totp.time = datetime.now(tz=UTC).timestamp()
    return f"{totp.token():06d}"


def sign_in(code: str = "", client: Client | None = None, password: str = "right") -> Any:
    form = {"username": "ada", "password": password, "code": code}
    return (client or Client()).post(f"{LOGIN}?next={HOME}", form)


def enrol(client: Client, user: User) -> Any:
    client.get(PAGE)
    return client.post(PAGE, {"action": "confirm", "code": shown_by(TOTPDevice.objects.get(user=user))})


def test_it_is_set_up_with_a_qr_code_and_the_first_code(ada: User) -> None:
    client = signed_in(ada)
    page = client.get(PAGE)
    assert "<svg" in page.content.decode()
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    response = enrol(client, ada)
    assert len(set(RECOVERY.findall(response.content.decode()))) == 10
    assert "no-store" in response.headers["Cache-Control"]
    assert client.get(HOME).status_code == 200


def test_reloading_the_page_keeps_the_secret_and_shows_no_recovery_code(ada: User) -> None:
    client = signed_in(ada)
    secrets = {re.search(r'class="secret">([A-Z2-7 ]+)<', client.get(PAGE).content.decode()).group(1) for _ in "ab"}  # type: ignore[union-attr]
    assert len(secrets) == 1
    enrol(client, ada)
    page = client.get(PAGE).content.decode()
    assert "<strong>10</strong>" in page
    assert not RECOVERY.search(page)


@pytest.mark.parametrize("code", ["", "000000", "12345", "abcdef", "1_2345", "١٢٣٤٥٦", "x" * 33, "\0" * 6, "+12345"])
def test_a_wrong_first_code_turns_nothing_on(ada: User, code: str) -> None:
    response = signed_in(ada).post(PAGE, {"action": "confirm", "code": code})
    assert 'class="errorlist"' in response.content.decode()
    assert not second_factor.has_second_factor(ada)


def test_signing_in_then_takes_a_code(ada: User, app: TOTPDevice) -> None:
    client = Client()
    assert "a code from your authenticator app" in sign_in(client=client).content.decode()
    assert client.get(HOME).status_code == 302
    assert sign_in(shown_by(app), client).status_code == 302
    assert client.get(HOME).status_code == 200


def test_without_one_a_code_is_ignored(ada: User) -> None:
    assert sign_in("123456").status_code == 302


@pytest.mark.parametrize("code", ["000000", "abcde-fghjk", "short", "é" * 10, "١٢٣٤٥٦", "-12345"])
def test_a_wrong_code_signs_nobody_in(ada: User, app: TOTPDevice, code: str) -> None:
    assert "This code is wrong" in sign_in(code).content.decode()


def test_a_code_is_used_up(ada: User, app: TOTPDevice) -> None:
    code = shown_by(app)
    assert [sign_in(code).status_code for _ in range(2)] == [302, 200]


def test_a_recovery_code_works_once_however_it_is_written(ada: User, app: TOTPDevice) -> None:
    code = second_factor.make_recovery_codes(ada)[0]
    written = f" {code.upper().replace('-', ' ')} "
    assert [sign_in(written).status_code for _ in range(2)] == [302, 200]
    assert second_factor.recovery_codes_left(ada) == 9


def test_a_recovery_code_is_another_users_to_nobody(ada: User, app: TOTPDevice) -> None:
    code = second_factor.make_recovery_codes(member(None, "grace"))[0]
    assert sign_in(code).status_code == 200


def test_recovery_codes_are_kept_as_digests(ada: User) -> None:
    codes = {code.replace("-", "") for code in second_factor.make_recovery_codes(ada)}
    assert codes.isdisjoint(StaticToken.objects.values_list("token", flat=True))


def test_a_right_code_of_the_app_does_not_count_against_the_recovery_codes(ada: User, app: TOTPDevice) -> None:
    code = second_factor.make_recovery_codes(ada)[0]
    assert sign_in(shown_by(app)).status_code == 302
    assert sign_in(code).status_code == 302


def test_after_a_wrong_code_even_the_right_one_waits(ada: User, app: TOTPDevice, clock: time_machine.Traveller) -> None:
    sign_in("000000")
    assert sign_in(shown_by(app)).status_code == 200
    clock.shift(2)
    assert sign_in(shown_by(app)).status_code == 302


def test_wrong_codes_count_as_failed_sign_ins_and_a_missing_one_does_not(ada: User, app: TOTPDevice) -> None:
    for _ in range(6):
        sign_in("")
    for _ in range(5):
        sign_in("000000")
    assert "Too many failed sign-ins" in sign_in(shown_by(app)).content.decode()


def test_a_session_from_before_it_was_set_up_ends(ada: User) -> None:
    elsewhere, here = signed_in(ada), signed_in(ada)
    enrol(here, ada)
    for path in (HOME, PAGE):
        assert elsewhere.get(path).headers["Location"].startswith(LOGIN)


def test_new_recovery_codes_take_a_code_and_end_the_old_ones(ada: User, clock: time_machine.Traveller) -> None:
    client = signed_in(ada)
    old = RECOVERY.findall(enrol(client, ada).content.decode())[0]
    clock.shift(60)
    assert not RECOVERY.search(client.post(PAGE, {"action": "codes", "code": "000000"}).content.decode())
    clock.shift(60)
    code = shown_by(TOTPDevice.objects.get(user=ada))
    assert RECOVERY.search(client.post(PAGE, {"action": "codes", "code": code}).content.decode())
    assert sign_in(old).status_code == 200


def test_it_is_taken_away_with_a_code_alone(ada: User, clock: time_machine.Traveller) -> None:
    client = signed_in(ada)
    enrol(client, ada)
    clock.shift(60)
    assert client.post(PAGE, {"action": "remove", "code": "000000"}).status_code == 200
    clock.shift(60)
    code = shown_by(TOTPDevice.objects.get(user=ada))
    assert "is gone" in client.post(PAGE, {"action": "remove", "code": code}, follow=True).content.decode()
    assert sign_in().status_code == 302


def test_where_it_is_required_everything_leads_to_setting_it_up(ada: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = "required"
    client = signed_in(ada)
    for path in (HOME, "/admin/customers/customer/", "/admin/password_change/", "/admin/autocomplete/"):
        assert client.get(path).headers["Location"] == PAGE
    assert "Set yours up to go on" in client.get(PAGE).content.decode()
    enrol(client, ada)
    assert client.get(HOME).status_code == 200
    assert "Remove the second factor" not in client.get(PAGE).content.decode()


def test_where_it_is_required_one_can_leave(ada: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = "required"
    client = signed_in(ada)
    client.post("/admin/logout/")
    assert client.get(PAGE).headers["Location"].startswith(LOGIN)


@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_active": False}])
def test_the_page_is_for_staff_alone(ada: User, fields: dict[str, bool]) -> None:
    client = signed_in(ada)
    User.objects.update(**fields)
    assert client.get(PAGE).headers["Location"].startswith(LOGIN)


def test_a_form_from_elsewhere_is_refused(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(PAGE, {"action": "confirm", "code": "123456"}).status_code == 403


def reset(client: Client, user: User) -> str:
    form = {"action": "reset_second_factor", "_selected_action": user.pk}
    return str(client.post("/admin/auth/user/", form, follow=True).content.decode())


def test_an_administrator_resets_it(ada: User, app: TOTPDevice, administrator: Client) -> None:
    assert "Reset: ada." in reset(administrator, ada)
    assert sign_in().status_code == 302


def test_only_a_superuser_resets_a_superusers(
    ada: User, app: TOTPDevice, administrator: Client, admin_client: Client
) -> None:
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    assert "Reset: nobody." in reset(administrator, ada)
    assert "Reset: ada." in reset(admin_client, ada)


def test_production_is_warned_where_it_is_optional(settings: Settings) -> None:
    (warning,) = second_factor_is_required()
    assert warning.id == "asteri.W014"
    settings.STAFF_SECOND_FACTOR = "required"
    assert second_factor_is_required() == []
    call_command("check")
