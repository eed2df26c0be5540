"""The requests behind the latest cells: what a cell shows late still finds its place."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["RecentRequests", "Request"]

_KEPT = 1000


class Request(NamedTuple):
    """A request that has run a cell: what the cell shows goes under it, and who it asks.

    Attributes:
        parent: The request, without its content.
        identity: ZeroMQ's routing identity of who has sent it.
        number: The cell's number.
        silent: Whether nothing of the cell is shown.
    """

    parent: Mapping[str, Any]
    identity: Any
    number: int
    silent: bool


class RecentRequests:
    """The requests of the latest 1,000 cells, by the keys of the cells."""

    def __init__(self) -> None:
        self._requests: OrderedDict[str, Request] = OrderedDict()

    def __getitem__(self, key: str) -> Request:
        return self._requests[key]

    def get(self, key: str) -> Request | None:
        """Return a cell's request; None where it is not known any more."""
        return self._requests.get(key)

    def keep(
        self,
        key: str,
        message: Mapping[str, Any],
        identity: Any,  # noqa: ANN401 -- as ipykernel keeps it
        number: int,
        *,
        silent: bool,
    ) -> None:
        """Keep the request of a cell that begins, in place of the oldest one."""
        # Of a request only the header is needed; its content may be large.
        self._requests[key] = Request({"header": message["header"]}, identity, number, silent)
        if len(self._requests) > _KEPT:
            self._requests.popitem(last=False)
