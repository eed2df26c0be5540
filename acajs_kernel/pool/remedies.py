"""What to do about each failure, with the exact command where there is one."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import TYPE_CHECKING

from acajs_kernel.http.address import Address
from acajs_kernel.http.call import Call
from acajs_kernel.pool.endpoint import Endpoint

if TYPE_CHECKING:
    from acajs_kernel.http.unreachable import ConnectionProblem

__all__ = [
    "FATE_UNKNOWN",
    "REDIRECT",
    "SIGN_IN_PAGE",
    "SILENCE",
    "UNEXPECTED_ANSWER",
    "of_broken_connection",
    "of_certificate",
    "of_status",
    "of_unreachable",
]

FATE_UNKNOWN = "Look at what the cell should have changed before you run it again."
REDIRECT = (
    "Check that ACAJS_POOL_ENDPOINT is the pool's properties.poolManagementEndpoint, and that no "
    "proxy or sign-in page is in between."
)
UNEXPECTED_ANSWER = (
    "Check that ACAJS_POOL_ENDPOINT is the pool's properties.poolManagementEndpoint, that no "
    "proxy answers in its place, and that ACAJS_API_VERSION is a version that the pool has."
)
SIGN_IN_PAGE = (
    "If this network wants a sign-in first, open any page in a browser and sign in. If a proxy "
    "answers, let it pass the pool's host: HTTPS_PROXY names it, NO_PROXY lists exceptions. "
    "Otherwise check that ACAJS_POOL_ENDPOINT is the pool's properties.poolManagementEndpoint."
)
SILENCE = (
    "Check the network and the proxies between here and the pool; `acajs doctor` looks at each "
    "step. If a cell of this session is running, wait for its end."
)

_EXECUTOR_ROLE = "Azure ContainerApps Session Executor"


def of_status(
    endpoint: Endpoint, call: Call, status: int, code: str, *, is_page: bool = False
) -> str:
    """Return what to do about an HTTP status.

    Args:
        endpoint: The pool's endpoint.
        call: The call.
        status: The status.
        code: The service's own code; may be empty.
        is_page: The answer is a web page, which the service itself does not give.
    """
    if status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED:
        return SIGN_IN_PAGE
    usual = _of_status(endpoint, call, status, code)
    if is_page and status < HTTPStatus.INTERNAL_SERVER_ERROR and usual != UNEXPECTED_ANSWER:
        return f"{SIGN_IN_PAGE} If it is the pool itself that answers so: {usual}"
    return SIGN_IN_PAGE if is_page and usual == UNEXPECTED_ANSWER else usual


def _of_status(endpoint: Endpoint, call: Call, status: int, code: str) -> str:
    if endpoint.is_loopback and status in _LOOPBACK_REMEDIES:
        return _LOOPBACK_REMEDIES[status]
    if status in _ENDPOINT_REMEDIES:
        return _ENDPOINT_REMEDIES[status](endpoint, call)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_server_error(endpoint)
    if status in _REMEDIES:
        return _REMEDIES[status]
    return f"Look {code} up in the service's documentation." if code else UNEXPECTED_ANSWER


_REMEDIES = {
    400: (
        "If the service complains about the API version, set ACAJS_API_VERSION to one that it "
        "has; if about the identifier, set another ACAJS_SESSION_ID."
    ),
    401: (
        "Sign in with `az login`; a token in ACAJS_TOKEN may have expired: set it to the "
        "output of: az account get-access-token --resource https://dynamicsessions.io "
        "--query accessToken -o tsv . A role that was given just now takes minutes to spread."
    ),
    408: (
        "Split the work into shorter steps (one execution may last at most 220 s), or raise "
        "ACAJS_TIMEOUT if it is lower. If the code never ends, it keeps the session busy: "
        "restart the kernel."
    ),
    409: "Wait until the other change to this session has ended, then try again.",
    413: (
        "Send less: a file may be at most 128 MB. Split it, or let the session's own code "
        "download it."
    ),
    415: "Set ACAJS_API_VERSION to a version that the pool has, such as 2024-02-02-preview.",
}


def _of_server_error(endpoint: Endpoint) -> str:
    if endpoint.is_loopback:
        return "Look at the terminal of `acajs pool serve`, and start it again."
    return (
        "Try again in a minute. If the failure persists, look at https://azure.status.microsoft, "
        "or give the vendor's support the operation id."
    )


def _of_forbidden(endpoint: Endpoint, _: Call) -> str:
    scope = (
        f'"{endpoint.resource_id}"'
        if endpoint.resource_id
        else f'"$(az containerapp sessionpool show {_names(endpoint)} --query id -o tsv)"'
    )
    return (
        "Give your identity the executor role on the pool: az role assignment create "
        f'--role "{_EXECUTOR_ROLE}" '
        '--assignee "$(az ad signed-in-user show --query id -o tsv)" '
        f"--scope {scope} . A new assignment takes minutes to spread."
    )


def _of_not_found(endpoint: Endpoint, call: Call) -> str:
    if call.is_about_file:
        return (
            "List the files to see what is there. A session that was not used for its "
            "cooldown period is destroyed, with its files."
        )
    if endpoint.is_loopback:
        return "Check ACAJS_POOL_ENDPOINT against the address that `acajs pool serve` printed."
    return (
        "Check that the pool exists and that ACAJS_POOL_ENDPOINT is its endpoint: "
        f"az containerapp sessionpool show {_names(endpoint)} "
        "--query properties.poolManagementEndpoint -o tsv"
    )


def _of_busy(endpoint: Endpoint, _: Call) -> str:
    explanation = (
        "Every session of the pool is in use, or requests come too fast. A session counts "
        "until it is stopped, or until its cooldown period has passed since its last use. "
        "Shut down notebooks that you no longer need"
    )
    if endpoint.is_loopback:
        return (
            f"{explanation}, or serve a pool with more sessions: acajs pool serve --max-sessions 30"
        )
    return (
        f"{explanation}, or allow more: az containerapp sessionpool update {_names(endpoint)} "
        "--max-sessions N"
    )


def _names(endpoint: Endpoint) -> str:
    pool, group = endpoint.pool_name or "POOL", endpoint.resource_group or "RG"
    return f"--name {pool} --resource-group {group}"


_LOOPBACK_REMEDIES = dict.fromkeys(
    (401, 403),
    "Set ACAJS_TOKEN to the token that `acajs pool serve` printed when it started, and "
    "ACAJS_POOL_ENDPOINT to the address beside it.",
)
_ENDPOINT_REMEDIES = {403: _of_forbidden, 404: _of_not_found, 429: _of_busy}


def of_broken_connection(endpoint: Endpoint, *, is_timeout: bool) -> str:
    """Return what to do when the connection broke or no answer came."""
    if endpoint.is_loopback:
        return "Try again; if it lasts, look at the terminal of `acajs pool serve`."
    if is_timeout:
        return "Try again; if the failure persists, check the network between here and the pool."
    return "Check the network, and any proxy that cuts long requests; then try again."


def of_unreachable(address: Address, problem: ConnectionProblem) -> str:
    """Return what to do when no connection came about."""
    if problem.is_about_certificate:
        return of_certificate(address, problem.cause)
    if address.is_loopback:
        return (
            f"Is `acajs pool serve` running, and at {address.url}? Start it, and set "
            "ACAJS_POOL_ENDPOINT to the address that it prints."
        )
    if problem.cause == "proxy":
        named = problem.proxy or "HTTPS_PROXY"
        return f"Check the proxy that {named} names; NO_PROXY lists exceptions."
    if problem.proxy:
        return f"Check your network, and the proxy that {problem.proxy} names."
    setting = (
        " the region and the spelling in ACAJS_POOL_ENDPOINT, and"
        if problem.cause == "name"
        else ""
    )
    if problem.spared_by is not None:
        exception, named = problem.spared_by
        return (
            f"Check{setting} your network. The proxy that {named} names was not asked, because "
            f"{exception} makes an exception of {address.host}."
        )
    return f"Check{setting} your network; behind a proxy, set HTTPS_PROXY."


def of_certificate(address: Address, cause: str) -> str:
    """Return what to do about a certificate that is not good, by the problem's cause."""
    if cause == "expired":
        return (
            "Check this machine's clock. If it is right, the server's certificate is out of "
            "date: tell those who run it, or the proxy before it."
        )
    if cause == "host":
        return (
            f"The certificate is another server's: check that the host {address.host} is right, "
            "and that no proxy or sign-in page answers in its place."
        )
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
    name = next((name for name in names if os.environ.get(name)), "")
    if name:
        return (
            f"Only the authorities that {name} names are trusted: unset it, or name a file of "
            "certificates in PEM form with the one that signs here."
        )
    return (
        "If a proxy or a company's own authority signs here, set SSL_CERT_FILE to a file "
        "with its certificate in PEM form."
    )
