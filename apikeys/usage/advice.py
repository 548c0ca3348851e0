"""Advice: what each refusal means and what to do about it, in sentences for staff to hand on."""

from apikeys.keys import KeyFault
from apikeys.usage.kinds import Kind

FAULTS = {
    KeyFault.MISSING: (
        "The request bore no key, or two that differ.",
        "Send the key in x-api-key, or as the bearer token of Authorization; not two different ones.",
    ),
    KeyFault.MALFORMED: (
        "It doesn't have the form of a key.",
        "A key is ast_live_ or ast_test_ and 50 letters and digits. Look for a cut, quotes or spaces.",
    ),
    KeyFault.CHECKSUM: (
        "Its checksum is wrong: it's mistyped, cut or made up.",
        "Copy the key anew from where it's kept; where it's lost, rotate it.",
    ),
    KeyFault.UNKNOWN: (
        "There is no such key.",
        "Look for a slip in the hint; a whole key of the right form may be another installation's.",
    ),
    KeyFault.WRONG: (
        "The key exists, but not with that secret.",
        "Copy the key anew from where it's kept. If that didn't come from its holder, rotate the key.",
    ),
    KeyFault.REVOKED: ("The key is revoked.", "Make a new key: a revoked one never works again."),
    KeyFault.EXPIRED: ("The key has expired.", "Make a new key, or use the one that replaced it."),
}
KINDS = {
    Kind.KEY: "The key was not valid then. How it stands now is below, where it's known.",
    Kind.ADDRESS: "That address had sent too many keys that aren't valid. Mend the key and wait for a minute.",
    Kind.THROTTLED: "The key had used up its limit. Have the caller wait as Retry-After says, or raise the limit.",
    Kind.ORGANIZATION: "x-organization-id was missing, no UUID, or an organization that the key may not act for.",
    Kind.SCOPE: "The key lacked a scope of what was asked. Give it the scope, or use another key.",
    Kind.BAD_REQUEST: "The request itself was at fault. Its answer named each issue; the reference says what fits.",
    Kind.NOT_FOUND: "The organization has no such route or row. Have the caller check path, method and id.",
    Kind.CONFLICT: "It didn't fit the state of things: an e-mail that's taken, a customer that changed meanwhile.",
    Kind.FAILED: "It was our fault or the database's; the same request may succeed now. The log has its request id.",
}
