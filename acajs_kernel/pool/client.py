"""The session pool's REST API as typed calls."""

from __future__ import annotations

import asyncio
import json
import random as random_numbers
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from acajs_kernel.errors import ConfigurationError, NotFoundError
from acajs_kernel.pool import answers
from acajs_kernel.pool.authentication import TokenSource
from acajs_kernel.pool.call import ANSWER_SECONDS, TOTAL_SECONDS, Answer, Call, InProcessPool
from acajs_kernel.pool.endpoint import Endpoint
from acajs_kernel.pool.exchange import MAXIMUM_ANSWER_BYTES, Exchange
from acajs_kernel.pool.identifier import check_identifier
from acajs_kernel.pool.paging import read_pages
from acajs_kernel.pool.redaction import Redactor
from acajs_kernel.pool.results import (
    Execution,
    PoolMetadata,
    SessionFile,
    SessionInfo,
    Wait,
)
from acajs_kernel.pool.retry import RetryPolicy
from acajs_kernel.pool.transfer import Download, Progress, Upload
from acajs_kernel.pool.wire import SESSION_API_VERSION, Wire, check_name, check_path

if TYPE_CHECKING:
    import httpx

__all__ = ["MAXIMUM_TIMEOUT_SECONDS", "PoolClient"]

MAXIMUM_TIMEOUT_SECONDS = 220
"""The longest execution, in seconds, that the service's documentation allows."""

_EXECUTION_GRACE_SECONDS = 15.0
# Beyond the silence that is allowed: connecting, sending, and a large answer on its way.
_EXECUTION_TRAVEL_SECONDS = 120.0
_TRANSFER_ANSWER_SECONDS = 120.0
_TRANSFER_TOTAL_SECONDS = 1800.0


class PoolClient:
    """A session pool.

    One client serves any number of sessions and concurrent calls, within one event loop.
    Use it with ``async with``, or call `aclose`. Every call raises `PoolError` when the
    pool fails it and `ConfigurationError` when a setting makes it impossible.

    Args:
        endpoint: The pool's management endpoint.
        tokens: Gives bearer tokens; None for a pool without authentication.
        api_version: The API version of executions and files. Calls about sessions and the
            pool always use 2025-10-02-preview, the first description that has them all.
        transport: Replaces the network, as `asgi_transport` does.
        in_process: The pool, where it runs in this process.
        output_streams_max_length: Where the service cuts stdout and stderr, in characters;
            None for its default, 4096. Sent by versions from 2024-10-02-preview on.
        maximum_answer_bytes: Larger answers are refused; downloads are not limited.
        busy_wait_seconds: How long to keep trying while the pool is busy or away, counted
            from the first failure.
        on_wait: Told before each pause between attempts.
        clock: Monotonic time in seconds; tests replace it.
        sleep: Pauses for so many seconds; tests replace it.
        random: A number from 0 up to 1, for pauses; tests replace it.

    Raises:
        ConfigurationError: `api_version` is not one.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        tokens: TokenSource | None = None,
        api_version: str = "2024-02-02-preview",
        transport: httpx.AsyncBaseTransport | None = None,
        in_process: InProcessPool | None = None,
        output_streams_max_length: int | None = None,
        maximum_answer_bytes: int = MAXIMUM_ANSWER_BYTES,
        busy_wait_seconds: float = 60,
        on_wait: Callable[[Wait], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self.endpoint = endpoint
        self._wire = Wire.of_version(api_version)
        self._output_streams_max_length = output_streams_max_length
        self._exchange = Exchange(
            endpoint,
            tokens=tokens,
            policy=RetryPolicy(busy_wait_seconds, random),
            transport=transport,
            in_process=in_process,
            maximum_answer_bytes=maximum_answer_bytes,
            on_wait=on_wait,
            clock=clock,
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"PoolClient({self.endpoint.url!r}, api_version={self._wire.api_version!r})"

    async def __aenter__(self) -> PoolClient:  # noqa: PYI034 - Self needs Python 3.11
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def knows_folders(self) -> bool:
        """Whether the files API of this version reaches below the session's data folder."""
        return self._wire.family == "executions"

    async def aclose(self) -> None:
        """Close every connection. A call made after that fails."""
        await self._exchange.aclose()

    async def execute(
        self,
        identifier: str,
        code: str,
        *,
        timeout_seconds: int = MAXIMUM_TIMEOUT_SECONDS,
        repeatable: bool = False,
    ) -> Execution:
        """Run code in a session, which is allocated if there is none.

        Code that may have started is never sent again, unless it is repeatable.

        Args:
            identifier: The session.
            code: The code, unchanged.
            timeout_seconds: How long the service lets it run, 1 to 220 seconds.
            repeatable: Running it twice does no harm.

        Raises:
            ExecutionFateUnknownError: No answer came, and the code may have run.
            ExecutionTimeoutError: It ran longer than allowed.
            PoolError: The pool failed the call; `may_have_run` says whether the code may
                have run all the same.
        """
        if not 1 <= timeout_seconds <= MAXIMUM_TIMEOUT_SECONDS:
            raise ConfigurationError(
                f"An execution's timeout of {timeout_seconds} s is not possible: the service "
                f"takes 1 to {MAXIMUM_TIMEOUT_SECONDS} s.",
                remedy=f"Set ACAJS_TIMEOUT to a number from 1 to {MAXIMUM_TIMEOUT_SECONDS}.",
            )
        body = self._wire.execute_body(code, timeout_seconds, self._output_streams_max_length)
        answer_seconds = timeout_seconds + _EXECUTION_GRACE_SECONDS
        redact = Redactor(identifier)
        call = Call(
            operation="Running the code",
            method="POST",
            path=self._wire.execute_path,
            api_version=self._wire.api_version,
            identifier=check_identifier(identifier),
            # Escaped to ASCII, so that half of a surrogate pair can be sent too.
            body=json.dumps(body).encode("ascii"),
            is_execution=True,
            is_repeatable=repeatable,
            answer_seconds=answer_seconds,
            total_seconds=answer_seconds + _EXECUTION_TRAVEL_SECONDS,
        )
        return await self._exchange.send(
            call,
            lambda answer: answers.parse_execution(
                answers.parse_json(answer.body),
                operation_id=redact(answer.operation_id),
                redact=redact,
            ),
        )

    async def upload(
        self,
        identifier: str,
        name: str,
        content: BinaryIO | AsyncIterable[bytes] | bytes,
        *,
        path: str = "",
        size: int | None = None,
        progress: Progress | None = None,
    ) -> SessionFile:
        """Put a file into a session, replacing one of the same name.

        Args:
            identifier: The session.
            name: The file's name, without a folder.
            content: Its bytes, a file open for binary reading, or chunks of bytes; only
                the first two, if the file can seek, are sent again after a failure.
            path: The folder, relative to the session's data folder.
            size: The size in bytes, where the content does not tell.
            progress: Told the bytes sent and the size, after each chunk.

        Raises:
            TooLargeError: The file has more than 128 MB.
            InvalidRequestError: The name or the folder is none.
            PoolError: The pool failed the call.
        """
        folder = check_path(path)
        upload = Upload(check_name(name), content, size, progress)
        call = self._file_call(
            f"Uploading {name!r}",
            "POST",
            self._wire.upload_path,
            identifier,
            parameters=self._wire.folder_parameters(folder),
            body=upload,
            is_repeatable=upload.can_rewind,
            answer_seconds=_TRANSFER_ANSWER_SECONDS,
            total_seconds=_TRANSFER_TOTAL_SECONDS,
        )

        def read(answer: Answer) -> SessionFile:
            try:
                return answers.parse_file(answers.parse_json(answer.body), folder)
            except answers.ShapeError:  # stored all the same: say what is known
                return SessionFile(name, folder, "file", upload.size, None, "")

        return await self._exchange.send(call, read)

    async def download(
        self,
        identifier: str,
        name: str,
        destination: BinaryIO,
        *,
        path: str = "",
        progress: Progress | None = None,
    ) -> int:
        """Copy a file out of a session.

        Args:
            identifier: The session.
            name: The file's name, without a folder.
            destination: A file open for binary writing; one that cannot seek gets no
                second attempt after its first byte.
            path: The folder, relative to the session's data folder.
            progress: Told the bytes written and the size, after each chunk.

        Returns:
            The number of bytes written.

        Raises:
            NotFoundError: There is no such file.
            PoolError: The pool failed the call; the destination may hold a part then.
        """
        target = Download(destination, progress)
        call = self._file_call(
            f"Downloading {name!r}",
            "GET",
            self._wire.content_path(check_name(name)),
            identifier,
            parameters=self._wire.folder_parameters(check_path(path)),
            destination=target,
            is_about_file=True,
            answer_seconds=_TRANSFER_ANSWER_SECONDS,
            total_seconds=_TRANSFER_TOTAL_SECONDS,
        )
        return await self._exchange.send(call, lambda _: target.written_bytes)

    async def list_files(
        self, identifier: str, *, path: str = "", recursive: bool = False
    ) -> list[SessionFile]:
        """List the files of a folder of a session.

        Args:
            identifier: The session.
            path: The folder, relative to the session's data folder.
            recursive: Also below its folders; versions before 2024-10-02-preview cannot.

        Raises:
            PoolError: The pool failed the call.
        """
        folder = check_path(path)
        first = self._file_call(
            "Listing the files",
            "GET",
            "/files",
            identifier,
            parameters=self._wire.folder_parameters(folder, recursive=recursive),
        )
        return await read_pages(
            self._exchange,
            self.endpoint,
            first,
            lambda body: answers.parse_files(answers.parse_json(body), folder),
        )

    async def file_metadata(self, identifier: str, name: str, *, path: str = "") -> SessionFile:
        """Describe one file of a session.

        Raises:
            NotFoundError: There is no such file.
            PoolError: The pool failed the call.
        """
        folder = check_path(path)
        check_name(name)
        operation = f"Reading the metadata of {name!r}"
        if not self._wire.has_file_metadata:
            for file in await self.list_files(identifier, path=folder):
                if file.name == name:
                    return file
            raise NotFoundError(
                f"{operation} failed: the session has no such file.",
                remedy="List the files to see what is there.",
                endpoint=self.endpoint.url,
            )
        call = self._file_call(
            operation,
            "GET",
            self._wire.file_path(name),
            identifier,
            parameters=self._wire.folder_parameters(folder),
            is_about_file=True,
        )
        return await self._exchange.send(
            call, lambda answer: answers.parse_file(answers.parse_json(answer.body), folder)
        )

    async def delete_file(self, identifier: str, name: str, *, path: str = "") -> None:
        """Delete one file of a session.

        Raises:
            NotFoundError: There is no such file.
            PoolError: The pool failed the call.
        """
        call = self._file_call(
            f"Deleting {name!r}",
            "DELETE",
            self._wire.file_path(check_name(name)),
            identifier,
            parameters=self._wire.folder_parameters(check_path(path)),
            is_about_file=True,
        )
        await self._exchange.send(call, lambda _: None)

    async def get_session(self, identifier: str) -> SessionInfo:
        """Describe a session.

        Raises:
            NotFoundError: There is no session of this identifier.
            PoolError: The pool failed the call.
        """
        call = self._session_call("Reading the session", "GET", "/session", identifier)
        return await self._exchange.send(
            call, lambda answer: answers.parse_session(answers.parse_json(answer.body), identifier)
        )

    async def stop_session(self, identifier: str) -> None:
        """Destroy a session with its state and files, so that it no longer counts.

        Raises:
            NotFoundError: There is no session of this identifier.
            PoolError: The pool failed the call.
        """
        operation = "Stopping the session"
        if self.endpoint.is_custom_container:
            # The vendor's documentation of custom-container sessions.
            path = "/.management/stopSession"
            call = self._session_call(operation, "POST", path, identifier)
        else:
            call = self._session_call(operation, "DELETE", "/session", identifier)
        await self._exchange.send(call, lambda _: None)

    async def list_sessions(self) -> list[SessionInfo]:
        """List the live sessions of the pool; their identifiers are secrets.

        Raises:
            NotFoundError: This pool does not list its sessions.
            PoolError: The pool failed the call.
        """
        call = self._session_call("Listing the sessions", "GET", "/listSessions", None)
        return await read_pages(
            self._exchange,
            self.endpoint,
            call,
            lambda body: answers.parse_sessions(answers.parse_json(body, is_secret=True)),
        )

    async def metadata(self) -> PoolMetadata:
        """Describe the pool: its runtimes, packages and Jupyter kernel.

        Raises:
            PoolError: The pool failed the call.
        """
        call = self._session_call("Reading the pool's metadata", "GET", "/metadata", None)
        return await self._exchange.send(
            call, lambda answer: answers.parse_pool(answers.parse_json(answer.body))
        )

    def _file_call(
        self,
        operation: str,
        method: str,
        path: str,
        identifier: str,
        *,
        parameters: Mapping[str, str],
        body: Upload | None = None,
        destination: Download | None = None,
        is_repeatable: bool = True,
        is_about_file: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> Call:
        return Call(
            operation=operation,
            method=method,
            path=path,
            api_version=self._wire.api_version,
            identifier=check_identifier(identifier),
            parameters=parameters,
            body=body,
            destination=destination,
            is_repeatable=is_repeatable,
            is_about_file=is_about_file,
            answer_seconds=answer_seconds,
            total_seconds=total_seconds,
        )

    def _session_call(self, operation: str, method: str, path: str, identifier: str | None) -> Call:
        return Call(
            operation=operation,
            method=method,
            path=path,
            api_version=SESSION_API_VERSION,
            identifier=check_identifier(identifier) if identifier is not None else None,
            is_repeatable=True,
        )
