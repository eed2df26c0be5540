"""The transport over httpcore's public interface: what it sends, receives and raises."""

from __future__ import annotations

import inspect
import ssl
from typing import NoReturn

import httpcore
import httpx
import pytest

from acajs_kernel.http.network import NetworkTransport
from tests.pool.fakes import Connection, http_answer, tcp_server

# httpcore's own sign to itself that a connection is to be taken anew.
_WITHIN = {httpcore.ConnectionNotAvailable}
_EXCEPTIONS = [
    value
    for _, value in inspect.getmembers(httpcore, inspect.isclass)
    if issubclass(value, Exception) and value not in _WITHIN
]


def _transport(proxy: str = "") -> NetworkTransport:
    return NetworkTransport(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), proxy, 4.0)


@pytest.mark.parametrize("kind", _EXCEPTIONS)
async def test_each_exception_is_raised_as_httpx_names_it(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever httpcore raises, or will raise, has the name that its readers know."""

    async def fail(*_: object) -> NoReturn:
        raise kind("why")

    monkeypatch.setattr(httpcore.AsyncConnectionPool, "handle_async_request", fail)
    with pytest.raises(getattr(httpx, kind.__name__), match="why") as caught:
        await _transport().handle_async_request(httpx.Request("GET", "http://127.0.0.1/"))
    assert type(caught.value).__name__ == kind.__name__
    assert type(caught.value.__cause__) is kind


async def test_a_body_that_ends_early_is_an_error_of_httpx() -> None:
    """What is raised within a body has the same names."""

    async def cut(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async with tcp_server(cut) as (url, _):
        transport = _transport()
        response = await transport.handle_async_request(httpx.Request("GET", url))
        with pytest.raises(httpx.RemoteProtocolError):
            await response.aread()
        await transport.aclose()


async def test_a_connection_is_used_again() -> None:
    """Requests one after another go over one connection, each read to its end or closed."""
    connections = []

    async def converse(connection: Connection) -> None:
        connections.append(connection)
        for _ in range(3):
            await connection.read_request()
            await connection.write(http_answer(b"{}", extra="X-Own: yes\r\n"))

    async with tcp_server(converse) as (url, heads):
        transport = _transport()
        for _ in range(3):
            response = await transport.handle_async_request(
                httpx.Request("POST", f"{url}/a%20b?c=d%2Fe", content=b"body")
            )
            assert await response.aread() == b"{}"
            await response.aclose()
            assert (response.status_code, response.reason_phrase) == (200, "OK")
            assert response.headers["x-own"] == "yes"
        await transport.aclose()
    assert len(connections) == 1
    assert all(head.startswith(b"POST /a%20b?c=d%2Fe HTTP/1.1\r\n") for head in heads)


async def test_a_proxy_gets_its_password_and_forwards() -> None:
    """A request over plain http names its target whole, and signs in at the proxy."""

    async def forward(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(b"through"))

    async with tcp_server(forward) as (url, heads):
        transport = _transport(url.replace("http://", "http://user:word@"))
        response = await transport.handle_async_request(
            httpx.Request("GET", "http://server.example/path")
        )
        assert await response.aread() == b"through"
        await transport.aclose()
    assert heads[0].startswith(b"GET http://server.example/path HTTP/1.1\r\n")
    assert b"proxy-authorization: basic dxnlcjp3b3jk" in heads[0].lower()


def test_an_unknown_proxy_is_refused() -> None:
    """The scheme is looked at before anything is sent."""
    with pytest.raises(ValueError, match="ftp"):
        _transport("ftp://proxy:1")
