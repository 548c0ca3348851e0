"""The history of a subject or of an actor, the newest record first; each is served by an index."""

from django.db.models import Model, QuerySet

from asteri.audit.actor import ActorKind
from asteri.audit.models import Record


def of_subject(subject: Model) -> QuerySet[Record]:
    """Answer what has been done to a customer, a key, an organization, a user or a group."""
    return Record.objects.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk)).order_by("-id")


def by_key(public_id: str) -> QuerySet[Record]:
    """Answer what has been done with an API key."""
    return Record.objects.filter(actor_kind=ActorKind.API_KEY, actor=public_id).order_by("-id")


def by_user(username: str) -> QuerySet[Record]:
    """Answer what a user has done; a user that has been renamed acted under the name of the time."""
    return Record.objects.filter(actor_kind=ActorKind.USER, actor=username).order_by("-id")
