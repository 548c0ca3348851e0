"""API keys: what the database knows of a key, and the one way to verify one."""

import hmac
import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.core.cache import cache, caches
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import DatabaseError, InterfaceError, models, transaction
from django.db.models import CharField, Q
from django.utils import timezone

from apikeys import keys, lifetimes
from apikeys.scopes import ScopesField
from apikeys.states import KeyEndedError, KeyState
from asteri.circuit import shared_cache
from asteri.row_security import speak_for_key
from asteri.statements import Asked, Parameter, Select, instance_of, rows_of
from organizations.models import Organization

logger = logging.getLogger(__name__)
USE_STAMP_EVERY = timedelta(minutes=1)
DEFAULT_PER_MINUTE = 60
GRANTS = ("per_minute", "per_hour", "per_day", "expires_at")  # what a key is given, its scopes apart; None is no bound


class ApiKeyManager(models.Manager["ApiKey"]):
    """How keys are made and verified; nothing else reads or writes key material."""

    def issue(self, organization: Organization, **fields: Any) -> tuple["ApiKey", keys.PlainKey]:
        """Make and store a key; the plain one is in the answer and nowhere else. ValidationError for a bad field.

        An expiry that is left out is the latest allowed (apikeys/lifetimes.py).
        """
        key = self.model(organization=organization, **{"expires_at": lifetimes.latest(), **fields})
        plain = key.mint()
        key.full_clean()
        key.save(force_insert=True)
        return key, plain

    def verify(self, text: str) -> "ApiKey | None":
        """Answer the key with that text, its organization loaded; None where it's unknown, expired or revoked."""
        key, fault = self.examine(text)
        return None if fault else key

    def examine(self, text: str) -> "Examined":
        """Answer the key that a text names, its organization loaded, and what is wrong with it; None for nothing."""
        return self.examine_along(text)[0]

    def examine_along(self, text: str, *asked: Asked) -> "tuple[Examined, list[list[Any]]]":
        """Examine a key; answer too the rows of queries, which go in one message with its own.

        One query for a key of the right form, none for any other.
        """
        plain = keys.PlainKey.parse(text)
        if plain is None:
            return (None, keys.fault_of(text)), []
        speak_for_key(plain.public_id)
        found, *along = rows_of(BY_PUBLIC_ID.asked(public_id=plain.public_id), *asked)
        key = self.model.joined(found[0]) if found else None
        return (key, key.fault_of(plain) if key else keys.KeyFault.UNKNOWN), along


def positive(name: str) -> models.CheckConstraint:
    """Answer the constraint that a limit, where there is one, is 1 or more."""
    return models.CheckConstraint(name=f"api_key_{name}_is_positive", condition=Q(**{f"{name}__gte": 1}))


class ApiKey(models.Model):
    """A scoped key of one organization. The table holds its public id and its digest, never the key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=255)
    public_id = models.CharField(max_length=keys.PUBLIC_ID_LENGTH, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    pepper_id = models.PositiveIntegerField(editable=False)
    scopes = ScopesField()
    per_minute = models.PositiveIntegerField(default=DEFAULT_PER_MINUTE, validators=[MinValueValidator(1)])
    per_hour = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    per_day = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    replaces = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="successor"
    )
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[ApiKeyManager] = ApiKeyManager()
    is_stamped_later: ClassVar[bool] = False  # whether this process notes the use of keys with all that it counts

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(name="api_key_public_id_is_unique", fields=["public_id"]),
            positive("per_minute"),
            positive("per_hour"),
            positive("per_day"),
        )
        indexes = (
            models.Index(name="api_keys_newest", fields=["-created_at", "-id"]),
            models.Index(name="api_keys_newest_of_one", fields=["organization", "-created_at", "-id"]),
            models.Index(name="api_keys_by_expiry", fields=["expires_at", "id"], condition=Q(revoked_at=None)),
        )

    def __str__(self) -> str:
        return f"{self.hint} {self.name}"

    @property
    def hint(self) -> str:
        """What people may see of the key."""
        return keys.hint(self.organization.environment, self.public_id)

    @property
    def has_ended(self) -> bool:
        """Whether the key is revoked or past its expiry, at this very moment."""
        return self.ended_by is not None

    @property
    def ended_by(self) -> keys.KeyFault | None:
        """What has ended the key, at this very moment; None where nothing has."""
        if self.revoked_at is not None:
            return keys.KeyFault.REVOKED
        is_past = self.expires_at is not None and self.expires_at <= timezone.now()
        return keys.KeyFault.EXPIRED if is_past else None

    @property
    def is_replaced(self) -> bool:
        """Whether a rotation has made a successor."""
        return hasattr(self, "successor")

    @property
    def state(self) -> KeyState:
        """Where the key stands at this moment."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.has_ended:
            return KeyState.EXPIRED
        if self.organization.is_suspended:
            return KeyState.SUSPENDED
        return KeyState.GRACE if self.is_replaced else KeyState.ACTIVE

    @classmethod
    def joined(cls, row: Sequence[Any]) -> "ApiKey":
        """Answer the key of a row of BY_PUBLIC_ID, its organization loaded."""
        key = instance_of(cls, KEY_FIELDS, row)
        key._state.fields_cache["organization"] = instance_of(Organization, ORGANIZATION_FIELDS, row[len(KEY_FIELDS) :])
        return key

    def clean(self) -> None:
        """Refuse a new key that would be dead at birth or live too long."""
        fault = lifetimes.fault(self.expires_at) if self._state.adding else None
        if fault:
            raise ValidationError({"expires_at": fault})

    def mint(self) -> keys.PlainKey:
        """Give a new key its material: the plain key is in the answer, its public id and its digest stay here."""
        plain = keys.PlainKey.generate(self.organization.environment)
        self.public_id, self.pepper_id = plain.public_id, keys.current_pepper_id()
        self.digest = plain.digest(self.pepper_id)
        return plain

    def matches(self, plain: keys.PlainKey) -> bool:
        """Compare in constant time; a key whose pepper is gone matches nothing."""
        try:
            return hmac.compare_digest(self.digest, plain.digest(self.pepper_id))
        except KeyError:
            return False

    def fault_of(self, plain: keys.PlainKey) -> keys.KeyFault | None:
        """Answer what is wrong with a presented key that names this one; None where it is this one, and valid."""
        return self.ended_by if self.matches(plain) else keys.KeyFault.WRONG

    def revoke(self) -> None:
        """End the key now, for good; revoking twice keeps the first time."""
        type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now())
        self.refresh_from_db(fields=["revoked_at"])

    def rotate(self, grace: timedelta, **given: Any) -> tuple["ApiKey", keys.PlainKey]:
        """Make a key like this one but for what is given; this one ends after `grace`, by its own expiry at the latest.

        Raise KeyEndedError where this key has ended or has been rotated before, by whoever came first.
        """
        with transaction.atomic():
            held = type(self).objects.select_for_update(of=("self",)).select_related("organization").get(pk=self.pk)
            if held.has_ended or held.is_replaced:
                raise KeyEndedError(f"{held.hint} is {held.state} and can't be rotated.")
            successor = held.issue_successor(**given)
            held.end_by(timezone.now() + grace)
        self.refresh_from_db()
        return successor

    def beyond(self, other: "ApiKey") -> list[str]:
        """Answer in what this key may do more than the other: among "scopes" and the names of its limits and expiry."""
        more = [name for name in GRANTS if exceeds(getattr(self, name), getattr(other, name))]
        return [*(["scopes"] if set(self.scopes) - set(other.scopes) else []), *more]

    def issue_successor(self, **given: Any) -> tuple["ApiKey", keys.PlainKey]:
        """Make the key that takes over: the same name, scopes, limits and expiry, as far as that is still allowed."""
        alike = {name: getattr(self, name) for name in ("name", "scopes", *GRANTS)}
        alike["expires_at"] = lifetimes.within(self.expires_at)
        return type(self).objects.issue(self.organization, replaces=self, **{**alike, **given})

    def end_by(self, end: datetime) -> None:
        """Bring the expiry forward to `end`; one that is earlier stays."""
        self.expires_at = min(self.expires_at or end, end)
        self.save(update_fields=["expires_at"])

    def stamp_use(self) -> None:
        """Note that the key is in use: at most once a minute, and never at the price of the request."""
        now = timezone.now()
        if self.is_stamped_later or (self.last_used_at is not None and now - self.last_used_at < USE_STAMP_EVERY):
            return
        try:
            if self.is_first_use():
                type(self).objects.filter(pk=self.pk).update(last_used_at=now)
        except (DatabaseError, InterfaceError):
            logger.warning("The use of key %s was not stamped.", self.public_id, exc_info=True)

    def is_first_use(self) -> bool:
        """Whether no other request of this minute has noted the use; none of this process while the cache is out."""
        name, seconds = f"use:{self.public_id}", USE_STAMP_EVERY.total_seconds()
        return shared_cache.ask(
            lambda: cache.add(name, True, timeout=seconds), lambda: caches["fallback"].add(name, True, timeout=seconds)
        )


def exceeds(value: Any, bound: Any) -> bool:
    """Whether a limit or an expiry goes beyond a bound; None is none, which goes beyond any."""
    return bound is not None and (value is None or value > bound)


Examined = tuple[ApiKey | None, keys.KeyFault | None]  # the key that a text names, and what is wrong with it
KEY_FIELDS = [field.attname for field in ApiKey._meta.concrete_fields]
ORGANIZATION_FIELDS = [field.attname for field in Organization._meta.concrete_fields]
BY_PUBLIC_ID = Select(
    lambda: (
        ApiKey.objects.filter(public_id=Parameter("public_id", CharField()))
        .order_by()
        .values_list(*KEY_FIELDS, *(f"organization__{name}" for name in ORGANIZATION_FIELDS))
    )
)
