"""Explaining: which of the API's own checks a key fails as it stands now, in the contract's order, and what to do.

Nothing is counted, stored or logged by it, and no sentence repeats what was asked about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import models

from apikeys import permissions
from apikeys.models import ApiKey
from apikeys.throttling import Standing, is_in_fallback, standings_of
from apikeys.usage.actions import action_at, scopes_by_name
from apikeys.usage.advice import FAULTS, KINDS
from apikeys.usage.counting import USAGE
from apikeys.usage.kinds import Kind
from apikeys.usage.models import Refusal
from apikeys.usage.subjects import Subject, subject_of, subject_of_refusal
from asteri.api.errors import ApiError
from asteri.checks import IN_PROCESS_CACHE
from organizations import context


class Check(models.TextChoices):
    """A check of a request, in the order in which the API makes them."""

    KEY = "key", "API key (401)"
    LIMIT = "limit", "Rate limit (429)"
    ORGANIZATION = "organization", "Organization (400, 403)"
    SCOPE = "scope", "Scopes (403)"


@dataclass(frozen=True)
class Finding:
    """What a check says: `passes` is None where it can't be told from what was asked."""

    check: Check
    passes: bool | None
    says: str
    advice: str = ""

    @property
    def mark(self) -> str:
        """The outcome in one word."""
        return {True: "passes", False: "fails", None: "unknown"}[self.passes]


@dataclass(frozen=True)
class Explanation:
    """The answer: the refusal that was kept, where one was asked about, and how its key fares now."""

    refusal: Refusal | None
    key: ApiKey | None
    findings: list[Finding]

    @property
    def failing(self) -> Finding | None:
        """The check that refuses, which is the first that fails; None where none does."""
        return next((finding for finding in self.findings if finding.passes is False), None)

    @property
    def then(self) -> str:
        """What the refusal that was kept meant, "" without one."""
        return KINDS[Kind(self.refusal.kind)] if self.refusal else ""

    @property
    def now(self) -> str:
        """Where things stand, in one sentence."""
        if self.failing:
            return f"The API refuses: {self.failing.check.label}. {self.failing.says}"
        if not self.findings:
            return "It never came to a key, so there is none to look at."
        return "No check of the key fails: the API goes on to the request itself."


def explain(text: str, organization: UUID | None = None, action: str = "") -> Explanation:
    """Explain a request id, a hint or a whole key; raise UnknownError where nothing is known of it.

    `action` is one of `scopes_by_name`; a refusal brings its own.
    """
    return explained(subject_of(text), organization, action)


def explain_refusal(refusal: Refusal) -> Explanation:
    """Explain a refusal that was kept."""
    return explained(subject_of_refusal(refusal), None, "")


def explained(subject: Subject, organization: UUID | None, action: str) -> Explanation:
    """Run the checks on a subject."""
    refusal = subject.refusal
    asked = action or (action_at(refusal.route, refusal.method) if refusal else "")
    return Explanation(refusal, subject.key, list(findings(subject, organization, asked)))


def findings(subject: Subject, organization: UUID | None, action: str) -> Iterator[Finding]:
    """Yield what each check says, the first first; without a key there is but one to make, without any none."""
    if subject.key or subject.fault:
        yield check_key(subject)
    if subject.key:
        yield check_limit(subject.key)
        yield check_organization(subject.key, organization)
        yield check_scopes(subject.key, action)


def check_key(subject: Subject) -> Finding:
    """Say whether the key is valid."""
    if subject.fault:
        return Finding(Check.KEY, False, *FAULTS[subject.fault])
    proof = "" if subject.is_whole else " Whether the caller has its secret can't be told without the whole key."
    return Finding(Check.KEY, True, f"The key is valid.{proof}")


def check_limit(key: ApiKey) -> Finding:
    """Say whether the next request is within the limits, as they're counted at this moment."""
    standings = standings_of(key)
    if not USAGE.is_open and settings.CACHES["default"]["BACKEND"] == IN_PROCESS_CACHE:
        return Finding(Check.LIMIT, None, "The server counts in its own memory, which can't be seen from here.")
    if is_in_fallback():
        return Finding(Check.LIMIT, None, "Redis is out: each process counts for itself, up to its share.")
    full = next((standing for standing in standings if standing.used >= standing.limit), None)
    if full:
        advice = f"Wait {full.resets_in} seconds, or raise the limit."
        return Finding(Check.LIMIT, False, f"This {full.window.label}'s limit is used up: {full.limit}.", advice)
    return Finding(Check.LIMIT, True, f"Used so far: {', '.join(map(in_words, standings))}.")


def in_words(standing: Standing) -> str:
    """Write where a key stands in one window."""
    return f"{standing.used} of {standing.limit} this {standing.window.label}"


def check_organization(key: ApiKey, named: UUID | None) -> Finding:
    """Say whether the key may act for an organization, its own where none is named."""
    own = key.organization
    try:
        context.judge(own, str(named or own.id), is_optional=False)
    except ApiError:
        if own.is_suspended:
            return Finding(Check.ORGANIZATION, False, f"{own} is suspended.", "Reactivate it, and its keys work again.")
        return Finding(
            Check.ORGANIZATION, False, f"The key belongs to another organization: {own}.", f"Send {own.id} instead."
        )
    says = f"The key may act for {own}."
    return Finding(Check.ORGANIZATION, True, says, "" if named else f"x-organization-id has to be {own.id}.")


def check_scopes(key: ApiKey, action: str) -> Finding:
    """Say whether the key has the scopes of an action."""
    own = ", ".join(key.scopes) or "nothing"
    if not action:
        return Finding(Check.SCOPE, None, f"The key may: {own}. Name an action to compare.")
    try:
        permissions.judge(key, scopes_by_name()[action])
    except ApiError as error:
        missing = ", ".join(error.body["missingScopes"])
        return Finding(Check.SCOPE, False, f"For {action} it lacks: {missing}.", "Give it those, or use another key.")
    return Finding(Check.SCOPE, True, f"The key may: {own}. That is enough for {action}.")
