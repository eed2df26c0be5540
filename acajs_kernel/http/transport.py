"""How requests travel: connections, certificates, proxies."""

from __future__ import annotations

import os
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from acajs_kernel import __version__
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.http.address import Address
from acajs_kernel.http.network import NetworkTransport
from acajs_kernel.http.proxies import find_proxy
from acajs_kernel.http.redaction import hide_identifiers_from_library_logs

__all__ = [
    "CONNECT_SECONDS",
    "USER_AGENT",
    "open_http_client",
    "open_transport",
    "ssl_context",
    "timeout",
]

CONNECT_SECONDS = 10.0
"""Bound of building a connection, in seconds."""

USER_AGENT = f"acajs-kernel/{__version__}"
"""How this program identifies itself to the service."""

_WRITE_SECONDS = 60.0
# An idle connection is dropped before a server drops it: uvicorn's and Node's servers do
# after 5 s, the shortest time in common use. A request on a connection that the other side
# is closing fails in a way that leaves open whether it was carried out.
_KEEPALIVE_SECONDS = 4.0


def open_http_client(
    address: Address, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """Open an HTTP client for one address.

    Redirects are not followed and cookies not kept. See `open_transport` for the rest.

    Args:
        address: Where requests go.
        transport: Replaces the network.

    Raises:
        ConfigurationError: The certificates or the proxies of the environment are unusable.
    """
    hide_identifiers_from_library_logs()
    return httpx.AsyncClient(
        transport=open_transport(address) if transport is None else transport,
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": USER_AGENT},
        timeout=timeout(CONNECT_SECONDS),
    )


def open_transport(address: Address) -> httpx.AsyncBaseTransport:
    """Open what carries requests to one address.

    Proxies come from the usual environment variables; requests to this machine go to no
    proxy.

    Raises:
        ConfigurationError: The certificates or the proxies of the environment are unusable.
    """
    hide_identifiers_from_library_logs()
    proxy = find_proxy(address)
    try:
        return NetworkTransport(ssl_context(address), proxy.url, _KEEPALIVE_SECONDS)
    except (ValueError, RuntimeError, httpx.InvalidURL) as error:
        # The cause is left out: a proxy's URL may hold a password.
        raise ConfigurationError(
            f"The proxy that {proxy.source} names cannot be used ({type(error).__name__}).",
            remedy=(
                "Its address must look like http://HOST:PORT. A SOCKS proxy needs "
                "`pip install socksio`."
            ),
        ) from None


def timeout(answer_seconds: float) -> httpx.Timeout:
    """Return the bounds of one request.

    Args:
        answer_seconds: Of the silence before and within the answer.
    """
    return httpx.Timeout(
        connect=CONNECT_SECONDS, pool=CONNECT_SECONDS, write=_WRITE_SECONDS, read=answer_seconds
    )


def ssl_context(address: Address) -> ssl.SSLContext:
    """Return what verifies the pool's certificate.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` (OpenSSL's own variables) replace the default
    authorities, else ``REQUESTS_CA_BUNDLE`` does (a file or folder; set in many companies
    for other Python programs). Otherwise the authorities that httpx brings count together
    with the system's, where companies install theirs.
    """
    if address.url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; loading takes 40 ms
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    names = "SSL_CERT_FILE or SSL_CERT_DIR"
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if not file and not folder and bundle:
        names = "REQUESTS_CA_BUNDLE"
        file, folder = (None, bundle) if os.path.isdir(bundle) else (bundle, None)  # noqa: PTH112
    if file or folder:
        try:
            return ssl.create_default_context(cafile=file or None, capath=folder or None)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"The certificate authorities that {names} names cannot be loaded: "
                f"{file or folder}: {error}.",
                remedy=f"Set {names} to a file of PEM certificates that exists, or unset it.",
            ) from error
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
