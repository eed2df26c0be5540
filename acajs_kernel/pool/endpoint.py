"""The pool's management endpoint: which URLs are one, and what they tell."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from acajs_kernel.errors import EndpointError

__all__ = ["Endpoint", "is_resource_id", "unwrapped"]

_FORM = "https://REGION.dynamicsessions.io/subscriptions/SUB/resourceGroups/RG/sessionPools/POOL"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_POOL_PATH = re.compile(
    r"(?i)/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"(?:/providers/Microsoft\.App)?/sessionPools/(?P<pool>[^/?#]+)"
)
# What people copy along with the endpoint: the path of one of its operations.
_OPERATION = re.compile(
    r"/(?:code/execute|executions(?:/[^/]*)?|files(?:/.*)?|session|metadata|listSessions"
    r"|\.management(?:/.*)?)/*\Z"
)
_MANAGEMENT_HOSTS = re.compile(
    r"(?i)(?:management\.(?:core\.)?(?:azure|windows|chinacloudapi|usgovcloudapi)\.[a-z]+"
    r"|portal\.azure\.[a-z]+|ms\.portal\.azure\.com)\Z"
)
_CONTROL_OR_SPACE = re.compile(r"[\s\x00-\x1f\x7f\\]")


class Endpoint(NamedTuple):
    """A session pool's management endpoint, checked and normalised.

    Attributes:
        url: The URL without query, fragment and trailing slash.
        host: The host, lower case, with the port if it is not the scheme's own.
        is_loopback: Whether the host is this machine.
        is_custom_container: Whether this is the endpoint of a custom-container pool, which
            stops sessions by another call than the built-in pools do.
        resource_id: The pool's Azure resource id, or None where the URL does not hold it.
    """

    url: str
    host: str
    is_loopback: bool
    is_custom_container: bool
    resource_id: str | None

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read an endpoint as people paste it.

        White space, quotes, trailing slashes, a query, a fragment and the path of an
        operation (such as ``/code/execute``) are dropped.

        Raises:
            EndpointError: It is no URL, holds a user name or password, is plain http to
                another machine, or belongs to Azure's management instead of the pool.
        """
        text = unwrapped(text)
        _refuse_other_texts(text)
        parts, host, port = _split(text)
        is_loopback = _is_loopback(host)
        if parts.scheme == "http" and not is_loopback:
            raise EndpointError(
                f"The pool endpoint http://{host} is not encrypted: others could read the token "
                f"on the way. Plain http is allowed for this machine only.",
                remedy=f"Use https://{host} instead.",
            )
        path, resource_id = _normalise_path(parts.path, host)
        shown_host = f"[{host}]" if ":" in host else host
        if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
            shown_host = f"{shown_host}:{port}"
        return cls(
            url=f"{parts.scheme}://{shown_host}{path}",
            host=shown_host,
            is_loopback=is_loopback,
            is_custom_container=host.endswith(".azurecontainerapps.io"),
            resource_id=resource_id,
        )

    @property
    def pool_name(self) -> str | None:
        """The pool's name, or None where the URL does not hold it."""
        return self.resource_id.rsplit("/", 1)[1] if self.resource_id else None

    @property
    def resource_group(self) -> str | None:
        """The pool's resource group, or None where the URL does not hold it."""
        return self.resource_id.split("/")[4] if self.resource_id else None

    def __str__(self) -> str:
        return self.url


def unwrapped(text: str) -> str:
    """Return a text without the white space and quotes that people paste around it."""
    return text.strip().strip("\"'<>`").strip()


def is_resource_id(text: str) -> bool:
    """Tell whether a text is meant to be an Azure resource id and not a URL."""
    return unwrapped(text).lower().startswith(("/subscriptions/", "subscriptions/"))


def _refuse_other_texts(text: str) -> None:
    """Refuse texts that are not even a URL of an endpoint's kind."""
    if not text:
        raise EndpointError(
            "The pool endpoint is empty.",
            remedy=f"Set ACAJS_POOL_ENDPOINT to the pool's endpoint, {_FORM}. {_how_to_read()}",
        )
    if _CONTROL_OR_SPACE.search(text):
        raise EndpointError(
            "The pool endpoint holds a space, a backslash or a control character.",
            remedy=f"An endpoint has the form {_FORM}",
        )
    if is_resource_id(text):
        raise EndpointError(
            "The pool endpoint is an Azure resource id, not a URL.",
            remedy=_how_to_read(text),
        )


def _split(text: str) -> tuple[SplitResult, str, int | None]:
    """Take the URL apart and check its scheme and host."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        # The cause may quote the text, and with it a password.
        raise EndpointError(
            "The pool endpoint is not a URL: its host or port cannot be read.",
            remedy=f"An endpoint has the form {_FORM}",
        ) from (None if "@" in text else error)
    if "@" in parts.netloc:
        raise EndpointError(
            "The pool endpoint holds a user name or a password.",
            remedy=f"Remove everything up to the @. An endpoint has the form {_FORM}",
        )
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc:
        first = text.split("/", 1)[0].split("?", 1)[0]
        looks_like_host = "." in first and ":" not in first and "@" not in text
        suggestion = f" Did you mean https://{text.split('?', 1)[0]} ?" if looks_like_host else ""
        raise EndpointError(
            "The pool endpoint is not an https URL.",
            remedy=f"An endpoint has the form {_FORM}.{suggestion}",
        )
    if not host or not _is_host(host) or parts.path.startswith("//"):
        raise EndpointError(
            "The pool endpoint is a URL without a valid host.",
            remedy=f"An endpoint has the form {_FORM}",
        )
    if _MANAGEMENT_HOSTS.match(host):
        raise EndpointError(
            f"The pool endpoint points to {host}, where Azure's resources are managed, "
            "not to the session pool itself.",
            remedy=_how_to_read(text),
        )
    return parts, host, port


def _is_host(host: str) -> bool:
    """Tell whether the text can be a host's name or address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            ascii_host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return False
        return re.fullmatch(r"[A-Za-z0-9_.-]+", ascii_host) is not None
    return True


def _is_loopback(host: str) -> bool:
    """Tell whether the host is this machine.

    Names under ``.localhost`` are so by RFC 6761, section 6.3.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _normalise_path(path: str, host: str) -> tuple[str, str | None]:
    """Return the path of the pool itself, and the pool's resource id if it is in there."""
    found = _POOL_PATH.match(path)
    if found:
        subscription, group, pool = found.group("subscription", "group", "pool")
        prefix = f"/subscriptions/{subscription}/resourceGroups/{group}"
        # For people and for commands only; a request keeps the path's own spelling.
        resource_id = unquote(f"{prefix}/providers/Microsoft.App/sessionPools/{pool}")
        return f"{prefix}/sessionPools/{pool}", resource_id
    if path.lower().startswith("/subscriptions/") or host.endswith(".dynamicsessions.io"):
        raise EndpointError(
            f"The pool endpoint at {host} does not name a session pool.",
            remedy=f"An endpoint has the form {_FORM}. {_how_to_read()}",
        )
    return _OPERATION.sub("", path).rstrip("/"), None


def _how_to_read(text: str = "") -> str:
    """Return the remedy that reads the endpoint, with the names that the text holds."""
    found = _POOL_PATH.search(unquote(text))
    pool, group = (found.group("pool"), found.group("group")) if found else ("POOL", "RG")
    return (
        "The endpoint is the pool's properties.poolManagementEndpoint. Read it with: "
        f"az containerapp sessionpool show --name {pool} --resource-group {group} "
        "--query properties.poolManagementEndpoint -o tsv"
    )
