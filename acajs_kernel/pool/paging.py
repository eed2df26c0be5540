"""Following the links between the pages of a listing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from acajs_kernel.errors import UnexpectedAnswerError
from acajs_kernel.pool.endpoint import Endpoint

__all__ = ["next_page_url"]


def next_page_url(
    endpoint: Endpoint, link: str, parameters: Mapping[str, str], *, operation: str
) -> str:
    """Return the URL of a listing's next page.

    Args:
        endpoint: The pool's endpoint.
        link: The answer's ``nextLink``, absolute or relative to the listing.
        parameters: Query parameters to add where the link lacks them.
        operation: What is being done, for the error.

    Raises:
        UnexpectedAnswerError: It leads to another host: the token must not go there.
    """
    import httpx  # noqa: PLC0415 -- slow to load, and not needed to run cells

    base = httpx.URL(f"{endpoint.url}/files")
    try:
        url = base.join(link)
        is_same = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
    except (httpx.InvalidURL, ValueError):
        is_same = False
    if not is_same or url.userinfo:
        raise UnexpectedAnswerError(
            f"{operation} failed: the session pool at {endpoint.host} names another host "
            "for the next page. It was not asked, so that the token stays here.",
            remedy="Check that ACAJS_POOL_ENDPOINT is the pool's own endpoint.",
            endpoint=endpoint.url,
        )
    missing = {key: value for key, value in parameters.items() if key not in url.params}
    query = "&".join(
        part for part in (url.query.decode("ascii"), urlencode(missing, quote_via=quote)) if part
    )
    return str(url.copy_with(query=query.encode("ascii"), fragment=None))
