"""Why no connection to a server came about, told from the HTTP library's exception."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from acajs_kernel.http.address import Address
from acajs_kernel.http.proxies import find_proxy

__all__ = ["ConnectionProblem", "explain_connection_fault"]

_EXPIRED_CODES = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, ..._HAS_EXPIRED
_OTHER_HOST_CODES = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, ..._IP_ADDRESS_MISMATCH


@dataclass(frozen=True)
class ConnectionProblem:
    """Why no connection came about.

    Attributes:
        cause: ``certificate`` (its authority is not trusted), ``expired`` and ``host`` (of
            the certificate as well), ``tls``, ``name``, ``refused``, ``proxy``, ``timeout``
            or ``other``.
        what: The same, a clause for people.
        proxy: What names the proxy that the request went through, or empty.
        spared_by: What has kept the request from a proxy, with what names that; or None.
    """

    cause: str
    what: str
    proxy: str
    spared_by: tuple[str, str] | None = None

    @property
    def is_about_certificate(self) -> bool:
        """Whether the server's certificate is what is wrong."""
        return self.cause in {"certificate", "expired", "host"}

    @property
    def is_transient(self) -> bool:
        """Whether asking again can help: it changes no certificate and no proxy's rules."""
        return not self.is_about_certificate and self.cause != "proxy"


def explain_connection_fault(
    fault: Exception, *, address: Address, seconds: float, describe: Callable[[Exception], str]
) -> ConnectionProblem:
    """Tell why no connection came about.

    Args:
        fault: What the HTTP library raised before anything was sent.
        address: Where the request was to go.
        seconds: How long the attempt took, in seconds.
        describe: Puts an exception into words without secrets.
    """
    proxy = find_proxy(address)
    owner, to, through = (
        ("the proxy's", " to the proxy", " through the proxy") if proxy.url else ("its", "", "")
    )
    causes = list(_chain(fault))
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if isinstance(fault, httpx.ProxyError):
        cause, what = "proxy", f"the proxy refused ({describe(fault)})"
    elif certificate is not None:
        cause, what = (
            _cause_of(certificate),
            f"its certificate is not trusted ({certificate.verify_message})",
        )
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        cause, what = "tls", f"the TLS handshake failed ({describe(fault)})"
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        cause, what = "name", f"{owner} host name is unknown"
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        cause, what = "refused", f"the connection{to} was refused"
    elif isinstance(fault, httpx.TimeoutException):
        cause, what = "timeout", f"the connection{through} was not established within {seconds:.0f} s"
    else:
        cause, what = "other", f"the connection{through} failed ({describe(fault)})"
    return ConnectionProblem(cause, what, proxy.source, proxy.spared_by)


def _cause_of(certificate: ssl.SSLCertVerificationError) -> str:
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
