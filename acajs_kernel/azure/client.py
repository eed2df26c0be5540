"""Azure Resource Manager's REST API, as far as session pools need it.

Every request used here is safe to repeat: GET, and PUT, PATCH, DELETE and the registration
of a provider, which converge (Resource Manager's own guarantee for these methods).
"""

from __future__ import annotations

import asyncio
import json
import logging
import random as random_numbers
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from urllib.parse import quote, urlencode

import anyio
import httpx

from acajs_kernel.azure.failures import azure_error
from acajs_kernel.azure.values import items_at, text_at
from acajs_kernel.errors import AzureError, ConfigurationError
from acajs_kernel.http.call import Answer
from acajs_kernel.http.failure import Failure, ShapeError
from acajs_kernel.http.faults import Fault, read_fault
from acajs_kernel.http.redaction import Redactor, shorten
from acajs_kernel.http.retry import RetryPolicy, retry_after_seconds
from acajs_kernel.http.silence import Silence, SilentError
from acajs_kernel.http.transport import CONNECT_SECONDS, open_http_client
from acajs_kernel.http.unreachable import explain_connection_fault
from acajs_kernel.pool import AzureToken, Endpoint, JsonValue, TokenSource
from acajs_kernel.pool.answers import parse_error, parse_json
from acajs_kernel.pool.remedies import of_certificate

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
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_BUSY_STATUSES = frozenset({429, 503})

_log = logging.getLogger("acajs_kernel")


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
        transport: httpx.AsyncBaseTransport | None = None,
        patience_seconds: float = _PATIENCE_SECONDS,
        silence: Silence | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self._address = _address(url)
        self._tokens = tokens or AzureToken(_TOKEN_SCOPE, remedy=_SIGN_IN)
        self._policy = RetryPolicy(patience_seconds, random)
        self._transport = transport
        self._http: httpx.AsyncClient | None = None
        self._was_reached = False
        self._silence = silence
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
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()
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
        own = httpx.URL(self._address.url)
        try:
            other = httpx.URL(url)
        except httpx.InvalidURL:
            return False
        same = (other.scheme, other.host, other.port) == (own.scheme, own.host, own.port)
        return same and not other.userinfo

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
            raise AzureError(
                f"{operation} failed: {self._address.host} answered HTTP {answer.status}, but "
                f"{problem}.",
                remedy="Check that no proxy or sign-in page answers in place of the service.",
                status=answer.status,
            ) from None

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
        token = await self._tokens.token()
        has_refreshed = False
        first_failure_at: float | None = None
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._attempt(operation, method, url, body, token)
            if isinstance(outcome, Answer):
                return outcome
            error = outcome.error
            refused = isinstance(error, AzureError) and error.status == HTTPStatus.UNAUTHORIZED
            if refused and not has_refreshed:
                has_refreshed = True
                earlier, token = token, await self._tokens.token(refresh=True)
                if token != earlier:
                    continue
            now = self.clock()
            first_failure_at = now if first_failure_at is None else first_failure_at
            wait = self._policy.wait_before_next(
                outcome,
                is_repeatable=True,
                has_reached_pool=self._was_reached,
                attempt=attempt,
                elapsed_seconds=now - first_failure_at,
            )
            if wait is None:
                raise error
            _log.debug("waiting %.1f s: %s", wait.seconds, wait.reason)
            await self.sleep(wait.seconds)
            token = await self._tokens.token()

    async def _attempt(
        self, operation: str, method: str, url: str, body: JsonValue, token: str
    ) -> Answer | Failure:
        """Send a request once."""
        if self._http is None:
            self._http = open_http_client(self._address, self._transport)
        redact = Redactor(tokens=[token])
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode("ascii")
        started = self.clock()
        try:
            with anyio.fail_after(_TOTAL_SECONDS):
                response = await self._http.request(
                    method,
                    url,
                    headers=headers,
                    content=content,
                    timeout=httpx.Timeout(CONNECT_SECONDS, read=_ANSWER_SECONDS),
                )
        except (httpx.HTTPError, httpx.StreamError, ssl.SSLError, TimeoutError) as error:
            return self._of_fault(operation, read_fault(error), self.clock() - started, redact)
        self._was_reached = True
        if self._silence is not None:
            self._silence.heard()
        answer = Answer(
            status=response.status_code,
            reason=response.reason_phrase,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
            seconds=self.clock() - started,
        )
        _log.debug(
            "%s %s: HTTP %d in %.3f s, request id %s",
            method,
            httpx.URL(url).path,
            answer.status,
            answer.seconds,
            redact(answer.headers.get("x-ms-correlation-request-id", "none")),
        )
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        return self._of_status(operation, answer, redact)

    def _of_status(self, operation: str, answer: Answer, redact: Redactor) -> Failure:
        """Explain an answer that is not a success."""
        detail = parse_error(answer.body, redact)
        reason = f"{self._address.host} answered HTTP {answer.status} {redact(answer.reason)}"
        request_id = redact(answer.headers.get("x-ms-correlation-request-id", ""))
        return Failure(
            azure_error(
                operation,
                reason.rstrip(),
                detail,
                status=answer.status,
                code=redact(answer.headers.get("x-ms-error-code", ""))[:100],
                request_id=shorten(request_id, 100),
            ),
            reason=reason,
            is_transient=answer.status in _TRANSIENT_STATUSES,
            is_busy=answer.status in _BUSY_STATUSES,
            retry_after_seconds=retry_after_seconds(answer.headers),
        )

    def _of_fault(self, operation: str, fault: Fault, seconds: float, redact: Redactor) -> Failure:
        """Explain a connection that did not come about, or broke."""
        host = self._address.host
        if fault.kind == "connection":
            problem = explain_connection_fault(
                fault,
                address=self._address,
                seconds=seconds,
                describe=lambda problem: problem.describe(redact),
            )
            reason = f"{host} was not reached: {problem.what}"
            through = f", and the proxy that {problem.proxy} names" if problem.proxy else ""
            remedy = f"Check your network{through}; then run the command again."
            if problem.is_about_certificate:
                remedy = of_certificate(self._address, problem.cause)
            error = AzureError(f"{operation} failed: {reason}.", remedy=remedy)
            return Failure(error, reason, is_transient=problem.is_transient, was_connecting=True)
        is_timeout = fault.kind == "timeout"
        what = f"gave no answer within {seconds:.0f} s" if is_timeout else "broke the connection"
        reason = f"{host} {what}" if is_timeout else f"{host} {what} ({fault.describe(redact)})"
        error = AzureError(
            f"{operation} failed: {reason}.",
            remedy="Run the command again; it continues where it stopped.",
        )
        return Failure(error, reason, is_transient=True)


def _address(url: str) -> Endpoint:
    """Check Resource Manager's address."""
    host = httpx.URL(url).netloc.decode("ascii")
    is_loopback = httpx.URL(url).host in {"127.0.0.1", "localhost", "::1"}
    if url != MANAGEMENT_URL and not is_loopback:
        raise ConfigurationError(
            f"{host} is not Azure Resource Manager's address: a token goes to {MANAGEMENT_URL} "
            f"only.",
            remedy="Clouds other than Azure's public one are not supported.",
        )
    return Endpoint(
        url=url.rstrip("/"),
        host=host,
        is_loopback=is_loopback,
        is_custom_container=False,
        resource_id=None,
    )
