"""What the HTTP library raises, read as plain values."""

from __future__ import annotations

import inspect
import socket
import ssl
from typing import Any

import httpx
import pytest

from acajs_kernel.http.faults import Fault, read_connection_fault, read_fault

_SECRET = "a-token-that-nobody-may-see"
_BROKEN = {
    httpx.CloseError,
    httpx.DecodingError,
    httpx.NetworkError,
    httpx.ProtocolError,
    httpx.ReadError,
    httpx.RemoteProtocolError,
    httpx.RequestError,
    httpx.TooManyRedirects,
    httpx.TransportError,
    httpx.WriteError,
}
_KINDS: dict[type[httpx.RequestError], Any] = {
    **dict.fromkeys(_BROKEN, "broken"),
    **dict.fromkeys(
        (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
        "connection",
    ),
    **dict.fromkeys((httpx.LocalProtocolError, httpx.UnsupportedProtocol), "unsendable"),
    **dict.fromkeys((httpx.ReadTimeout, httpx.TimeoutException, httpx.WriteTimeout), "timeout"),
}


def test_every_exception_of_a_request_has_its_kind() -> None:
    """None that the library has, or will have, is left out."""
    classes = {
        value
        for _, value in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(value, httpx.RequestError)
    }
    assert classes == set(_KINDS)
    for kind, expected in _KINDS.items():
        assert read_fault(kind("text")) == Fault(
            expected,
            kind.__name__,
            "text",
            "proxy"
            if kind is httpx.ProxyError
            else "timeout"
            if expected == "connection" and issubclass(kind, httpx.TimeoutException)
            else "other",
        )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), "timeout"),
        (ssl.SSLError("broken"), "broken"),
        (httpx.StreamClosed(), "broken"),
    ],
)
def test_exceptions_of_others_have_a_kind(error: Exception, kind: str) -> None:
    """Python's own, and those about the stream of an answer."""
    assert read_fault(error).kind == kind


def _certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("bad")
    error.verify_code, error.verify_message = code, "as OpenSSL says"
    return error


@pytest.mark.parametrize(
    ("cause", "word", "certificate"),
    [
        (_certificate(10), "expired", "as OpenSSL says"),
        (_certificate(62), "host", "as OpenSSL says"),
        (_certificate(18), "certificate", "as OpenSSL says"),
        (ssl.SSLError("handshake"), "tls", ""),
        (socket.gaierror(-2, "unknown"), "name", ""),
        (ConnectionRefusedError(), "refused", ""),
        (TimeoutError(), "timeout", ""),
        (OSError(101, "unreachable"), "other", ""),
    ],
)
def test_the_cause_of_a_failed_connection_is_told(
    cause: Exception, word: str, certificate: str
) -> None:
    """Whether it is raised by itself or is the cause of the library's exception."""
    library = httpx.ConnectTimeout("x") if word == "timeout" else httpx.ConnectError("x")
    library.__cause__ = cause
    for error in (cause, library):
        fault = read_connection_fault(error)
        assert (fault.kind, fault.cause) == ("connection", word)
        assert fault.certificate_problem == certificate


def test_a_fault_shows_no_secret() -> None:
    """Its repr has no text; in words it has what was cleaned."""
    fault = read_fault(httpx.ReadError(f"after {_SECRET}"))
    assert _SECRET not in repr(fault)
    assert fault.describe(lambda text: text.replace(_SECRET, "…")) == "ReadError: after …"
