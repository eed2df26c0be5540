"""Carrying a call to the pool over HTTP, once."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote, urlencode

import anyio
import httpx

from acajs_kernel.http.address import Address
from acajs_kernel.http.call import Answer, AnswerTooLongError, Call, CarryingError
from acajs_kernel.http.faults import read_fault
from acajs_kernel.http.transfer import Upload
from acajs_kernel.http.transport import USER_AGENT, open_transport, timeout

__all__ = ["HttpCarrier"]

_MAXIMUM_ERROR_BYTES = 64 * 1024
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": USER_AGENT,
}


class HttpCarrier:
    """Connections to one pool.

    Args:
        address: The pool's address.
        transport: Replaces the network.
        maximum_answer_bytes: How much of an answer is kept in memory.
        clock: Monotonic time in seconds.

    Raises:
        ConfigurationError: The certificates or the proxies of the environment are unusable.
    """

    def __init__(
        self,
        address: Address,
        *,
        transport: httpx.AsyncBaseTransport | None,
        maximum_answer_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._maximum_answer_bytes = maximum_answer_bytes
        self._clock = clock
        # No client around it: a pool's calls need none of the redirects, cookies and
        # sign-ins that one looks after, which take a fifth of a short call.
        self._transport = open_transport(address) if transport is None else transport
        self._latest_text = address.url
        self._latest_url = httpx.URL(address.url)

    async def aclose(self) -> None:
        """Close every connection; calls that run then fail."""
        await self._transport.aclose()

    async def carry(self, call: Call, token: str) -> Answer:
        """Send a call once and read the answer, whatever its status.

        Raises:
            CarryingError: No whole answer came.
            AnswerTooLongError: It is larger than is kept.
        """
        started = self._clock()
        try:
            with anyio.fail_after(call.total_seconds):
                async with self._open(call, token) as response:
                    body = await self._read(response, call, started)
        except (httpx.HTTPError, httpx.StreamError, ssl.SSLError, TimeoutError) as error:
            raise CarryingError(read_fault(error)) from error
        return self._answer(response, body, started)

    @asynccontextmanager
    async def _open(self, call: Call, token: str) -> AsyncIterator[httpx.Response]:
        """Send the request and yield the response, its body unread."""
        headers = dict(_HEADERS)
        if call.destination is not None:
            # Compressed content would make the announced length useless for progress.
            headers |= {"Accept": "*/*", "Accept-Encoding": "identity"}
        content: bytes | AsyncIterator[bytes] | None = None
        if isinstance(call.body, Upload):
            headers.update(call.body.headers)
            content = call.body.stream()
        elif call.body is not None:
            headers["Content-Type"] = "application/json"
            content = call.body
        if token:
            headers["Authorization"] = f"Bearer {token}"
        response = await self._transport.handle_async_request(
            httpx.Request(
                call.method,
                self._url(call),
                headers=headers,
                content=content,
                extensions={"timeout": timeout(call.answer_seconds).as_dict()},
            )
        )
        try:
            yield response
        finally:
            await response.aclose()

    def _url(self, call: Call) -> httpx.URL:
        text = call.url
        if text is None:
            parameters = {"api-version": call.api_version, **call.parameters}
            if call.identifier is not None:
                parameters["identifier"] = call.identifier
            query = urlencode(parameters, quote_via=quote)
            text = f"{self._address.url}{call.path}?{query}"
        if text != self._latest_text:  # a session's cells all go to one address
            self._latest_text, self._latest_url = text, httpx.URL(text)
        return self._latest_url

    async def _read(self, response: httpx.Response, call: Call, started: float) -> bytes:
        """Read a response's body, into the call's destination if it has one."""
        is_success = response.is_success
        length = response.headers.get("content-length", "")
        size = int(length) if length.isdecimal() and len(length) < 16 else None  # noqa: PLR2004
        if is_success and call.destination is not None:
            async for chunk in response.aiter_bytes():
                call.destination.write(chunk, size)
            return b""
        limit = self._maximum_answer_bytes if is_success else _MAXIMUM_ERROR_BYTES
        chunks: list[bytes] = []
        received = 0
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            received += len(chunk)
            if received > limit:
                if is_success:
                    raise AnswerTooLongError(self._answer(response, b"", started))
                break  # of an error's text the beginning suffices
        return b"".join(chunks)

    def _answer(self, response: httpx.Response, body: bytes, started: float) -> Answer:
        return Answer(
            status=response.status_code,
            reason=response.reason_phrase,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            seconds=self._clock() - started,
            received_bytes=response.num_bytes_downloaded,
        )
