"""What the HTTP library raises, as plain values: the one place that knows its exceptions."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from acajs_kernel.http.redaction import shorten

__all__ = ["ConnectionCause", "Fault", "read_connection_fault", "read_fault"]

ConnectionCause = Literal[
    "certificate", "expired", "host", "tls", "name", "refused", "proxy", "timeout", "other"
]
"""Why no connection came about.

``certificate`` (its authority is not trusted), ``expired`` and ``host`` are about the server's
certificate; ``tls`` is any other failed handshake, ``name`` an unknown host, ``proxy`` a
proxy's refusal.
"""

_EXPIRED_CODES = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, ..._HAS_EXPIRED
_OTHER_HOST_CODES = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, ..._IP_ADDRESS_MISMATCH


class Fault(NamedTuple):
    """Why no whole answer came.

    Attributes:
        kind: ``connection``: no connection came about, so that nothing was sent;
            ``unsendable``: the request is none that can be sent; ``timeout``: no answer came
            in time; ``broken``: the connection broke.
        name: The name of the library's exception.
        text: Its text, which may hold secrets.
        cause: Of a ``connection`` fault, why it did not come about; else ``other``.
        certificate_problem: What OpenSSL says about the certificate, where that is the cause.
    """

    kind: Literal["connection", "unsendable", "timeout", "broken"]
    name: str
    text: str = ""
    cause: ConnectionCause = "other"
    certificate_problem: str = ""

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, {self.name!r})"  # the text may hold a secret

    def describe(self, redact: Callable[[str], str]) -> str:
        """Put it into words without the secrets that `redact` hides."""
        text = shorten(redact(self.text), 200)
        return f"{self.name}: {text}" if text else self.name


def read_fault(error: Exception) -> Fault:
    """Read what sending a request raised, whether of the HTTP library or of Python."""
    import httpx  # noqa: PLC0415 -- slow to load, and loaded where it has raised this

    if isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        return Fault("unsendable", type(error).__name__, str(error))
    if isinstance(  # raised before the first byte of a request leaves
        error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
    ):
        return read_connection_fault(error)
    is_timeout = isinstance(error, (httpx.TimeoutException, TimeoutError))
    return Fault("timeout" if is_timeout else "broken", type(error).__name__, str(error))


def read_connection_fault(error: Exception) -> Fault:
    """Read what opening a connection raised, whether of the HTTP library or of Python."""
    import httpx  # noqa: PLC0415 -- as above

    is_timeout = isinstance(error, (httpx.TimeoutException, TimeoutError, asyncio.TimeoutError))
    causes = list(_chain(error))
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    cause: ConnectionCause = "timeout" if is_timeout else "other"
    if isinstance(error, httpx.ProxyError):
        cause, certificate = "proxy", None
    elif certificate is not None:
        cause = _cause_of(certificate)
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        cause = "tls"
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        cause = "name"
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        cause = "refused"
    return Fault(
        "connection",
        type(error).__name__,
        str(error),
        cause,
        "" if certificate is None else str(getattr(certificate, "verify_message", "")),
    )


def _cause_of(certificate: ssl.SSLCertVerificationError) -> ConnectionCause:
    """Tell what is wrong with a certificate."""
    code = getattr(certificate, "verify_code", 0)
    if code in _EXPIRED_CODES:
        return "expired"
    return "host" if code in _OTHER_HOST_CODES else "certificate"


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, its causes, and the members of groups among them."""
    waiting: list[BaseException | None] = [fault]
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        yield error
        waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
