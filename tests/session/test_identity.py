"""Identifiers of sessions: derived from the kernel's key, or random."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acajs_kernel.pool import check_identifier
from acajs_kernel.session.identity import derive_identifier, generate_identifier


@given(st.binary(min_size=1, max_size=80))
def test_a_key_always_gives_the_same_valid_identifier(key: bytes) -> None:
    """A restarted kernel, which has the same key, finds the same session."""
    identifier = derive_identifier(key)
    assert identifier == derive_identifier(key)
    assert check_identifier(identifier) == identifier


def test_different_keys_give_different_identifiers() -> None:
    """No two notebooks share a session."""
    assert derive_identifier(b"one") != derive_identifier(b"two")


def test_the_key_is_not_in_the_identifier() -> None:
    """The key signs the notebook's messages; the service does not learn it."""
    assert b"secret-key".hex() not in derive_identifier(b"secret-key")


def test_without_a_key_the_identifier_is_random() -> None:
    """Unsigned messages have no key to derive from."""
    assert derive_identifier(b"") != derive_identifier(b"")
    assert check_identifier(generate_identifier())
