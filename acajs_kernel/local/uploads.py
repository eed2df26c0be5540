"""Receiving a file as multipart/form-data, without ever holding it in memory."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, BinaryIO

from .files import disk_errors
from .rest import RestError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

__all__ = ["MAXIMUM_FILE_BYTES", "receive_file"]

MAXIMUM_FILE_BYTES = 128 * 1024 * 1024
"""The largest file that the service takes, according to its documentation."""

_FIELD = "file"
_ENVELOPE_BYTES = 64 * 1024


@contextlib.asynccontextmanager
async def receive_file(request: Request, folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """Receive the request's one file into a new file of ``folder``.

    Yields the name that the client gave and the complete file, which is deleted at the
    end of the block unless it was moved away.

    Raises:
        RestError: 415 for a body that is not multipart/form-data, 413 for a file that is
            too large, 400 for a malformed body or one without exactly one file, 507 when the
            disk is full.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAXIMUM_FILE_BYTES + _ENVELOPE_BYTES:
        raise _too_large()
    boundary = _boundary(request)
    path = folder / secrets.token_hex(8)
    try:
        with disk_errors(), path.open("wb") as content:
            name = await _Parts(content).receive(request, boundary)
        yield name, path
    finally:
        path.unlink(missing_ok=True)


def _boundary(request: Request) -> bytes:
    from python_multipart.multipart import parse_options_header  # noqa: PLC0415 - slow to import

    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise RestError(
            415, "UnsupportedMediaType", "An upload's Content-Type must be multipart/form-data."
        )
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _malformed("its Content-Type names no boundary")
    return boundary


class _Parts:
    """Writes the file's part to ``content`` and skips the others."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self._size = 0
        self._name: str | None = None
        self._is_file = False
        self._is_complete = False
        self._header = b""
        self._value = b""
        self._disposition = b""

    async def receive(self, request: Request, boundary: bytes) -> str:
        """Read the whole body; returns the file's name."""
        from python_multipart.exceptions import FormParserError  # noqa: PLC0415 - slow to import
        from python_multipart.multipart import MultipartParser  # noqa: PLC0415 - as above

        try:
            parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_header,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_content,
                    "on_end": self._end,
                },
            )
            async for chunk in request.stream():
                parser.write(chunk)
        except FormParserError as error:
            raise _malformed("it is not valid multipart/form-data") from error
        if not self._is_complete:
            raise _malformed("it ends too early")
        if self._name is None:
            raise _malformed(f"it holds no file in the field {_FIELD!r}")
        return self._name

    def _begin_part(self) -> None:
        self._is_file = False
        self._header = self._value = self._disposition = b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _end_headers(self) -> None:
        from python_multipart.multipart import parse_options_header  # noqa: PLC0415 - as above

        _, options = parse_options_header(self._disposition)
        if options.get(b"name") != _FIELD.encode() or b"filename" not in options:
            return
        if self._name is not None:
            raise _malformed("it holds more than one file")
        self._is_file = True
        self._name = options[b"filename"].decode("utf-8", "replace")

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > MAXIMUM_FILE_BYTES:
            raise _too_large()
        if self._is_file:
            self._content.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._is_complete = True


def _too_large() -> RestError:
    return RestError(
        413, "FileTooLarge", f"The file is larger than {MAXIMUM_FILE_BYTES // (1024 * 1024)} MB."
    )


def _malformed(reason: str) -> RestError:
    return RestError(400, "InvalidMultipartBody", f"The upload's body cannot be used: {reason}.")
