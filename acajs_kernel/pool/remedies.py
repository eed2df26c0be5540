"""What to do about each failure, with the exact command where there is one."""

from __future__ import annotations

from http import HTTPStatus

from acajs_kernel.pool.call import Call
from acajs_kernel.pool.endpoint import Endpoint

__all__ = [
    "FATE_UNKNOWN",
    "REDIRECT",
    "UNEXPECTED_ANSWER",
    "of_broken_connection",
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

_EXECUTOR_ROLE = "Azure ContainerApps Session Executor"


def of_status(endpoint: Endpoint, call: Call, status: int, code: str) -> str:
    """Return what to do about an HTTP status."""
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


def of_broken_connection(*, is_timeout: bool) -> str:
    """Return what to do when the connection broke or no answer came."""
    if is_timeout:
        return "Try again; if the failure persists, check the network between here and the pool."
    return "Check the network, and any proxy that cuts long requests; then try again."


def of_unreachable(endpoint: Endpoint, cause: str, proxy: str) -> str:
    """Return what to do when no connection came about.

    Args:
        endpoint: The pool's endpoint.
        cause: Why: ``certificate``, ``tls``, ``name``, ``refused``, ``proxy``, ``timeout``
            or ``other``.
        proxy: The environment variable that sets a proxy, or empty.
    """
    if cause == "certificate":
        return (
            "If a proxy or your company's certificate authority signs here, set SSL_CERT_FILE to "
            "a file with its certificate in PEM form."
        )
    if endpoint.is_loopback:
        return (
            f"Is `acajs pool serve` running, and at {endpoint.url}? Start it, and set "
            "ACAJS_POOL_ENDPOINT to the address that it prints."
        )
    through = f", and the proxy that {proxy} names" if proxy else ""
    if cause == "name":
        return f"Check the region and the spelling in ACAJS_POOL_ENDPOINT, your network{through}."
    if cause == "proxy":
        return f"Check the proxy that {proxy or 'HTTPS_PROXY'} names; NO_PROXY lists exceptions."
    if proxy:
        return f"Check your network{through}."
    return "Check your network; behind a proxy, set HTTPS_PROXY."
