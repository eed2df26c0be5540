"""Files on their way to and from a session, streamed."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import BinaryIO

from acajs_kernel.errors import InvalidRequestError, TooLargeError

__all__ = ["MAXIMUM_UPLOAD_BYTES", "Download", "Progress", "Upload"]

MAXIMUM_UPLOAD_BYTES = 128 * 1024 * 1024
"""The largest file that the service's documentation says it takes."""

Progress = Callable[[int, "int | None"], None]
"""Told the bytes moved so far and the whole size, or None where that is unknown."""

_CHUNK_BYTES = 256 * 1024


class Upload:
    """A file as the body of a multipart request (RFC 7578), its field called ``file``.

    Args:
        name: The file's name, checked.
        content: Its bytes, a file open for binary reading, or chunks of bytes.
        size: Its size in bytes where the content does not tell.
        progress: Told after each chunk.

    Raises:
        TooLargeError: The size is above what the service takes.
    """

    def __init__(
        self,
        name: str,
        content: bytes | BinaryIO | AsyncIterable[bytes],
        size: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._name = name
        self._content = content
        self._progress = progress
        self._is_used = False
        self._start: int | None = None
        self.size = size
        if isinstance(content, (bytes, bytearray, memoryview)):
            self.size = len(content)
        elif not isinstance(content, AsyncIterable) and content.seekable():
            self._start = content.tell()
            self.size = content.seek(0, 2) - self._start
            content.seek(self._start)
        if self.size is not None and self.size > MAXIMUM_UPLOAD_BYTES:
            raise self._too_large(self.size)
        boundary = secrets.token_hex(16)
        # A backslash escapes quotes in a parameter (RFC 9110, section 5.6.4); names hold
        # neither control characters nor backslashes of their own.
        quoted = name.replace('"', '\\"')
        self._head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        if self.size is not None:
            length = len(self._head) + self.size + len(self._tail)
            self.headers["Content-Length"] = str(length)

    @property
    def can_rewind(self) -> bool:
        """Whether the content can be sent more than once."""
        return isinstance(self._content, (bytes, bytearray, memoryview)) or self._start is not None

    def rewind(self) -> bool:
        """Go back to the beginning; False where the content is used up."""
        if not self._is_used:
            return True
        if not self.can_rewind:
            return False
        if self._start is not None and not isinstance(self._content, (bytes, AsyncIterable)):
            self._content.seek(self._start)
        return True

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the request's body.

        Raises:
            InvalidRequestError: The content has another size than announced.
            TooLargeError: The content turns out to be larger than the service takes.
        """
        self._is_used = True
        yield self._head
        sent = 0
        async for chunk in self._chunks():
            sent += len(chunk)
            if sent > MAXIMUM_UPLOAD_BYTES:
                raise self._too_large(sent)
            if self.size is not None and sent > self.size:
                raise self._wrong_size(f"more than {self.size}")
            yield chunk
            if self._progress is not None:
                self._progress(sent, self.size)
        if self.size is not None and sent != self.size:
            raise self._wrong_size(str(sent))
        yield self._tail

    async def _chunks(self) -> AsyncIterator[bytes]:
        content = self._content
        if isinstance(content, (bytes, bytearray, memoryview)):
            view = memoryview(content)
            for start in range(0, len(view), _CHUNK_BYTES):
                yield bytes(view[start : start + _CHUNK_BYTES])
        elif isinstance(content, AsyncIterable):
            async for chunk in content:
                yield chunk
        else:
            while chunk := content.read(_CHUNK_BYTES):
                yield chunk

    def _too_large(self, size: int) -> TooLargeError:
        return TooLargeError(
            f"The file {self._name!r} has {size:,} bytes or more; the service allows at most "
            f"{MAXIMUM_UPLOAD_BYTES:,} (128 MB). It was not uploaded.",
            remedy="Split or compress the file, or let the session's own code download it.",
        )

    def _wrong_size(self, found: str) -> InvalidRequestError:
        return InvalidRequestError(
            f"The content of {self._name!r} has {found} bytes, but {self.size} were announced. "
            "It was not uploaded.",
            remedy="Give the right size, or none; do not change the file during the upload.",
        )


class Download:
    """Where the content of a file goes.

    Args:
        destination: A file open for binary writing.
        progress: Told after each chunk.
    """

    def __init__(self, destination: BinaryIO, progress: Progress | None = None) -> None:
        self._destination = destination
        self._progress = progress
        self._start = destination.tell() if destination.seekable() else None
        self.written_bytes = 0

    def write(self, chunk: bytes, size: int | None) -> None:
        """Write a chunk of a file of so many bytes, if that is known."""
        self._destination.write(chunk)
        self.written_bytes += len(chunk)
        if self._progress is not None:
            self._progress(self.written_bytes, size)

    def rewind(self) -> bool:
        """Drop what was written; False where that is impossible."""
        if not self.written_bytes:
            return True
        if self._start is None:
            return False
        self._destination.seek(self._start)
        self._destination.truncate()
        self.written_bytes = 0
        return True
