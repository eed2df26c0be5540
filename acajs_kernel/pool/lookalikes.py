"""What answers look like that are valid HTTP and not the service's.

Between here and the pool stand proxies, and networks that want a sign-in before they let anything
pass. They answer in the pool's place, often with a success. The same request gets the same answer
from them, so that it is not repeated as one that merely failed is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from acajs_kernel.http.redaction import Redactor
from acajs_kernel.pool import remedies

__all__ = ["Lookalike", "is_web_page", "look_at", "web_page_title"]

_PAGE = re.compile(
    rb"(?is)\A(?:\xef\xbb\xbf)?\s*(?:<\?xml\b[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b"
)
_TITLE = re.compile(r"(?is)<title\b[^>]*>(.*?)</title>")
_MAXIMUM_TITLE = 80
_LOOKED_AT_BYTES = 16 * 1024
# An answer of another shape may be a hiccup: it is asked for again, but not for a minute.
_FEW_ATTEMPTS = 4


class Lookalike(NamedTuple):
    """What an answer seems to be.

    Attributes:
        what: A clause for people that goes on after "answered HTTP 200,".
        remedy: What to do about it.
        most_attempts: How often it is worth asking in all; None for as long as anything is.
    """

    what: str
    remedy: str
    most_attempts: int | None


def look_at(
    status: int, headers: Mapping[str, str], body: bytes, problem: str, redact: Redactor
) -> Lookalike:
    """Tell what a successful answer is that has not the documented shape.

    Args:
        status: Its HTTP status.
        headers: Its headers, their names in lower case.
        body: Its body.
        problem: What is wrong with it, a clause for people.
        redact: Hides the request's secrets.
    """
    if is_web_page(headers, body):
        return Lookalike(
            f"with a web page{web_page_title(body, redact)} instead of the service's JSON. A "
            "sign-in page or a proxy seems to answer in the pool's place",
            remedies.SIGN_IN_PAGE,
            1,
        )
    if status == HTTPStatus.ACCEPTED:
        return Lookalike(
            f"which accepts the request and does not say how it ended ({problem})",
            remedies.UNEXPECTED_ANSWER,
            _FEW_ATTEMPTS,
        )
    if not body.strip():
        return Lookalike(
            "but it is empty: something that is no session pool, such as a proxy, seems to answer",
            remedies.UNEXPECTED_ANSWER,
            _FEW_ATTEMPTS,
        )
    is_cut = body.lstrip()[:1] in {b"{", b"["} and "not JSON" in problem
    if is_cut:
        return Lookalike(f"but {problem}", remedies.UNEXPECTED_ANSWER, None)
    return Lookalike(
        f"but {problem}. Something that is no session pool, such as a proxy, seems to answer",
        remedies.UNEXPECTED_ANSWER,
        _FEW_ATTEMPTS,
    )


def is_web_page(headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is a page for people; none of the service's calls gives one."""
    kind = headers.get("content-type", "").lower()
    if kind.startswith(("text/html", "application/xhtml")) and body.lstrip()[:1] not in {
        b"{",
        b"[",
    }:
        return bool(body.strip())
    return _PAGE.match(body[:_LOOKED_AT_BYTES]) is not None


def web_page_title(body: bytes, redact: Redactor) -> str:
    """Return a page's title as words that go on after "a web page", or an empty text."""
    # Imported here because it is slow to load, and hardly ever needed.
    from html import unescape  # noqa: PLC0415

    found = _TITLE.search(body[:_LOOKED_AT_BYTES].decode("utf-8", "replace"))
    title = " ".join(unescape(found[1]).split()) if found else ""
    title = redact("".join(c for c in title if c.isprintable()))
    if len(title) > _MAXIMUM_TITLE:
        title = f"{title[:_MAXIMUM_TITLE]}…"
    return f" (“{title}”)" if title else ""
