"""Customers: a stable identity for the people and businesses that an organization serves."""

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, Self

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from asteri.api.identifiers import new_id
from asteri.statements import Insert
from customers import emails, phones
from customers.changes import CustomerChange, Feed, Tombstone
from customers.emails import email_key
from customers.idempotency import IdempotencyLink, IdempotencyRecord
from customers.phones import phone_key
from customers.search import every_word, searchable
from customers.storedsheets import SheetPart, StoredSheet
from customers.tallies import CustomerTally
from organizations.models import Organization

__all__ = [
    "Customer",
    "CustomerChange",
    "CustomerTally",
    "Feed",
    "IdempotencyLink",
    "IdempotencyRecord",
    "SheetPart",
    "StoredSheet",
    "Tombstone",
]
MAX_LENGTH = 255
STAFF_ORDER = ("-created_at", "id")  # of the list of all customers
EMAIL_IS_UNIQUE = "customer_email_is_unique_in_its_organization"
EXTERNAL_ID_IS_UNIQUE = "customer_external_id_is_unique_in_its_organization"
# The field that a broken constraint is about, by what the databases say: PostgreSQL names it, SQLite its columns.
TAKEN_FIELDS = {
    EMAIL_IS_UNIQUE: "email",
    "customers_customer.email_key": "email",
    EXTERNAL_ID_IS_UNIQUE: "external_id",
    "customers_customer.external_id": "external_id",
}


class AccountType(models.TextChoices):
    """Whether a customer is a person or a business."""

    INDIVIDUAL = "individual"
    BUSINESS = "business"


class TakenError(Exception):
    """Another customer of the organization holds the value of `field`: the e-mail address or the external id."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def etag(version: int) -> str:
    """Answer the entity tag of a version (RFC 9110, section 8.8.3), alike for every representation of it."""
    return f'"{version}"'


def now_in_milliseconds() -> datetime:
    """Answer the time in the precision that the contract shows, so that what is stored is what is answered."""
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def savepoint() -> AbstractContextManager[None]:
    """Answer what keeps a transaction usable after a refused statement; a statement outside of one needs nothing."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Customers; every way to them begins with an organization."""

    def of(self, organization: Organization) -> Self:
        """Answer the organization's own."""
        return self.filter(organization=organization)

    def matching(self, text: str) -> Self:
        """Answer those in whose names, company, e-mail or phone every word of the text is found."""
        return self.filter(every_word(text))


class Customer(models.Model):
    """A customer of one organization.

    `email_key`, `phone_key` and `search_text` are computed from the other fields whenever the customer is saved; they
    are what uniqueness, look-ups and search go by.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(  # without an index of its own: others begin with it
        Organization, on_delete=models.PROTECT, related_name="customers", db_index=False
    )
    account_type = models.CharField(max_length=10, choices=AccountType)
    display_name = models.CharField(max_length=MAX_LENGTH, blank=True)
    company_name = models.CharField(max_length=MAX_LENGTH, blank=True)
    first_name = models.CharField(max_length=MAX_LENGTH, blank=True)
    last_name = models.CharField(max_length=MAX_LENGTH, blank=True)
    email = models.CharField(max_length=emails.MAX_LENGTH, null=True, blank=True)  # noqa: DJ001 - null is the contract's.
    email_key = models.CharField(max_length=1024, null=True, editable=False)  # noqa: DJ001 - many have none, none is equal.
    phone = models.CharField(max_length=phones.MAX_LENGTH, null=True, blank=True)  # noqa: DJ001 - null is the contract's.
    phone_key = models.CharField(max_length=phones.MAX_LENGTH, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    external_id = models.CharField(max_length=MAX_LENGTH, null=True, blank=True)  # noqa: DJ001 - many have none.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=now_in_milliseconds, editable=False)
    updated_at = models.DateTimeField(default=now_in_milliseconds, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(name=EMAIL_IS_UNIQUE, fields=["organization", "email_key"]),
            models.UniqueConstraint(name=EXTERNAL_ID_IS_UNIQUE, fields=["organization", "external_id"]),
            models.CheckConstraint(
                name="customer_account_type_is_known", condition=Q(account_type__in=AccountType.values)
            ),
            models.CheckConstraint(
                name="customer_email_has_its_key",
                condition=Q(email=None, email_key=None) | Q(email__isnull=False, email_key__isnull=False),
            ),
            models.CheckConstraint(
                name="customer_has_a_display_name",
                condition=~Q(display_name=""),
                violation_error_message="A customer needs a name or an e-mail address.",
            ),
        )
        indexes = (
            models.Index(name="customers_newest", fields=["organization", "-created_at", "-id"]),
            models.Index(
                name="customers_newest_of_a_type", fields=["organization", "account_type", "-created_at", "-id"]
            ),
            models.Index(name="customers_by_phone", fields=["organization", "phone_key"]),
            # Staff look for customers among those of all organizations, in an order that no one's list can be read in.
            models.Index(name="customers_newest_for_staff", fields=STAFF_ORDER),
            models.Index(
                name="customers_by_external_id", fields=["external_id"], condition=Q(external_id__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the customer's next version; raise TakenError where another one holds its e-mail or external id."""
        self.compute()
        if not self._state.adding:
            self.version, self.updated_at = self.version + 1, now_in_milliseconds()
        try:
            with savepoint():
                INSERT.send(self) if self._state.adding else super().save(*args, **kwargs)
        except IntegrityError as error:
            field = next((field for mark, field in TAKEN_FIELDS.items() if mark in str(error)), None)
            if field is None:
                raise
            raise TakenError(field) from error

    @property
    def etag(self) -> str:
        """The entity tag of this version."""
        return etag(self.version)

    def change(self, fields: dict[str, Any]) -> None:
        """Set the fields and store the customer, unless they are what they were; raises what `save` raises."""
        before = [getattr(self, name) for name in fields]
        for name, value in fields.items():
            setattr(self, name, value)
        self.clean()
        if [getattr(self, name) for name in fields] != before:
            self.save()

    def compute(self) -> None:
        """Derive what depends on other fields. Raise ValueError for an e-mail or a phone that is none."""
        self.email_key = email_key(self.email) if self.email else None
        self.phone_key = phone_key(self.phone, self.organization.region) if self.phone else ""
        self.clean()
        names = (self.display_name, self.company_name, self.first_name, self.last_name)
        self.search_text = searchable((*names, self.email or "", self.phone or "", self.phone_key))

    def clean(self) -> None:
        """Derive the display name where there is none."""
        self.display_name = self.display_name or self.derived_name()

    def derived_name(self) -> str:
        """Answer a business's company, an individual's full name, failing that the other of the two, or the e-mail."""
        names = [self.company_name, f"{self.first_name} {self.last_name}".strip()]
        if self.account_type == AccountType.INDIVIDUAL:
            names.reverse()
        return next(filter(None, (*names, self.email or "")), "")[:MAX_LENGTH].rstrip()


INSERT = Insert(Customer)
