"""Session identifiers."""

from __future__ import annotations

import pytest

from acajs_kernel.errors import IdentifierError
from acajs_kernel.pool import check_identifier, shorten_identifier


@pytest.mark.parametrize("identifier", ["abcd", "a" * 128, "aZ09|-&^%$#(){}[];<>"])
def test_documented_identifier_is_returned(identifier: str) -> None:
    """Every documented length and character is taken."""
    assert check_identifier(identifier) == identifier


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("", "has 0 characters"),
        ("abc", "has 3 characters"),
        ("a" * 129, "has 129 characters"),
        ("abcd_efgh", "'_' at position 5"),
        ("abcd efgh", "' ' at position 5"),
        ("abcdefgh\n", "'\\n' at position 9"),
        ("äbcdefgh", "'ä' at position 1"),
    ],
)
def test_other_identifier_is_refused_without_being_repeated(identifier: str, words: str) -> None:
    """The refusal names the character or the length, never the identifier."""
    with pytest.raises(IdentifierError) as caught:
        check_identifier(identifier)

    assert words in str(caught.value)
    assert "secrets.token_hex" in caught.value.remedy
    if identifier:
        assert identifier not in str(caught.value)


@pytest.mark.parametrize(
    ("identifier", "short"),
    [("0123456789abcdef", "0123…"), ("12345678", "1234…"), ("abcd", "ab…")],
)
def test_short_form_never_is_the_whole(identifier: str, short: str) -> None:
    """At most four characters, and at most half, are shown."""
    assert shorten_identifier(identifier) == short
