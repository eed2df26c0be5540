"""Requests to an application in this process; httpx is loaded when the first one is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

__all__ = ["asgi_transport"]


def asgi_transport(application: Callable[..., Any]) -> httpx.AsyncBaseTransport:
    """Return a transport that calls an ASGI application inside this process.

    An exception inside the application becomes HTTP 500, as behind a real server.
    """
    import httpx  # noqa: PLC0415 -- slow to load

    return httpx.ASGITransport(app=application, raise_app_exceptions=False)
