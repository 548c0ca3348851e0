"""The `.env` file: settings that a laptop makes for itself and keeps, out of git and for its owner's eyes alone."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from django.core.exceptions import ImproperlyConfigured
from environ import Env

SECRETS: Mapping[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "API_KEY_PEPPERS": lambda: f"1={secrets.token_urlsafe(32)}",
}


def read(path: Path) -> dict[str, str]:
    """Answer the file's settings; none where there is no file. The process's environment stays untouched."""

    class File(Env):
        ENVIRON: ClassVar[dict[str, str]] = {}

    if path.is_file():
        File.read_env(path)
    return File.ENVIRON


def keep(path: Path, settings: Mapping[str, str]) -> None:
    """Set `settings` in the file, the other lines left as they are; written whole or not at all, mode 0600.

    A path that is no regular file is refused: the draft would take the place of a device.
    """
    if path.exists() and not path.is_file():
        raise ImproperlyConfigured(f"Settings can't be kept in {path}: it is no regular file.")
    lines = path.read_text().splitlines() if path.is_file() else []
    kept = [line for line in lines if line.partition("=")[0].strip() not in settings]
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in settings.items()), ""])
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def make_secrets(path: Path, known: Mapping[str, str]) -> dict[str, str]:
    """Make and keep the secrets that neither the file nor `known` has; answer what was made. Blank is unset."""
    kept = read(path)
    made = {name: make() for name, make in SECRETS.items() if not (known.get(name) or kept.get(name))}
    if made:
        keep(path, made)
    return made
