"""Keeping tokens and session identifiers out of messages and logs.

A token of the pool opens any of its sessions whose identifier is known, so both are
secrets. The identifier travels in the query of every request, hence in every URL that a
library logs and in many texts that a service or proxy sends back.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

__all__ = [
    "HIDDEN",
    "Redactor",
    "hide_identifiers_from_library_logs",
    "scrub",
    "shorten",
    "shorten_identifier",
]

HIDDEN = "[hidden]"
"""What stands where a secret stood."""

_IDENTIFIER_PARAMETER = re.compile(r"(?i)(\bidentifier(?:=|%3D))[^&\s\"'<>)]+")
_BEARER = re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/-]{8,}=*")
_SHOWN = 4
_MAXIMUM_MESSAGE = 600
_JSON_WEB_TOKEN = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*")


def scrub(text: str) -> str:
    """Hide what looks like a token, or like the value of a query's ``identifier``."""
    text = _IDENTIFIER_PARAMETER.sub(rf"\g<1>{HIDDEN}", text)
    text = _BEARER.sub(rf"\g<1>{HIDDEN}", text)
    return _JSON_WEB_TOKEN.sub(HIDDEN, text)


def shorten_identifier(identifier: str) -> str:
    """Return the identifier's beginning, for people; never the whole.

    The first four characters, of a very short identifier at most half of it.
    """
    return f"{identifier[: min(_SHOWN, len(identifier) // 2)]}…"


def shorten(text: str, length: int = _MAXIMUM_MESSAGE) -> str:
    """Join the text's lines and cut it to a length that people read."""
    joined = " ".join(text.split())
    return joined if len(joined) <= length else f"{joined[:length]}…"


class Redactor:
    """Hides one request's secrets in texts that others wrote.

    Args:
        identifier: The session's identifier, or None for a call about the pool.
        tokens: Tokens that the request carried.
    """

    def __init__(self, identifier: str | None = None, tokens: Iterable[str] = ()) -> None:
        self._identifier = identifier
        self._tokens = [token for token in tokens if token]

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        if not text:
            return text  # most that a request is told
        replacements, pattern = self._spellings
        if pattern is not None:
            text = pattern.sub(lambda found: replacements.get(found.group().lower(), HIDDEN), text)
        return scrub(text)

    @functools.cached_property
    def _spellings(self) -> tuple[dict[str, str], re.Pattern[str] | None]:
        """What stands for each spelling of a secret, and what finds them."""
        replacements: dict[str, str] = {}
        if self._identifier:
            given = self._identifier
            for spelling in (given, quote(given, safe=""), quote_plus(given)):
                replacements[spelling.lower()] = shorten_identifier(given)
        for token in self._tokens:
            replacements[token.lower()] = HIDDEN
        # The longest first: one secret may be part of another one's spelling.
        spellings = sorted(replacements, key=len, reverse=True)
        pattern = "|".join(re.escape(spelling) for spelling in spellings)
        return replacements, re.compile(pattern, re.IGNORECASE) if spellings else None


class _HideIdentifiers(logging.Filter):
    """Scrubs the records of libraries that log whole URLs."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        scrubbed = scrub(text)
        if scrubbed != text:
            record.msg = scrubbed
            record.args = None
        return True


_FILTER = _HideIdentifiers()
# httpx logs each request's URL at INFO; httpcore logs answers' headers at DEBUG, where a
# Location may hold the query. A filter works on its own logger only, so each is named.
_LIBRARY_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


def hide_identifiers_from_library_logs() -> None:
    """Scrub the HTTP library's log records, whoever's requests they are about.

    A filter is attached to each of the library's loggers, once however often this is
    called. Levels, handlers and propagation stay as the application set them.
    """
    for name in _LIBRARY_LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
