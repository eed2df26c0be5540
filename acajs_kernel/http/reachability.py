"""Whether an endpoint is reached at all: its name, its certificate, its clock.

What a request would meet one after another, looked at one by one. No token is sent. Whoever
asks says what helps.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from acajs_kernel.errors import PoolUnreachableError
from acajs_kernel.http.address import Address
from acajs_kernel.http.faults import read_connection_fault
from acajs_kernel.http.proxies import find_proxy
from acajs_kernel.http.transport import (
    CONNECT_SECONDS,
    open_http_client,
    ssl_context,
)
from acajs_kernel.http.unreachable import ConnectionProblem, explain_connection_fault

__all__ = [
    "Handshake",
    "clock_difference",
    "proxy_variable",
    "resolve_name",
    "shake_hands",
]

Remedy = Callable[[Address, ConnectionProblem], str]
"""Says what to do when no connection came about."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Handshake:
    """A TLS connection that came about.

    Attributes:
        version: The protocol's version, such as ``TLSv1.3``.
        issuer: Who signed the certificate; may be empty.
        expires: Until when the certificate is good, as OpenSSL writes it; may be empty.
    """

    version: str
    issuer: str
    expires: str


def proxy_variable(address: Address) -> str:
    """Return what names the proxy that requests go through, or an empty text."""
    return find_proxy(address).source


async def resolve_name(address: Address, remedy: Remedy) -> list[str]:
    """Look the endpoint's host up, and return its addresses.

    Raises:
        PoolUnreachableError: It has none.
    """
    host, port = _host_and_port(address)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _unreachable(address, "Looking up the host", error, remedy) from error
    return sorted({str(address[4][0]) for address in found})


async def shake_hands(address: Address, remedy: Remedy) -> Handshake:
    """Open a TLS connection, verify the certificate, and close it.

    Raises:
        PoolUnreachableError: No connection came about, or it is not trusted.
        ConfigurationError: The certificates that the environment names are unusable.
    """
    host, port = _host_and_port(address)
    context = ssl_context(address)
    try:
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(host, port, ssl=context, server_hostname=host),
            CONNECT_SECONDS,
        )
    except (OSError, asyncio.TimeoutError) as error:
        raise _unreachable(address, "The TLS handshake", error, remedy) from error
    try:
        secured = writer.get_extra_info("ssl_object")
        certificate = secured.getpeercert() or {}
        return Handshake(
            version=secured.version() or "",
            issuer=_common_name(certificate.get("issuer", ())),
            expires=str(certificate.get("notAfter", "")),
        )
    finally:
        writer.close()


async def clock_difference(address: Address, remedy: Remedy) -> float | None:
    """Compare this machine's clock with the service's.

    Any answer's ``Date`` will do (RFC 9110, section 6.6.1), which is in whole seconds.

    Returns:
        By how many seconds this machine's clock is ahead; None where the answer has no date.

    Raises:
        PoolUnreachableError: No answer came.
        ConfigurationError: The environment's certificates or proxies are unusable.
    """
    async with open_http_client(address) as http:
        before = time.time()
        try:
            response = await http.get(f"{address.url}/metadata")
        except httpx.HTTPError as error:
            raise _unreachable(address, "Reading the service's clock", error, remedy) from error
    middle = (before + time.time()) / 2
    moment = _date(response.headers)
    # The date was cut to a second: on average half of one has passed since.
    return None if moment is None else middle - (moment.timestamp() + 0.5)


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None


def _host_and_port(address: Address) -> tuple[str, int]:
    parts = urlsplit(address.url)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def _common_name(name: object) -> str:
    """Return the common name out of the way in which Python writes a distinguished name."""
    if isinstance(name, tuple):
        for part in name:
            for key, value in part:
                if key == "commonName":
                    return str(value)
    return ""


def _unreachable(
    address: Address, operation: str, error: Exception, remedy: Remedy
) -> PoolUnreachableError:
    problem = explain_connection_fault(
        read_connection_fault(error),
        address=address,
        seconds=CONNECT_SECONDS,
        describe=lambda fault: fault.name,
    )
    return PoolUnreachableError(
        f"{operation} failed: {address.host} was not reached: {problem.what}.",
        remedy=remedy(address, problem),
        endpoint=address.url,
    )
