"""URLs that servers name: where they lead, and whether a token may go there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    import httpx

__all__ = ["host_of", "is_same_server", "next_page_url"]


def host_of(url: str) -> str | None:
    """Return the host that a URL names, empty for a relative one; None if it is unreadable."""
    import httpx  # noqa: PLC0415 -- slow to load, and not needed to run cells

    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return None


def is_same_server(own: str, other: str) -> bool:
    """Tell whether a URL leads to the server of another one, without a name or password."""
    import httpx  # noqa: PLC0415 -- as above

    try:
        return _is_same_server(httpx.URL(own), httpx.URL(other))
    except httpx.InvalidURL:
        return False


def next_page_url(base: str, link: str, parameters: Mapping[str, str]) -> str | None:
    """Return the URL of a listing's next page; None where it leads to another server.

    Args:
        base: The listing's own URL.
        link: The answer's link, absolute or relative to it.
        parameters: Query parameters to add where the link lacks them.
    """
    import httpx  # noqa: PLC0415 -- as above

    own = httpx.URL(base)
    try:
        url = own.join(link)
        is_same = _is_same_server(own, url)
    except (httpx.InvalidURL, ValueError):
        return None
    if not is_same:
        return None
    missing = {key: value for key, value in parameters.items() if key not in url.params}
    query = "&".join(
        part for part in (url.query.decode("ascii"), urlencode(missing, quote_via=quote)) if part
    )
    return str(url.copy_with(query=query.encode("ascii"), fragment=None))


def _is_same_server(own: httpx.URL, other: httpx.URL) -> bool:
    is_same = (other.scheme, other.host, other.port) == (own.scheme, own.host, own.port)
    return is_same and not other.userinfo
