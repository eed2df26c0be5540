"""What Azure Resource Manager's errors mean, and what to do about each.

The codes are those of the vendor's pages on common deployment errors and on
troubleshooting role assignments. What this service itself answers when a region has no
JavaScript sessions, or a limit is reached, is not documented: such answers are recognised by
words in their codes, and shown whole in any case.
"""

from __future__ import annotations

from http import HTTPStatus

from acajs_kernel.errors import AzureError
from acajs_kernel.pool.results import ServiceErrorDetail

__all__ = ["azure_error", "remedy_of", "sentence"]

_REGIONS = (
    "Choose another --location. To see where session pools exist, run: az provider show "
    "--namespace Microsoft.App --query "
    "\"resourceTypes[?resourceType=='sessionPools'].locations | [0]\" -o tsv . Not all of these "
    "regions have JavaScript sessions; the vendor's example uses northcentralus."
)
_SIGN_IN = "Sign in again with `az login`, for an identity of another directory with --tenant."
_SUBSCRIPTIONS = (
    "List the subscriptions with `az account list -o table`, and choose one with --subscription "
    "or AZURE_SUBSCRIPTION_ID."
)
_REMEDIES = {
    "authorizationfailed": (
        "The signed-in identity needs the role Contributor on the resource group (on the "
        "subscription, to create the group or register the provider). To assign the executor "
        "role, it needs Owner, User Access Administrator or Role Based Access Control "
        "Administrator. Somebody with these rights can run the commands that this prints: acajs "
        "azure create --dry-run"
    ),
    "subscriptionnotfound": _SUBSCRIPTIONS,
    "invalidsubscriptionid": _SUBSCRIPTIONS,
    "readonlydisabledsubscription": (
        "The subscription is disabled: enable it again at https://portal.azure.com, or choose "
        "another one with --subscription."
    ),
    "missingsubscriptionregistration": (
        "Run: az provider register --namespace Microsoft.App --wait"
    ),
    "locationnotavailableforresourcetype": _REGIONS,
    "noregisteredproviderfound": _REGIONS,
    "requestdisallowedbypolicy": (
        "Your organisation's policy forbids this; the text above names the policy. Choose another "
        "--location or resource group, or ask whoever administers the subscription."
    ),
    "requestdisallowedbyazure": _REGIONS,
    "scopelocked": (
        "A lock protects it: az lock list --resource-group GROUP . Remove the lock first."
    ),
    "principalnotfound": (
        "A new identity takes minutes to spread through the directory: run the command again in "
        "a few minutes. It continues where it stopped."
    ),
    "resourcegroupbeingdeleted": (
        "Wait until the group is gone (az group wait --deleted --name GROUP), then run the "
        "command again."
    ),
    "resourcegroupnotfound": "List the groups with: az group list -o table",
    "resourcenotfound": "List the pools with: acajs azure list",
    "roleassignmentlimitexceeded": (
        "The subscription has reached its limit of role assignments. Remove some that nobody "
        "needs; list them with: az role assignment list --all -o table"
    ),
}
_REMEDIES_OF_WORDS = (
    (("authenticationtoken",), _SIGN_IN),
    (
        ("quota", "limit", "capacity"),
        (
            "The subscription or the region has reached a limit: look at your pools with `acajs "
            "azure list`, delete one with `acajs azure delete`, or choose fewer --max-sessions or "
            "another --location."
        ),
    ),
    (("location", "region"), _REGIONS),
)
_REMEDIES_OF_STATUS = {
    401: _SIGN_IN,
    403: _REMEDIES["authorizationfailed"],
    404: "List the pools with: acajs azure list",
    409: "Wait until the other change has ended, then run the command again.",
    429: "Wait a few minutes, then run the command again. It continues where it stopped.",
}
_AGAIN = (
    "Run the command again in a minute; it continues where it stopped. If the failure persists, "
    "look at https://azure.status.microsoft, or give the vendor's support the request id."
)


def azure_error(
    operation: str,
    reason: str,
    detail: ServiceErrorDetail,
    *,
    status: int | None = None,
    code: str = "",
    request_id: str = "",
) -> AzureError:
    """Make the error for a refusal or failure.

    Args:
        operation: What was tried: a noun phrase that begins a sentence.
        reason: What happened, a clause without a full stop.
        detail: The service's own error object.
        status: The HTTP status, if this came as an answer to a request.
        code: The service's code where the error object has none.
        request_id: What the vendor's support asks for.
    """
    code = detail.code or code
    shown = f"{reason}, {code}" if code else reason
    said = f": {sentence(detail.message)}" if detail.message else "."
    inner = [text for part in detail.details if (text := _inner(part, detail.message))]
    trailer = f" (request id {request_id})" if request_id else ""
    return AzureError(
        " ".join([f"{operation} failed: {shown}{said}", *inner]) + trailer,
        remedy=remedy_of(status, code, detail),
        status=status,
        code=code,
        request_id=request_id,
    )


def remedy_of(status: int | None, code: str, detail: ServiceErrorDetail) -> str:
    """Return what to do about an error: by its code, those within it, then its status."""
    for candidate in (code, *(part.code for part in detail.details)):
        if remedy := _remedy_of_code(candidate.lower()):
            return remedy
    if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _AGAIN
    if status in _REMEDIES_OF_STATUS:
        return _REMEDIES_OF_STATUS[status]
    return f"Look {code} up in the vendor's documentation." if code else _AGAIN


def _remedy_of_code(code: str) -> str:
    """Return what to do about a code, or an empty text where nothing is known of it."""
    if code in _REMEDIES:
        return _REMEDIES[code]
    return next(
        (remedy for words, remedy in _REMEDIES_OF_WORDS if any(word in code for word in words)), ""
    )


def sentence(text: str) -> str:
    """End a text as a sentence ends."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _inner(detail: ServiceErrorDetail, outer: str) -> str:
    """Return what a nested error adds; Resource Manager often nests the same text again."""
    if not detail.message or detail.message == outer:
        return ""
    return sentence(f"{detail.code}: {detail.message}" if detail.code else detail.message)
