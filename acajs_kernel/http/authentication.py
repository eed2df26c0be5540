"""Where bearer tokens for the pool come from."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from acajs_kernel.errors import AcaJsError, AuthenticationError, ConfigurationError
from acajs_kernel.http.redaction import scrub

__all__ = ["TOKEN_SCOPE", "AzureToken", "StaticToken", "TokenSource"]

TOKEN_SCOPE = "https://dynamicsessions.io/.default"  # noqa: S105 - a scope, no secret
"""The scope of tokens for session pools, as the service's REST API description names it."""

_log = logging.getLogger("acajs_kernel")

_REFRESH_EARLY_SECONDS = 300.0
_BOUND_SECONDS = 30.0
# The syntax of a bearer token (RFC 6750, section 2.1).
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")


class TokenSource(Protocol):
    """Gives bearer tokens for one pool."""

    async def token(self, *, refresh: bool = False) -> str:
        """Return a token.

        Args:
            refresh: The last token was refused: get another one if there can be one.

        Raises:
            AuthenticationError: No token is available.
        """


class StaticToken:
    """A token that was given, such as the one in ``ACAJS_TOKEN``.

    Args:
        token: The token; white space, quotes and a leading ``Bearer`` are dropped.

    Raises:
        ConfigurationError: The text cannot be a bearer token.
    """

    def __init__(self, token: str) -> None:
        text = token.strip().strip("\"'").strip()
        if text[:7].lower() == "bearer ":
            text = text[7:].strip()
        if not _BEARER_TOKEN.match(text):
            # The text is not quoted: it may be a secret with a character too many.
            raise ConfigurationError(
                "The given token is empty or holds characters that are not allowed in a bearer "
                "token.",
                remedy=(
                    "Set ACAJS_TOKEN to the output of: az account get-access-token "
                    "--resource https://dynamicsessions.io --query accessToken -o tsv"
                ),
            )
        self._token = text

    def __repr__(self) -> str:
        return "StaticToken([hidden])"

    async def token(self, *, refresh: bool = False) -> str:  # noqa: ARG002 - there is one only
        """Return the given token; it cannot be refreshed."""
        return self._token


class AzureToken:
    """Tokens of the identity that azure-identity finds on this machine.

    ``DefaultAzureCredential`` tries, among others, environment variables, a managed
    identity and the Azure CLI's sign-in; no browser is opened. It works synchronously and
    may start programs, so it runs in a thread. A token is kept until five minutes before
    it expires.

    Args:
        scope: The scope to ask for.
        credential: An object with azure-identity's ``get_token(scope)``; by default a
            ``DefaultAzureCredential``, imported when the first token is wanted.
        remedy: What to do when no token is available.
        bound_seconds: How long to wait for a token, in seconds.
        now: The time in seconds since the epoch; tests replace it.
    """

    def __init__(
        self,
        scope: str = TOKEN_SCOPE,
        credential: Any = None,  # noqa: ANN401 - any of azure-identity's many classes
        *,
        remedy: str = "",
        bound_seconds: float = _BOUND_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._scope = scope
        self._remedy = remedy or _REMEDY
        self._given_credential = credential
        self._own_credential: Any = None
        self._closings = 0
        self._bound_seconds = bound_seconds
        self._now = now
        self._token = ""
        self._expires_on = 0.0
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"AzureToken(scope={self._scope!r})"

    async def token(self, *, refresh: bool = False) -> str:
        """Return a token that is good for at least five minutes, if the identity gives one.

        Raises:
            AuthenticationError: No credential gives a token, or not within the bound.
        """
        refused = self._token if refresh else ""
        async with self._lock:  # several requests at once share one sign-in
            if self._token and self._token != refused and self._is_fresh():
                return self._token
            if refresh:
                self.close()  # whoever has signed in meanwhile is found by a new credential
            access = await self._ask()
            self._token = access.token
            self._expires_on = float(access.expires_on)
            return self._token

    @property
    def expires_on(self) -> float:
        """When the last token expires, in seconds since the epoch; 0 before the first one."""
        return self._expires_on

    @property
    def credential_name(self) -> str:
        """The class of the credential that gave the last token, such as AzureCliCredential.

        azure-identity tells it by an attribute without documentation; where that is gone,
        this is the class of the chain.
        """
        credential = self._given_credential or self._own_credential
        chosen = getattr(credential, "_successful_credential", None) or credential
        return "" if chosen is None else type(chosen).__name__

    def close(self) -> None:
        """Forget the token and close the credential, unless it was given."""
        self._token = ""
        self._closings += 1
        credential, self._own_credential = self._own_credential, None
        if credential is not None:
            credential.close()

    def _is_fresh(self) -> bool:
        return self._now() < self._expires_on - _REFRESH_EARLY_SECONDS

    async def _ask(self) -> Any:  # noqa: ANN401 - azure-core's AccessToken, not imported here
        started = time.monotonic()
        try:
            access = await asyncio.wait_for(
                _in_thread(partial(self._get_token, self._closings)), self._bound_seconds
            )
        except asyncio.TimeoutError:
            raise AuthenticationError(
                f"The Azure credentials of this machine gave no token within "
                f"{self._bound_seconds:g} s.",
                remedy=self._remedy,
                seconds=time.monotonic() - started,
            ) from None
        except AcaJsError:
            raise
        except Exception as error:  # credentials raise what their parts raise
            _log.debug("no Azure token: %s: %s", type(error).__name__, scrub(str(error)))
            # The cause is left out: its text names every credential tried, in many lines.
            raise AuthenticationError(
                f"No Azure credential on this machine yields a token. {_helpful_part(error)}",
                remedy=self._remedy,
                seconds=time.monotonic() - started,
            ) from None
        _log.debug("got an Azure token in %.1f s", time.monotonic() - started)
        return access

    def _get_token(self, closings: int) -> Any:  # noqa: ANN401 - azure-core's AccessToken
        """Ask the credential, in a thread that nobody may be waiting for any more."""
        if self._given_credential is not None:
            return self._given_credential.get_token(self._scope)
        credential = self._own_credential or _default_credential()
        if self._closings == closings:
            self._own_credential = credential
        try:
            return credential.get_token(self._scope)
        finally:
            if self._closings != closings:
                credential.close()  # what closed the rest did not know of it


_REMEDY = (
    "Sign in with `az login`, or set ACAJS_TOKEN to the output of: az account get-access-token "
    "--resource https://dynamicsessions.io --query accessToken -o tsv"
)


def _default_credential() -> Any:  # noqa: ANN401 - azure-identity is imported in here only
    """Make azure-identity's default credential, its log records kept from users.

    Raises:
        AuthenticationError: azure-identity is not installed.
    """
    # It logs a warning of many lines for each credential that it cannot use, which Python
    # prints on stderr. The same facts are in the error, shortened. A level that somebody
    # has set stays.
    for name in ("azure.identity", "msal"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
    try:
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - slow to import
    except ImportError as error:
        raise AuthenticationError(
            "No token is configured, and azure-identity, which would get one, cannot be imported.",
            remedy="Run `pip install azure-identity`, or set ACAJS_TOKEN.",
        ) from error
    return DefaultAzureCredential(exclude_interactive_browser_credential=True)


def _helpful_part(error: Exception) -> str:
    """Return the line of a credential's error that says most, cut to a sentence or two."""
    lines = [line.strip() for line in scrub(str(error)).splitlines() if line.strip()]
    # Entra's own codes come first: they tell why a sign-in that exists was refused.
    for mark in ("AADSTS", "AzureCliCredential"):
        for line in lines:
            if mark in line:
                return line[:300]
    return lines[0][:300] if lines else type(error).__name__


async def _in_thread(function: Callable[[], Any]) -> Any:  # noqa: ANN401 - what function returns
    """Run a function in a daemon thread of its own.

    Unlike `asyncio.to_thread`, a call that hangs delays neither the loop's end nor the
    interpreter's.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:  # noqa: ANN401 - as above
        if future.done():  # cancelled, or out of time
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result, failure = None, None
        try:
            result = function()
        except BaseException as error:  # handed to the waiting coroutine
            failure = error
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(settle, result, failure)
            except RuntimeError:
                _log.debug("a token came after the event loop was closed")

    threading.Thread(target=run, name="acajs-token", daemon=True).start()
    return await future
