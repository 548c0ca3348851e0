"""Reports: an explanation in lines for people and in JSON for programs."""

from collections.abc import Iterator
from typing import Any

from apikeys.models import ApiKey
from apikeys.usage.explaining import Explanation, Finding
from apikeys.usage.models import Refusal
from asteri.moments import timestamp


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Answer an explanation as JSON has it."""
    failing = explanation.failing
    return {
        "fails": failing.check.value if failing else None,
        "advice": failing.advice if failing else explanation.then,
        "checks": [finding_as_json(finding) for finding in explanation.findings],
        "refusal": refusal_as_json(explanation.refusal) if explanation.refusal else None,
        "key": key_as_json(explanation.key) if explanation.key else None,
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """Answer what a check says."""
    says = {"passes": finding.passes, "says": finding.says, "advice": finding.advice}
    return {"check": finding.check.value, **says}


def refusal_as_json(refusal: Refusal) -> dict[str, Any]:
    """Answer what was kept of a request."""
    plain = ("request_id", "address", "method", "route", "status", "kind", "key_fault", "reason", "paths")
    kept = {name: getattr(refusal, name) for name in plain}
    return {"at": timestamp(refusal.at), **kept, "public_id": refusal.public_id, "is_proven": refusal.is_proven}


def key_as_json(key: ApiKey) -> dict[str, Any]:
    """Answer how a key stands."""
    owner = str(key.organization_id)
    return {"hint": key.hint, "name": key.name, "state": str(key.state), "organization_id": owner}


def in_lines(explanation: Explanation) -> Iterator[str]:
    """Yield an explanation's lines."""
    refusal, key = explanation.refusal, explanation.key
    if refusal:
        yield f"{timestamp(refusal.at)} {refusal.method} {refusal.route} from {refusal.address}: {told(refusal)}"
        yield explanation.then
    if key:
        yield f"{key.hint} {key.name}, of {key.organization}, is {key.state}."
    for finding in explanation.findings:
        line = f"  {finding.check.label}: {finding.mark}. {finding.says} {finding.advice}"
        yield line.rstrip()
    yield explanation.now


def told(refusal: Refusal) -> str:
    """Write what a refused request was told."""
    about = f" ({refusal.paths})" if refusal.paths else ""
    fault = f" The key: {refusal.get_key_fault_display()}." if refusal.key_fault else ""
    return f"{refusal.status} {refusal.reason}{about}.{fault}"
