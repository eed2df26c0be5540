"""Which proxy requests to a server go through, and who says so."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from acajs_kernel.http.address import Address

__all__ = ["Proxy", "find_proxy"]


class Proxy(NamedTuple):
    """A proxy that is set up on this machine, whether requests go through it or not.

    Attributes:
        url: Its URL, which may hold a password; empty where requests go to no proxy.
        source: The environment variable that names it, as it is spelt, or ``the system``;
            empty where requests go to no proxy.
        spared_by: What keeps requests from the proxy that is set up, such as
            ``NO_PROXY``, with the source of that proxy; empty where nothing does.
    """

    url: str = ""
    source: str = ""
    spared_by: tuple[str, str] | None = None


def find_proxy(address: Address) -> Proxy:
    """Return the proxy of requests to an address.

    They come from the usual environment variables, else on macOS and Windows from the
    system's settings. Requests to this machine go to none.
    """
    if address.is_loopback:
        return Proxy()
    parts = urlsplit(address.url)
    proxies = getproxies()
    scheme = next((name for name in (parts.scheme, "all") if proxies.get(name)), "")
    if not scheme:
        return Proxy()
    source = _spelling(scheme)
    if proxy_bypass(parts.hostname or ""):
        return Proxy(spared_by=(_spelling("no"), source))
    url = proxies[scheme]
    return Proxy(url if "://" in url else f"http://{url}", source)


def _spelling(name: str) -> str:
    """Return how a proxy variable that is set is spelt; the lower case counts before others."""
    wanted = f"{name}_proxy"
    if os.environ.get(wanted):
        return wanted
    return next((v for v in os.environ if v.lower() == wanted and os.environ[v]), "the system")
