"""Azure Resource Manager's REST API, as far as session pools need it.

Every request used here is safe to repeat: GET, and PUT, PATCH, DELETE and the registration
of a provider, which converge (Resource Manager's own guarantee for these methods).
"""

from __future__ import annotations

import asyncio
import json
import random as random_numbers
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from acajs_kernel.azure.explaining import AzureExplainer
from acajs_kernel.azure.values import items_at, text_at
from acajs_kernel.errors import AzureError, ConfigurationError
from acajs_kernel.http.call import Answer, Call
from acajs_kernel.http.exchange import Exchange
from acajs_kernel.http.failure import ShapeError
from acajs_kernel.http.redaction import Redactor
from acajs_kernel.http.retry import RetryPolicy
from acajs_kernel.http.silence import Silence, SilentError
from acajs_kernel.http.urls import is_same_server
from acajs_kernel.pool import AzureToken, JsonValue, TokenSource
from acajs_kernel.pool.answers import parse_json

if TYPE_CHECKING:
    from acajs_kernel.http.call import Transport

__all__ = ["MANAGEMENT_URL", "ResourceManager"]

MANAGEMENT_URL = "https://management.azure.com"
"""Resource Manager of Azure's public cloud."""

_TOKEN_SCOPE = f"{MANAGEMENT_URL}/.default"
_SIGN_IN = (
    "Sign in with `az login` (https://learn.microsoft.com/cli/azure/install-azure-cli), or set "
    "AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET for a service principal."
)
_ANSWER_SECONDS = 60.0
_TOTAL_SECONDS = 90.0
_PATIENCE_SECONDS = 120.0
_MAXIMUM_PAGES = 100


class ResourceManager:
    """A client of Azure Resource Manager, within one event loop.

    Args:
        tokens: Gives bearer tokens for Resource Manager; by default those of the signed-in
            identity.
        url: Resource Manager's address. Only `MANAGEMENT_URL`, or for tests an address of
            this machine: a token for it can do whatever its owner may do.
        transport: Replaces the network.
        patience_seconds: How long to keep trying while the service is busy or away,
            counted from the first failure.
        silence: Bounds the time for which the service may say nothing; None for no such bound.
        clock: Monotonic time in seconds; tests replace it.
        sleep: Pauses for so many seconds; tests replace it.
        random: A number from 0 up to 1, for pauses; tests replace it.

    Raises:
        ConfigurationError: `url` is another one.
    """

    def __init__(
        self,
        *,
        tokens: TokenSource | None = None,
        url: str = MANAGEMENT_URL,
        transport: Transport | None = None,
        patience_seconds: float = _PATIENCE_SECONDS,
        silence: Silence | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self._address = _address(url)
        self._tokens = tokens or AzureToken(_TOKEN_SCOPE, remedy=_SIGN_IN)
        self._silence = silence
        self._exchange = Exchange(
            self._address,
            explain=self._explain,
            tokens=self._tokens,
            # Another token is tried once. Resource Manager refuses no good one for a while.
            policy=RetryPolicy(patience_seconds, random, refusal_seconds=0),
            transport=transport,
            on_answer=silence.heard if silence is not None else lambda: None,
            clock=clock,
            sleep=sleep,
        )
        self.clock = clock
        self.sleep = sleep

    def __repr__(self) -> str:
        return f"ResourceManager({self._address.url!r})"

    async def __aenter__(self) -> ResourceManager:  # noqa: PYI034 - Self needs Python 3.11
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection, and the credential if it is our own."""
        await self._exchange.aclose()
        if isinstance(self._tokens, AzureToken):
            self._tokens.close()

    async def token(self) -> str:
        """Return the token that requests carry, to read who is signed in.

        Raises:
            AuthenticationError: No token is available.
        """
        return await self._tokens.token()

    async def get(
        self,
        operation: str,
        path: str,
        api_version: str,
        parameters: Mapping[str, str] | None = None,
    ) -> JsonValue:
        """Read something.

        Args:
            operation: What is done, for people: a noun phrase that begins a sentence.
            path: The path, from ``/subscriptions`` on.
            api_version: The ``api-version`` parameter.
            parameters: The rest of the query.

        Raises:
            AzureError: It was refused, failed, or the service was not reached.
            AuthenticationError: No token is available.
        """
        url = self.url_of(path, api_version, parameters)
        return self.read(operation, await self.send(operation, "GET", url))

    async def find(self, operation: str, path: str, api_version: str) -> JsonValue:
        """Read something; None where there is no such thing.

        Raises:
            AzureError: As `get`, save that it does not exist.
            AuthenticationError: No token is available.
        """
        try:
            return await self.get(operation, path, api_version)
        except AzureError as error:
            if error.status != HTTPStatus.NOT_FOUND or error.code == "SubscriptionNotFound":
                raise
            return None

    async def list(
        self,
        operation: str,
        path: str,
        api_version: str,
        parameters: Mapping[str, str] | None = None,
    ) -> list[JsonValue]:
        """Read every page of a list.

        Raises:
            AzureError: As `get`; also where a page leads to another host, or on without end.
            AuthenticationError: No token is available.
        """
        url = self.url_of(path, api_version, parameters)
        found: list[JsonValue] = []
        for _ in range(_MAXIMUM_PAGES):
            page = self.read(operation, await self.send(operation, "GET", url))
            found += items_at(page, "value")
            url = text_at(page, "nextLink")
            if not url:
                return found
            if not self.is_own(url):
                break
        raise AzureError(
            f"{operation} failed: the list's pages lead to another host, or never end.",
            remedy="Check that no proxy answers in place of the service.",
        )

    async def change(
        self,
        operation: str,
        method: str,
        path: str,
        api_version: str,
        body: JsonValue = None,
    ) -> Answer:
        """Begin a change with PUT, PATCH, POST or DELETE, and return the first answer.

        Raises:
            AzureError: As `get`.
            AuthenticationError: No token is available.
        """
        return await self.send(operation, method, self.url_of(path, api_version), body)

    def url_of(
        self, path: str, api_version: str, parameters: Mapping[str, str] | None = None
    ) -> str:
        """Return the URL of a path."""
        query = urlencode({"api-version": api_version, **(parameters or {})}, quote_via=quote)
        return f"{self._address.url}{quote(path, safe='/()')}?{query}"

    def is_own(self, url: str) -> bool:
        """Tell whether a URL leads to Resource Manager, so that the token may go there."""
        return is_same_server(self._address.url, url)

    def read(self, operation: str, answer: Answer) -> JsonValue:
        """Return an answer's JSON body, or None where it has none.

        Raises:
            AzureError: It is not JSON.
        """
        if not answer.body.strip():
            return None
        try:
            return parse_json(answer.body)
        except ShapeError as problem:
            explainer = AzureExplainer(self._address, operation, Redactor())
            raise explainer.of_shape(answer, str(problem), attempt=1).error from None

    async def send(self, operation: str, method: str, url: str, body: JsonValue = None) -> Answer:
        """Send a request until it succeeds or trying again is pointless.

        Args:
            operation: What is done, for people.
            method: The HTTP method.
            url: A URL of Resource Manager, see `is_own`.
            body: The JSON body, or None for no body.

        Raises:
            AzureError: It was refused, failed, or the service was not reached.
            AuthenticationError: No token is available.
        """
        sending = self._send(operation, method, url, body)
        if self._silence is None:
            return await sending
        try:
            return await self._silence.bound(sending, operation=operation, whom=self._address.host)
        except SilentError as silent:
            raise AzureError(
                f"{operation} failed: nothing came from {self._address.host} for "
                f"{silent.seconds:.0f} s.",
                remedy="Check the network and the proxies between here and Azure; then run the "
                "command again: it goes on where it stopped.",
            ) from None

    async def _send(self, operation: str, method: str, url: str, body: JsonValue) -> Answer:
        call = Call(
            operation=operation,
            method=method,
            path=urlsplit(url).path,
            api_version="",
            identifier=None,
            body=None if body is None else json.dumps(body).encode("ascii"),
            url=url,
            is_repeatable=True,
            answer_seconds=_ANSWER_SECONDS,
            total_seconds=_TOTAL_SECONDS,
        )
        return await self._exchange.send(call, lambda answer: answer)

    def _explain(self, call: Call, redact: Redactor) -> AzureExplainer:
        return AzureExplainer(self._address, call.operation, redact)


class _Address(NamedTuple):
    """Resource Manager's address."""

    url: str
    host: str
    is_loopback: bool


def _address(url: str) -> _Address:
    """Check Resource Manager's address."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    is_loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if url != MANAGEMENT_URL and not is_loopback:
        raise ConfigurationError(
            f"{host} is not Azure Resource Manager's address: a token goes to {MANAGEMENT_URL} "
            f"only.",
            remedy="Clouds other than Azure's public one are not supported.",
        )
    return _Address(url.rstrip("/"), host, is_loopback)
