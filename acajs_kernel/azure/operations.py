"""Waiting for what Azure Resource Manager does after it has answered.

The rules are those of the vendor's page "Track asynchronous Azure operations": an answer of
201 or 202 names a URL in ``Azure-AsyncOperation``, else in ``Location``, and says in
``Retry-After`` when to ask; without either, the resource's own ``provisioningState`` tells.

The vendor's package azure-mgmt-core polls such operations as well, and is not used: it brings
azure-core's pipeline, a second way to send requests (over aiohttp or requests) with rules of its
own on proxies, certificates, repetition and logs; loading that takes 0.2 s and 170 modules; and
it asks whatever URL an answer names, with the token, where this asks Resource Manager alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.failures import azure_error
from acajs_kernel.azure.values import member, text_at
from acajs_kernel.errors import AzureError
from acajs_kernel.http.call import Answer
from acajs_kernel.http.redaction import Redactor
from acajs_kernel.http.retry import retry_after_seconds
from acajs_kernel.pool import JsonValue
from acajs_kernel.pool.answers import parse_error
from acajs_kernel.pool.results import ServiceErrorDetail

__all__ = ["Change", "Report", "ResourceKind"]

Report = Callable[[str], None]
"""Told what is being waited for, again and again; a clause for people."""

_PAUSE_SECONDS = 5.0
_LEAST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_SUCCEEDED = "succeeded"
_FAILED = frozenset({"failed", "canceled", "cancelled"})


@dataclass(frozen=True)
class _Link:
    """Where to ask how far a change is.

    Attributes:
        url: The URL.
        is_description: Whether the answer describes the operation; else its status tells.
    """

    url: str
    is_description: bool


@dataclass(frozen=True)
class Change:
    """A change of one resource, and how to wait for its end.

    Attributes:
        azure: The client.
        operation: What is done, for people: a noun phrase that begins a sentence.
        path: The resource's path.
        api_version: The resource's API version.
        bound_seconds: How long to wait for the end, in seconds.
        report: Told of the wait.
    """

    azure: ResourceManager
    operation: str
    path: str
    api_version: str
    bound_seconds: float
    report: Report

    async def make(self, method: str, body: JsonValue = None) -> None:
        """Make the change and wait until it has ended.

        Raises:
            AzureError: It was refused, failed, or has not ended within the bound.
            AuthenticationError: No token is available.
        """
        begun = self.azure.clock()
        answer = await self.azure.change(self.operation, method, self.path, self.api_version, body)
        link = self._link(answer)
        is_deletion = method == "DELETE"
        if self._is_running(answer, link, is_deletion=is_deletion):
            await self._wait(answer, link, begun, is_deletion=is_deletion)

    async def settle(self) -> None:
        """Wait until the resource is ready, whoever is changing it.

        Raises:
            AzureError: The change failed, or has not ended within the bound.
            AuthenticationError: No token is available.
        """
        begun = self.azure.clock()
        has_ended, answer = await self._ask(None, is_deletion=False)
        if not has_ended:
            await self._wait(answer, None, begun, is_deletion=False)

    async def _wait(
        self, answer: Answer, link: _Link | None, begun: float, *, is_deletion: bool
    ) -> None:
        """Ask for the state, as often as the service wants, until it is final."""
        has_ended = False
        while not has_ended:
            pause = retry_after_seconds(answer.headers)
            pause = _PAUSE_SECONDS if pause is None else max(pause, _LEAST_PAUSE_SECONDS)
            pause = min(pause, _LONGEST_PAUSE_SECONDS)
            elapsed = self.azure.clock() - begun
            if elapsed + pause > self.bound_seconds:
                raise AzureError(
                    f"{self.operation} has not ended within {self.bound_seconds:g} s.",
                    remedy="It continues by itself. Run the command again later; it continues "
                    "where this one stopped.",
                )
            self.report(f"{self.operation}: {elapsed:.0f} s")
            await self.azure.sleep(pause)
            try:
                has_ended, answer = await self._ask(link, is_deletion=is_deletion)
            except AzureError as error:
                # The page says nothing of how long an operation's own URL lives.
                if link is None or error.status != HTTPStatus.NOT_FOUND:
                    raise
                link = None

    def _link(self, answer: Answer) -> _Link | None:
        """Return the URL to ask, or None where the resource itself has to be asked."""
        for name, is_description in (("azure-asyncoperation", True), ("location", False)):
            url = answer.headers.get(name, "")
            # The token goes to Resource Manager only; the resource itself tells as well.
            if url and self.azure.is_own(url):
                return _Link(url, is_description=is_description)
        return None

    def _is_running(self, answer: Answer, link: _Link | None, *, is_deletion: bool) -> bool:
        if answer.status == HTTPStatus.ACCEPTED or (link is not None and link.is_description):
            return True
        if is_deletion:
            return False
        return not self._has_succeeded(self.azure.read(self.operation, answer), "properties")

    async def _ask(self, link: _Link | None, *, is_deletion: bool) -> tuple[bool, Answer]:
        """Ask once how far it is: whether it has ended well, and the answer."""
        azure = self.azure
        if link is None:
            url = azure.url_of(self.path, self.api_version)
            try:
                answer = await azure.send(self.operation, "GET", url)
            except AzureError as error:
                if is_deletion and error.status == HTTPStatus.NOT_FOUND:
                    return True, Answer(HTTPStatus.NOT_FOUND, "", {}, b"", 0)
                raise
            state = azure.read(self.operation, answer)
            # A resource that is being deleted is there until it is gone.
            return not is_deletion and self._has_succeeded(state, "properties"), answer
        answer = await azure.send(self.operation, "GET", link.url)
        if not link.is_description:
            return answer.status != HTTPStatus.ACCEPTED, answer
        return self._has_succeeded(azure.read(self.operation, answer), answer=answer), answer

    def _has_succeeded(self, value: JsonValue, *names: str, answer: Answer | None = None) -> bool:
        """Read a state; one that is not given means success, as the page says.

        Raises:
            AzureError: It failed or was cancelled.
        """
        key = "provisioningState" if names else "status"
        state = text_at(value, *names, key).lower()
        if state in _FAILED:
            detail = ServiceErrorDetail("", "")
            if answer is not None and member(value, "error") is not None:
                detail = parse_error(answer.body, Redactor())
            raise azure_error(self.operation, f"it ended as {state}", detail)
        return state in {"", _SUCCEEDED}


@dataclass(frozen=True)
class ResourceKind:
    """Resources that are changed in the same way.

    Attributes:
        noun: What one is called.
        api_version: Their API version.
        bound_seconds: How long to wait for the end of a change, in seconds.
    """

    noun: str
    api_version: str
    bound_seconds: float

    def change(
        self, azure: ResourceManager, verb: str, name: str, path: str, report: Report
    ) -> Change:
        """Prepare the change of one of them, which `verb` tells in the form of "Making"."""
        return Change(
            azure=azure,
            operation=f"{verb} the {self.noun} {name}",
            path=path,
            api_version=self.api_version,
            bound_seconds=self.bound_seconds,
            report=report,
        )
