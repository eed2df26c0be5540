"""Secrets in texts that others wrote."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest

from acajs_kernel.http.redaction import (
    Redactor,
    hide_identifiers_from_library_logs,
    scrub,
)

IDENTIFIER = "aZ09|&^%$#secret"


@pytest.mark.parametrize(
    "text",
    [
        f"no session {IDENTIFIER} here",
        f"no session {IDENTIFIER.lower()} here",
        f"GET /files?identifier={quote(IDENTIFIER)}&x=1",
        f"GET {quote(IDENTIFIER, safe='')}",
        f"{IDENTIFIER}{IDENTIFIER}",
    ],
)
def test_identifier_is_shortened_in_every_spelling(text: str) -> None:
    """Raw, percent-encoded, in other case or twice: the identifier goes."""
    redacted = Redactor(IDENTIFIER)(text)

    assert "secret" not in redacted.lower()


@pytest.mark.parametrize(
    "text",
    [
        "identifier=supersecret",
        "?api-version=1&identifier=supersecret&x=1",
        "identifier%3Dsupersecret",
        "Authorization: Bearer supersecret",
        "token eyJhbGciOi.eyJzdWIi.supersecret",
    ],
)
def test_what_looks_like_a_secret_goes_unknown_as_it_is(text: str) -> None:
    """Tokens and identifiers of somebody else's request are hidden by their form."""
    assert "supersecret" not in scrub(text)


def test_other_text_stays() -> None:
    """Redaction leaves ordinary words alone."""
    text = "The identifier is missing; the bearer of bad news uses api-version=1."

    assert Redactor(IDENTIFIER, ["token-of-mine"])(text) == text
    assert Redactor()(text) == text


def test_library_records_are_scrubbed_once_however_often_it_is_asked_for() -> None:
    """The filter is attached once, to each logger that writes URLs."""
    for _ in range(3):
        hide_identifiers_from_library_logs()
    for name in ("httpx", "httpcore.http11"):
        filters = [f for f in logging.getLogger(name).filters if "Hide" in type(f).__name__]
        assert len(filters) == 1


def test_library_record_without_a_secret_keeps_its_parts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Records about other things reach handlers as they were made."""
    hide_identifiers_from_library_logs()
    with caplog.at_level(logging.INFO, logger="httpx"):
        logging.getLogger("httpx").info("HTTP Request: %s %s", "GET", "https://example.org/")

    assert caplog.records[-1].args == ("GET", "https://example.org/")
