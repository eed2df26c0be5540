"""Session identifiers: what the service accepts."""

from __future__ import annotations

import re

from acajs_kernel.errors import IdentifierError

__all__ = ["check_identifier"]

_MINIMUM_LENGTH = 4
_MAXIMUM_LENGTH = 128
# The characters that the service's documentation of session identifiers allows.
_ALLOWED = re.compile(r"[A-Za-z0-9|\-&^%$#(){}\[\];<>]*\Z")


def check_identifier(identifier: str) -> str:
    """Return the identifier if the service accepts its form.

    The service documents 4 to 128 characters out of letters, digits and
    ``| - & ^ % $ # ( ) { } [ ] ; < >``.

    Raises:
        IdentifierError: It is too short, too long, or holds another character.
    """
    remedy = (
        "Give 4 to 128 letters, digits or | - & ^ % $ # ( ) { } [ ] ; < >, preferably random: "
        'python -c "import secrets; print(secrets.token_hex(16))"'
    )
    if not _MINIMUM_LENGTH <= len(identifier) <= _MAXIMUM_LENGTH:
        raise IdentifierError(
            f"The session identifier has {len(identifier)} characters; the service allows "
            f"{_MINIMUM_LENGTH} to {_MAXIMUM_LENGTH}.",
            remedy=remedy,
        )
    if not _ALLOWED.match(identifier):
        position = next(
            index for index, character in enumerate(identifier) if not _ALLOWED.match(character)
        )
        raise IdentifierError(
            f"The session identifier holds {identifier[position]!r} at position {position + 1}, "
            f"which the service does not allow.",
            remedy=remedy,
        )
    return identifier
