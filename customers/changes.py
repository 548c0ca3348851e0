"""What became of customers: the feed that mirrors follow, and the tombstones of those deleted.

The database itself notes every change, in triggers, so that no way of writing can miss one. A note gets its place in
the feed when that is next read, and only committed notes can be seen then. So the order is one in which transactions
may have committed, none appears before a place that a reader has passed, and writers never wait for each other.

What triggers write has no foreign key in the database: `flush` empties tables in any order and sets triggers off.
"""

import uuid
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection, models, transaction
from django.utils import timezone

from organizations.models import Organization

KEPT = timedelta(days=90)
BATCH = 1_000
GIVE_PLACES = """
    UPDATE customers_customerchange SET place = numbered.place
    FROM (
        SELECT id AS change_id, %s + row_number() OVER (ORDER BY id) AS place FROM customers_customerchange
        WHERE organization_id = %s AND place IS NULL ORDER BY id LIMIT %s
    ) AS numbered
    WHERE customers_customerchange.id = numbered.change_id
"""


class Tombstone(models.Model):
    """What stays of a deleted customer: nothing about a person. Its id is never used again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField()

    class Meta:
        app_label = "customers"

    def __str__(self) -> str:
        return str(self.id)


class ChangeType(models.TextChoices):
    """What happened to a customer."""

    CREATED = "customer.created"
    UPDATED = "customer.updated"
    DELETED = "customer.deleted"


class CustomerChange(models.Model):
    """One change of one customer. It holds no data of the customer, who may have been deleted since."""

    organization = models.ForeignKey(  # without an index of its own: another one begins with it
        Organization, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    customer_id = models.UUIDField()
    type = models.CharField(max_length=16, choices=ChangeType)
    occurred_at = models.DateTimeField()
    place = models.BigIntegerField(null=True)

    class Meta:
        app_label = "customers"
        constraints = (
            models.UniqueConstraint(name="change_has_its_own_place_in_the_feed", fields=["organization", "place"]),
        )
        indexes = (
            models.Index(name="changes_without_place", fields=["organization", "id"], condition=models.Q(place=None)),
            models.Index(name="changes_by_age", fields=["occurred_at"]),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.customer_id}"


class Feed(models.Model):
    """How far an organization's feed has come, and from where on it is kept. Its row is the lock for giving places."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True, related_name="+")
    last_place = models.BigIntegerField(default=0)
    pruned_to = models.BigIntegerField(default=0)

    class Meta:
        app_label = "customers"

    def __str__(self) -> str:
        return str(self.organization)

    def prune(self) -> int:
        """Delete one batch of the changes that need not be kept, the oldest first; answer how many they were."""
        while give_places(self.organization):
            pass
        with transaction.atomic():
            held = type(self).objects.select_for_update().get(pk=self.pk)
            mine = CustomerChange.objects.filter(organization=held.pk, place__lte=held.last_place)
            old = mine.filter(occurred_at__lt=timezone.now() - KEPT).order_by("place")[:BATCH]
            places = [change.place or 0 for change in old]
            mine.filter(place__in=places).delete()
            held.pruned_to = max([held.pruned_to, *places])
            held.save(update_fields=["pruned_to"])
        return len(places)


def give_places(organization: Organization) -> int:
    """Give a batch of the committed notes that have none their places, behind all others; answer how many they were."""
    with transaction.atomic(), connection.cursor() as cursor:
        feed, _ = Feed.objects.select_for_update().get_or_create(organization=organization)
        owner = Organization._meta.pk.get_db_prep_value(organization.pk, connection)
        cursor.execute(GIVE_PLACES, [feed.last_place, owner, BATCH])
        given = int(cursor.rowcount)
        feed.last_place += given
        feed.save(update_fields=["last_place"])
        return given


def changes_after(organization: Organization, place: int, limit: int) -> list[CustomerChange]:
    """Answer the changes that follow a place, the oldest first, at most `limit`."""
    changes = CustomerChange.objects.filter(organization=organization)
    if changes.filter(place=None).exists():
        give_places(organization)
    return list(changes.filter(place__gt=place).order_by("place")[:limit])


def feeds_to_prune() -> Iterator[Feed]:
    """Answer the feeds of the organizations that have changes which need not be kept, read or never read."""
    old = CustomerChange.objects.filter(occurred_at__lt=timezone.now() - KEPT)
    yield from map(feed_of, Organization.objects.filter(pk__in=old.values("organization")))


def feed_of(organization: Organization) -> Feed:
    """Answer the organization's feed."""
    return Feed.objects.get_or_create(organization=organization)[0]
