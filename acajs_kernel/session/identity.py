"""Which session a notebook has.

A pool's token opens any session of the pool, so the identifier is a secret: it comes
from a cryptographic generator or from a secret key, and is never logged whole.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

__all__ = ["derive_identifier", "generate_identifier"]

_PURPOSE = b"acajs session identifier, version 1"
_DIGITS = 40  # 160 bits


def derive_identifier(key: bytes) -> str:
    """Derive a session identifier from a secret key.

    Jupyter gives every kernel a random key which survives "Restart kernel", so the
    restarted kernel finds the same session and no second one of the pool is spent. The
    keyed hash keeps the key itself (which signs the notebook's messages) from the service.

    Args:
        key: The ``key`` of the kernel's connection file; empty when messages are unsigned.

    Returns:
        40 hexadecimal digits; random ones when there is no key.
    """
    if not key:
        return generate_identifier()
    return hmac.new(key, _PURPOSE, hashlib.sha256).hexdigest()[:_DIGITS]


def generate_identifier() -> str:
    """Return a new unguessable identifier of 40 hexadecimal digits."""
    return secrets.token_hex(_DIGITS // 2)
