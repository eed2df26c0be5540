"""Reading a listing, which may come in pages with links between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from acajs_kernel.errors import UnexpectedAnswerError
from acajs_kernel.http.call import Answer, Call
from acajs_kernel.http.urls import next_page_url
from acajs_kernel.pool.endpoint import Endpoint

__all__ = ["read_pages"]

_Item = TypeVar("_Item")

_MAXIMUM_PAGES = 1000


class _Send(Protocol):
    """Sends a call, and reads its answer."""

    def __call__(
        self, call: Call, read: Callable[[Answer], tuple[list[_Item], str]]
    ) -> Awaitable[tuple[list[_Item], str]]: ...


async def read_pages(
    send: _Send,
    endpoint: Endpoint,
    first: Call,
    parse: Callable[[bytes], tuple[list[_Item], str]],
) -> list[_Item]:
    """Send a call, and follow its answer's links to further pages.

    Args:
        send: Sends a call, and reads its answer.
        endpoint: The pool's endpoint.
        first: The call for the first page.
        parse: Returns a page's entries and its link, which is empty in the last one.

    Raises:
        UnexpectedAnswerError: A link leads to another host, or on without end.
        PoolError: The pool failed a call.
    """
    named = {"api-version": first.api_version}
    if first.identifier is not None:
        named["identifier"] = first.identifier
    found: list[_Item] = []
    seen: set[str] = set()
    call = first
    for _ in range(_MAXIMUM_PAGES):
        items, link = await send(call, lambda answer: parse(answer.body))
        found += items
        if not link:
            return found
        url = _next_page_url(endpoint, link, named, operation=first.operation)
        if url in seen:
            break
        seen.add(url)
        call = first._replace(url=url)
    raise UnexpectedAnswerError(
        f"{first.operation} failed: the session pool at {endpoint.host} leads from page to page "
        f"endlessly; {len(found)} entries were read.",
        endpoint=endpoint.url,
    )


def _next_page_url(
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
    url = next_page_url(f"{endpoint.url}/files", link, parameters)
    if url is None:
        raise UnexpectedAnswerError(
            f"{operation} failed: the session pool at {endpoint.host} names another host for the "
            f"next page. The kernel did not ask that host, so that the token stays here.",
            remedy="Check that ACAJS_POOL_ENDPOINT is the pool's own endpoint.",
            endpoint=endpoint.url,
        )
    return url
