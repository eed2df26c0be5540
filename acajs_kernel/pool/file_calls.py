"""The calls about the files of a session."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import BinaryIO, TypeVar

from acajs_kernel.errors import InvalidRequestError, NotFoundError
from acajs_kernel.http.call import ANSWER_SECONDS, TOTAL_SECONDS, Answer, Call
from acajs_kernel.http.failure import ShapeError
from acajs_kernel.http.silence import Silence
from acajs_kernel.http.transfer import Download, Progress, Upload
from acajs_kernel.pool import answers
from acajs_kernel.pool.endpoint import Endpoint
from acajs_kernel.pool.identifier import check_identifier
from acajs_kernel.pool.names import check_name, check_path
from acajs_kernel.pool.paging import read_pages
from acajs_kernel.pool.results import SessionFile
from acajs_kernel.pool.versions import ApiVersion
from acajs_kernel.pool.wire import Wire

__all__ = ["FileCalls"]

_Result = TypeVar("_Result")

_TRANSFER_ANSWER_SECONDS = 120.0
_TRANSFER_TOTAL_SECONDS = 1800.0


class FileCalls:
    """The part of the client that speaks of files.

    Attributes:
        endpoint: The pool's management endpoint.
    """

    endpoint: Endpoint
    _version: ApiVersion
    _silence: Silence | None

    @property
    def knows_folders(self) -> bool:
        """Whether the files API of this version reaches below the session's data folder."""
        return self._version.wire.family == "executions"

    async def _send(self, call: Call, read: Callable[[Answer], _Result]) -> _Result:
        raise NotImplementedError

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
            InvalidRequestError: The service takes no such name or folder.
            PoolError: The pool failed the call.
        """
        folder = check_path(path)
        upload = Upload(check_name(name), content, size, self._moving(progress))

        def send(wire: Wire) -> Awaitable[SessionFile]:
            if not upload.rewind():
                raise InvalidRequestError(
                    f"Uploading {name!r} failed: the pool refused the API version, and the "
                    "content cannot be sent a second time.",
                    remedy="Upload it again.",
                    endpoint=self.endpoint.url,
                )
            call = self._file_call(
                wire,
                f"Uploading {name!r}",
                "POST",
                wire.upload_path,
                identifier,
                parameters=wire.folder_parameters(folder),
                body=upload,
                is_repeatable=upload.can_rewind,
                answer_seconds=_TRANSFER_ANSWER_SECONDS,
                total_seconds=_TRANSFER_TOTAL_SECONDS,
            )
            return self._send(call, read)

        def read(answer: Answer) -> SessionFile:
            try:
                return answers.parse_file(answers.parse_json(answer.body), folder)
            except ShapeError:  # stored all the same: say what is known
                return SessionFile(name, folder, "file", upload.size, None, "")

        return await self._version.use(send)

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
        target = Download(destination, self._moving(progress))
        check_name(name)
        folder = check_path(path)

        def send(wire: Wire) -> Awaitable[int]:
            call = self._file_call(
                wire,
                f"Downloading {name!r}",
                "GET",
                wire.content_path(name),
                identifier,
                parameters=wire.folder_parameters(folder),
                destination=target,
                is_about_file=True,
                answer_seconds=_TRANSFER_ANSWER_SECONDS,
                total_seconds=_TRANSFER_TOTAL_SECONDS,
            )
            return self._send(call, lambda _: target.written_bytes)

        return await self._version.use(send)

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

        def send(wire: Wire) -> Awaitable[list[SessionFile]]:
            first = self._file_call(
                wire,
                "Listing the files",
                "GET",
                "/files",
                identifier,
                parameters=wire.folder_parameters(folder, recursive=recursive),
            )
            return read_pages(
                self._send,
                self.endpoint,
                first,
                lambda body: answers.parse_files(answers.parse_json(body), folder),
            )

        return await self._version.use(send)

    async def file_metadata(self, identifier: str, name: str, *, path: str = "") -> SessionFile:
        """Describe one file of a session.

        Raises:
            NotFoundError: There is no such file.
            PoolError: The pool failed the call.
        """
        folder = check_path(path)
        check_name(name)
        operation = f"Reading the metadata of {name!r}"
        if not self._version.wire.has_file_metadata:
            for file in await self.list_files(identifier, path=folder):
                if file.name == name:
                    return file
            raise NotFoundError(
                f"{operation} failed: the session has no such file.",
                remedy="List the files to see what is there.",
                endpoint=self.endpoint.url,
            )

        def send(wire: Wire) -> Awaitable[SessionFile]:
            call = self._file_call(
                wire,
                operation,
                "GET",
                wire.file_path(name),
                identifier,
                parameters=wire.folder_parameters(folder),
                is_about_file=True,
            )
            return self._send(
                call, lambda answer: answers.parse_file(answers.parse_json(answer.body), folder)
            )

        return await self._version.use(send)

    async def delete_file(self, identifier: str, name: str, *, path: str = "") -> None:
        """Delete one file of a session.

        Raises:
            NotFoundError: There is no such file.
            PoolError: The pool failed the call.
        """
        check_name(name)
        folder = check_path(path)

        def send(wire: Wire) -> Awaitable[None]:
            call = self._file_call(
                wire,
                f"Deleting {name!r}",
                "DELETE",
                wire.file_path(name),
                identifier,
                parameters=wire.folder_parameters(folder),
                is_about_file=True,
            )
            return self._send(call, lambda _: None)

        await self._version.use(send)

    def _moving(self, progress: Progress | None) -> Progress | None:
        """Return what is told of a file's bytes, which are a sign of life of the pool."""
        silence = self._silence
        if silence is None:
            return progress

        def moved(count: int, size: int | None) -> None:
            silence.heard()
            if progress is not None:
                progress(count, size)

        return moved

    def _file_call(
        self,
        wire: Wire,
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
            api_version=wire.api_version,
            identifier=check_identifier(identifier),
            parameters=parameters,
            body=body,
            destination=destination,
            is_repeatable=is_repeatable,
            is_about_file=is_about_file,
            answer_seconds=answer_seconds,
            total_seconds=total_seconds,
        )
