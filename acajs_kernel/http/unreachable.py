"""Why no connection to a server came about, in words for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from acajs_kernel.http.address import Address
from acajs_kernel.http.faults import ConnectionCause, Fault
from acajs_kernel.http.proxies import find_proxy

__all__ = ["ConnectionProblem", "explain_connection_fault"]

_OF_CERTIFICATES: tuple[ConnectionCause, ...] = ("certificate", "expired", "host")


@dataclass(frozen=True)
class ConnectionProblem:
    """Why no connection came about.

    Attributes:
        cause: Why, in one word.
        what: The same, a clause for people.
        proxy: What names the proxy that the request went through, or empty.
        spared_by: What has kept the request from a proxy, with what names that; or None.
    """

    cause: ConnectionCause
    what: str
    proxy: str
    spared_by: tuple[str, str] | None = None

    @property
    def is_about_certificate(self) -> bool:
        """Whether the server's certificate is what is wrong."""
        return self.cause in _OF_CERTIFICATES

    @property
    def is_transient(self) -> bool:
        """Whether asking again can help: it changes no certificate and no proxy's rules."""
        return not self.is_about_certificate and self.cause != "proxy"


def explain_connection_fault(
    fault: Fault, *, address: Address, seconds: float, describe: Callable[[Fault], str]
) -> ConnectionProblem:
    """Tell why no connection came about.

    Args:
        fault: What was raised before anything was sent.
        address: Where the request was to go.
        seconds: How long the attempt took, in seconds.
        describe: Puts a fault into words without secrets.
    """
    proxy = find_proxy(address)
    owner, to, through = (
        ("the proxy's", " to the proxy", " through the proxy") if proxy.url else ("its", "", "")
    )
    if fault.cause == "proxy":
        what = f"the proxy refused ({describe(fault)})"
    elif fault.cause in _OF_CERTIFICATES:
        what = f"its certificate is not trusted ({fault.certificate_problem})"
    elif fault.cause == "tls":
        what = f"the TLS handshake failed ({describe(fault)})"
    elif fault.cause == "name":
        what = f"{owner} host name is unknown"
    elif fault.cause == "refused":
        what = f"the connection{to} was refused"
    elif fault.cause == "timeout":
        what = f"the connection{through} was not established within {seconds:.0f} s"
    else:
        what = f"the connection{through} failed ({describe(fault)})"
    return ConnectionProblem(fault.cause, what, proxy.source, proxy.spared_by)
