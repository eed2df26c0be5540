"""The network under the HTTP library: connections of httpcore, by its public interface alone.

httpx's own transport opens its connections in a way that nobody can hand in
(https://www.encode.io/httpcore/network-backends/ is httpcore's way). This one is the same,
save that what is short is written in one piece.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import cast

import httpcore
import httpx

from acajs_kernel.http.writing import write_in_one_piece

__all__ = ["NetworkTransport"]

# The most special first.
_EXCEPTIONS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.TimeoutException: httpx.TimeoutException,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.NetworkError: httpx.NetworkError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.ProtocolError: httpx.ProtocolError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
}


class NetworkTransport(httpx.AsyncBaseTransport):
    """Carries requests over TCP and TLS.

    Args:
        ssl_context: Verifies the server's certificate.
        proxy: The proxy's URL, or an empty text for none.
        keepalive_seconds: For how long an idle connection is kept.

    Raises:
        ValueError: The proxy's URL has another scheme than http, https, socks5 and socks5h.
        RuntimeError: What speaks SOCKS is not installed.
        httpx.InvalidURL: The proxy's URL is none.
    """

    def __init__(self, ssl_context: ssl.SSLContext, proxy: str, keepalive_seconds: float) -> None:
        self._connections = _open(ssl_context, proxy, keepalive_seconds)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return the answer with its body unread."""
        with _as_httpx_raises():
            answer = await self._connections.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=_url(request.url),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._connections.aclose()


class _Body(httpx.AsyncByteStream):
    """An answer's body, as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream = cast("AsyncIterable[bytes]", self._answer.stream)
        with _as_httpx_raises():
            async for part in stream:
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


def _open(
    ssl_context: ssl.SSLContext, proxy: str, keepalive_seconds: float
) -> httpcore.AsyncConnectionPool:
    backend = write_in_one_piece(httpcore.AnyIOBackend())
    if not proxy:
        return httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=None,
            keepalive_expiry=keepalive_seconds,
            network_backend=backend,
        )
    named = httpx.Proxy(proxy)
    if named.url.scheme in {"socks5", "socks5h"}:
        return httpcore.AsyncSOCKSProxy(
            proxy_url=_url(named.url),
            proxy_auth=named.raw_auth,
            ssl_context=ssl_context,
            max_connections=None,
            keepalive_expiry=keepalive_seconds,
            network_backend=backend,
        )
    return httpcore.AsyncHTTPProxy(
        proxy_url=_url(named.url),
        proxy_auth=named.raw_auth,
        proxy_headers=named.headers.raw,
        ssl_context=ssl_context,
        max_connections=None,
        keepalive_expiry=keepalive_seconds,
        network_backend=backend,
    )


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


@contextlib.contextmanager
def _as_httpx_raises() -> Iterator[None]:
    """Raise httpx's exceptions in place of httpcore's, as httpx's own transport does."""
    try:
        yield
    except tuple(_EXCEPTIONS) as error:
        kind = next(kind for kind in _EXCEPTIONS if isinstance(error, kind))
        raise _EXCEPTIONS[kind](str(error)) from error
