"""Cursors: positions that a client carries about for us, sealed so that they're good where they were handed out alone.

A cursor is a payload and a MAC (HMAC-SHA256, truncated to 128 bits) over it and over its scope, in base64url.
"""

import base64
import binascii
import hmac

from django.utils.crypto import salted_hmac

MAC_BYTES = 16


def seal(payload: bytes, scope: str) -> str:
    """Answer the cursor that holds the payload and is good within the scope."""
    mac = salted_hmac("asteri.api.cursors", payload.hex() + scope, algorithm="sha256").digest()[:MAC_BYTES]
    return base64.urlsafe_b64encode(payload + mac).rstrip(b"=").decode()


def unseal(cursor: str, scope: str) -> bytes | None:
    """Answer the payload; None where `seal` did not make this very cursor, to the last bit, for this very scope."""
    try:
        payload = base64.urlsafe_b64decode(cursor + "==")[:-MAC_BYTES]
    except (binascii.Error, ValueError):
        return None
    return payload if hmac.compare_digest(seal(payload, scope).encode(), cursor.encode()) else None
