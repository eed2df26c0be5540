"""Where requests go, as far as HTTP needs to know."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Address"]


class Address(Protocol):
    """A server's address."""

    @property
    def url(self) -> str:
        """The URL without query, fragment and trailing slash."""

    @property
    def host(self) -> str:
        """The host, lower case, with the port if it is not the scheme's own."""

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
