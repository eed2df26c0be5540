"""Checks of the way to the pool: endpoint, name, certificate, clock, token."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime, timezone

from acajs_kernel.azure import read_claims
from acajs_kernel.doctor.case import Case
from acajs_kernel.doctor.checking import Result
from acajs_kernel.http.reachability import (
    clock_difference,
    proxy_variable,
    resolve_name,
    shake_hands,
)
from acajs_kernel.pool import (
    AzureToken,
    PoolClient,
    StaticToken,
)
from acajs_kernel.pool.remedies import of_unreachable
from acajs_kernel.session import SessionSettings
from acajs_kernel.session.connecting import Listener, connect
from acajs_kernel.session.resolving import resolve

__all__ = ["check_clock", "check_endpoint", "check_name", "check_tls", "check_token"]

_AUDIENCE = "https://dynamicsessions.io"
_BUSY_SECONDS = 10.0
_SHOWN_ADDRESSES = 3
# Entra refuses tokens outside of their time with a tolerance of five minutes.
_TOLERABLE_SECONDS = 300.0
_NOTABLE_SECONDS = 60.0
_OWN_MACHINE = "not needed: the embedded pool is in this process"
_NEW_TOKEN = (
    "Set ACAJS_TOKEN to the output of: az account get-access-token --resource "
    f"{_AUDIENCE} --query accessToken -o tsv ; or unset it, and sign in with `az login`."
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


async def check_endpoint(case: Case) -> Result:
    """Whether the endpoint is one; a resource id is looked up."""
    settings = case.settings
    if not case.pool_text:
        # What it tries out writes files, which are none of the folder that it is started in.
        embedded = replace(SessionSettings.of(settings), workspace="off")
        case.pool = await connect(embedded, case.resources, Listener(on_notice=case.tell))
        return Result("embedded, on this machine's Node", facts={"url": None})
    endpoint = await resolve(case.pool_text)
    case.endpoint = endpoint
    case.tokens = StaticToken(settings.token) if settings.token else AzureToken()
    client = PoolClient(
        endpoint,
        tokens=case.tokens,
        api_version=settings.api_version,
        busy_wait_seconds=_BUSY_SECONDS,
        on_notice=case.tell,
    )
    case.pool = await case.resources.enter_async_context(client)
    kind = "custom-container pool" if endpoint.is_custom_container else "pool"
    named = f"{kind} {endpoint.pool_name}" if endpoint.pool_name else kind
    return Result(f"{named} at {endpoint.host}", facts={"url": endpoint.url})


async def check_name(case: Case) -> Result:
    """Whether the host has an address."""
    if case.endpoint is None:
        return Result(_OWN_MACHINE)
    if proxy := proxy_variable(case.endpoint):
        return Result(f"not needed: requests go through the proxy that {proxy} names")
    addresses = await resolve_name(case.endpoint, of_unreachable)
    more = "" if len(addresses) <= _SHOWN_ADDRESSES else ", …"
    return Result(
        f"{case.endpoint.host}: {', '.join(addresses[:_SHOWN_ADDRESSES])}{more}",
        facts={"addresses": [*addresses]},
    )


async def check_tls(case: Case) -> Result:
    """Whether a TLS connection is established, and who signed the certificate."""
    if case.endpoint is None:
        return Result(_OWN_MACHINE)
    if case.endpoint.url.startswith("http://"):
        return Result("not needed: plain http on this machine")
    if proxy := proxy_variable(case.endpoint):
        return Result(f"not checked: requests go through the proxy that {proxy} names")
    hands = await shake_hands(case.endpoint, of_unreachable)
    return Result(
        f"{hands.version}, certificate by {hands.issuer or 'an unnamed issuer'} until "
        f"{hands.expires or 'an unknown time'}",
        facts={"version": hands.version, "issuer": hands.issuer, "expires": hands.expires},
    )


async def check_clock(case: Case) -> Result:
    """Whether this machine's clock is right enough for tokens."""
    if case.endpoint is None or case.endpoint.is_loopback:
        return Result("not needed: the pool has the same clock")
    ahead = await clock_difference(case.endpoint, of_unreachable)
    if ahead is None:
        return Result("the service does not say what time it is")
    seconds = abs(ahead)
    text = f"{seconds:.0f} s {'ahead of' if ahead > 0 else 'behind'} the service's"
    facts = {"ahead_seconds": round(ahead, 1)}
    remedy = "Set this machine's clock right: else tokens look expired, or not yet valid."
    if seconds > _TOLERABLE_SECONDS:
        return Result(text, "warning", remedy, facts)
    if seconds > _NOTABLE_SECONDS:
        return Result(f"{text}, which is acceptable", "ok", remedy, facts)
    return Result(f"within {max(seconds, 1):.0f} s of the service's", facts=facts)


async def check_token(case: Case) -> Result:
    """Where the token comes from, for whom it is, and until when it is good."""
    if case.endpoint is None or case.tokens is None:
        return Result(_OWN_MACHINE)
    token = await case.tokens.token()
    is_own = isinstance(case.tokens, AzureToken)
    source = case.tokens.credential_name if isinstance(case.tokens, AzureToken) else "ACAJS_TOKEN"
    claims = read_claims(token)
    facts = {
        "source": source,
        "audience": claims.audience if claims else None,
        "expires": None,
    }
    if claims is None:
        return Result(f"from {source}, of a kind that says nothing about itself", facts=facts)
    text = f"from {source}, for {claims.audience or 'no named audience'}"
    is_other = not _GUID.match(claims.audience) and claims.audience.rstrip("/") != _AUDIENCE
    if is_other and not case.endpoint.is_loopback:
        return Result(f"{text}, not for {_AUDIENCE}", "failed", _NEW_TOKEN, facts)
    if claims.expires_on is not None:
        moment = datetime.fromtimestamp(claims.expires_on, tz=timezone.utc)
        left = claims.expires_on - time.time()
        facts["expires"] = moment.isoformat()
        if left <= 0:
            remedy = "Sign in again with `az login`." if is_own else _NEW_TOKEN
            return Result(f"{text}; it expired at {moment:%H:%M} UTC", "failed", remedy, facts)
        text += f", good for {left / 60:.0f} min, until {moment:%H:%M} UTC"
        if not is_own:
            text += "; the kernel cannot renew it"
    return Result(text, facts=facts)
