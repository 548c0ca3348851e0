"""The second factor: a code of an authenticator app, or a recovery code where the app is lost.

A recovery code is kept as its HMAC alone. Wrong codes are throttled by django-otp, each device for itself: the wait
doubles with every failure. So a code is only ever tried on the device that its form belongs to.
"""

import re
from base64 import b32encode
from collections.abc import Iterable
from typing import Any

import segno
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils.crypto import get_random_string, salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

APP_CODE = re.compile(r"[0-9]{6}")
RECOVERY_CODE = re.compile(r"[a-z2-9]{10}")
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter is taken for another, or for a digit
RECOVERY_CODES = 10


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Whether signing in takes a code."""
    return bool(TOTPDevice.objects.filter(user=user.pk, confirmed=True).exists())


def must_enrol(user: User | AnonymousUser) -> bool:
    """Whether somebody has to set up a second factor before anything else."""
    return settings.STAFF_SECOND_FACTOR == "required" and not has_second_factor(user)


def is_trusted(user: Any) -> bool:
    """Whether this session has shown everything that its user's sign-in takes; asked once a request."""
    if not hasattr(user, "is_trusted"):
        verified = getattr(user, "otp_device", None) is not None
        required = settings.STAFF_SECOND_FACTOR == "required"
        user.is_trusted = verified or not (required or has_second_factor(user))
    return bool(user.is_trusted)


def pending(user: User) -> TOTPDevice:
    """Answer the device that a user is setting up, the same one until it's confirmed: the page can be reloaded."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "Authenticator app"})
    return device


def qr_code(device: TOTPDevice) -> str:
    """Answer the QR code that an authenticator app reads, as SVG: dark on light in every colour scheme."""
    code = segno.make(device.config_url, error="m", micro=False)
    drawn: str = code.svg_inline(scale=4, dark="#000", light="#fff", title="QR code for an authenticator app")
    return drawn


def written_secret(device: TOTPDevice) -> str:
    """Answer the secret for whoever types it into an app, in groups of four (RFC 4648, section 6)."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def confirm(user: User, code: str) -> Device | None:
    """Answer the device that was being set up once its first code is right: from then on it's asked for."""
    with transaction.atomic():
        device = tried(TOTPDevice.objects.filter(user=user, confirmed=False), code) if is_app_code(code) else None
        if device is not None:
            device.confirmed = True
            device.save(update_fields=["confirmed"])
    return device


def verify(user: User, code: str) -> Device | None:
    """Answer the device that a code of a user belongs to, and use the code up; None where there is none."""
    code = cleaned(code)
    if is_app_code(code):
        return tried(TOTPDevice.objects.filter(user=user, confirmed=True), code)
    if RECOVERY_CODE.fullmatch(code):
        return tried(StaticDevice.objects.filter(user=user, confirmed=True), digest(user, code))
    return None


def tried(devices: Any, code: str) -> Any:
    """Answer the one device where it takes the code; two at a time can't both use one code."""
    with transaction.atomic():
        device = devices.select_for_update().order_by("pk").first()
        return device if device is not None and device.verify_token(code) else None


def is_app_code(code: str) -> bool:
    """Whether a text has the form of an authenticator app's code."""
    return APP_CODE.fullmatch(code) is not None


def cleaned(code: str) -> str:
    """Answer a code as it's kept: people copy it with spaces, hyphens and capitals."""
    return re.sub(r"[\s-]", "", code).lower()


def digest(user: User, code: str) -> str:
    """Answer what is kept of a recovery code, 64 bits of an HMAC under SECRET_KEY."""
    return salted_hmac("asteri.staff.recovery", f"{user.pk}/{code}", algorithm="sha256").hexdigest()[:16]


@transaction.atomic
def make_recovery_codes(user: User) -> list[str]:
    """Answer new recovery codes, which are kept nowhere; older ones end."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Recovery codes")
    codes = [get_random_string(RECOVERY_CODES, ALPHABET) for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=digest(user, code))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_codes_left(user: User) -> int:
    """Answer how many recovery codes a user has not used."""
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=user))


@transaction.atomic
def remove(users: Iterable[User]) -> None:
    """Forget the users' second factors and recovery codes."""
    for model in (TOTPDevice, StaticDevice):
        model.objects.filter(user__in=users).delete()
