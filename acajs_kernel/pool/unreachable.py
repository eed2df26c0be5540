"""Why no connection to a server came about, told from the HTTP library's exception."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

__all__ = ["ConnectionProblem", "explain_connection_fault"]

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@dataclass(frozen=True)
class ConnectionProblem:
    """Why no connection came about.

    Attributes:
        cause: ``certificate``, ``tls``, ``name``, ``refused``, ``proxy``, ``timeout`` or
            ``other``.
        what: The same, a clause for people.
        proxy: The environment variable that sets a proxy, or empty.
    """

    cause: str
    what: str
    proxy: str

    @property
    def is_transient(self) -> bool:
        """Whether asking again can help: it changes no certificate and no proxy's rules."""
        return self.cause not in {"certificate", "proxy"}


def explain_connection_fault(
    fault: Exception, *, seconds: float, describe: Callable[[Exception], str]
) -> ConnectionProblem:
    """Tell why no connection came about.

    Args:
        fault: What the HTTP library raised before anything was sent.
        seconds: How long the attempt took, in seconds.
        describe: Puts an exception into words without secrets.
    """
    causes = list(_chain(fault))
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if isinstance(fault, httpx.ProxyError):
        cause, what = "proxy", f"the proxy refused ({describe(fault)})"
    elif certificate is not None:
        cause, what = (
            "certificate",
            f"its certificate is not trusted ({certificate.verify_message})",
        )
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        cause, what = "tls", f"the TLS handshake failed ({describe(fault)})"
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        cause, what = "name", "its host name is unknown"
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        cause, what = "refused", "the connection was refused"
    elif isinstance(fault, httpx.TimeoutException):
        cause, what = "timeout", f"the connection was not established within {seconds:.0f} s"
    else:
        cause, what = "other", f"the connection failed ({describe(fault)})"
    proxy = next((name for name in _PROXY_VARIABLES if os.environ.get(name)), "")
    return ConnectionProblem(cause, what, proxy)


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
