"""Who may speak to the pool, checked before anything else of a request is looked at.

The pool runs code with the rights of the user who started it, so on a TCP port it must
refuse other users of the machine (the token) and every web page in the user's browser:
pages of other origins (``Origin``, ``Sec-Fetch-Site``) and pages that had their own name
resolved to the loopback address (``Host``).
"""

from __future__ import annotations

import hmac
import ipaddress
import time
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from .messages import error_response
from .rest import RestError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Gate", "is_loopback_name"]


def is_loopback_name(host: str) -> bool:
    """Tell whether a host name or address means this machine and nothing else."""
    name = host.removeprefix("[").removesuffix("]").lower()
    # RFC 6761 reserves localhost and every name below it for the loopback address.
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Gate:
    """ASGI middleware: refuses strangers and broken paths, and adds the service's support headers.

    Args:
        app: What requests that pass go to.
        token: The bearer token that every request must bring, or None for no token.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._application = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refused request, hand any other on."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        if scope["type"] != "http":
            return  # a WebSocket, which the pool does not speak
        began = time.monotonic()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["operation-id"] = str(uuid.uuid4())
                headers["x-ms-execution-request-time"] = str(
                    round((time.monotonic() - began) * 1000)
                )
                headers["cache-control"] = "no-store"
            await send(message)

        try:
            self._check(Headers(scope=scope))
            _check_path(scope["path"])
        except RestError as error:
            await error_response(error)(scope, receive, send_with_headers)
            return
        await self._application(scope, receive, send_with_headers)

    def _check(self, headers: Headers) -> None:
        """Raise ``RestError`` 403 for a web page, 401 for a request without the token."""
        host = headers.get("host", "")
        if not is_loopback_name(_without_port(host)):
            raise RestError(
                403,
                "HostNotAllowed",
                "The embedded pool answers only to the names and addresses of the loopback "
                "interface.",
            )
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            raise RestError(403, "OriginNotAllowed", "The embedded pool refuses other origins.")
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            raise RestError(403, "OriginNotAllowed", "The embedded pool refuses other sites.")
        if self._token is None:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(given.strip().encode(), self._token.encode())
        if scheme.lower() != "bearer" or not is_right:
            raise RestError(
                401,
                "Unauthorized",
                "The request has no bearer token, or not this pool's.",
                headers={"WWW-Authenticate": "Bearer"},
            )


def _check_path(path: str) -> None:
    """Refuse control characters, at which Starlette's patterns for paths would stop."""
    if any(character < " " for character in path):
        raise RestError(400, "InvalidFileName", "A path must not hold control characters.")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0]
    return host.partition(":")[0]
