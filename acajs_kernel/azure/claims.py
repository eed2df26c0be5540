"""What an access token says of itself, read without verifying it.

Only the service can verify a token. What is read here serves messages and the choice of
the identity that gets a role, never a decision about access. The claims' names are those
of the Microsoft identity platform's access tokens.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from acajs_kernel.azure.values import integer_at, text_at
from acajs_kernel.errors import AuthenticationError
from acajs_kernel.pool import JsonValue

__all__ = ["Claims", "Principal", "read_claims", "read_principal"]

_PARTS = 3


@dataclass(frozen=True)
class Claims:
    """A token's claims, as far as they are of use here.

    Attributes:
        audience: For whom the token is, ``aud``; may be empty.
        expires_on: Until when it is good, in seconds since the epoch, ``exp``; or None.
        object_id: The identity's object id, ``oid``; may be empty.
        tenant_id: The identity's directory, ``tid``; may be empty.
        is_application: Whether the identity is an application or a managed identity.
    """

    audience: str
    expires_on: int | None
    object_id: str
    tenant_id: str
    is_application: bool


@dataclass(frozen=True)
class Principal:
    """Who is signed in.

    Attributes:
        object_id: The object id in the directory.
        kind: ``User`` or ``ServicePrincipal``, as role assignments spell it.
    """

    object_id: str
    kind: str


def read_claims(token: str) -> Claims | None:
    """Read a JSON web token's claims (RFC 7519), or None where it is another kind of token.

    An application's token has ``idtyp`` ``app``, which is optional; one without ``scp``,
    the permissions that a user has delegated, is an application's too.
    """
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        value: JsonValue = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    kind = text_at(value, "idtyp").lower()
    return Claims(
        audience=text_at(value, "aud"),
        expires_on=integer_at(value, "exp"),
        object_id=text_at(value, "oid"),
        tenant_id=text_at(value, "tid"),
        is_application=kind == "app" or (kind != "user" and not text_at(value, "scp")),
    )


def read_principal(token: str) -> Principal:
    """Tell who a token was given to.

    Raises:
        AuthenticationError: The token does not say.
    """
    claims = read_claims(token)
    if claims is None or not claims.object_id:
        raise AuthenticationError(
            "The token of the signed-in identity does not hold its object id (no claim oid).",
            remedy="Give the role yourself: acajs azure create --dry-run shows the command.",
        )
    return Principal(claims.object_id, "ServicePrincipal" if claims.is_application else "User")
