"""Copying files into a session.

An upload goes to a name of its own, and takes its place in one step once its checksum was
found right in the session. A session that does not run JavaScript cannot rename: there a
file is uploaded under its final name, and its size is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from acajs_kernel.errors import TooLargeError, TransferError
from acajs_kernel.pool import MAXIMUM_UPLOAD_BYTES
from acajs_kernel.pool.names import check_name, check_path
from acajs_kernel.transfers.hashing import HashedFile
from acajs_kernel.transfers.names import LocalFile
from acajs_kernel.transfers.progress import Observer
from acajs_kernel.transfers.script import FileScript
from acajs_kernel.transfers.temporary import remove_temporary, temporary_name

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient

__all__ = ["Uploader", "check_sizes", "check_targets"]

# Of one question about checksums: reading a gigabyte takes the session some seconds.
_BATCH_FILES = 100
_BATCH_BYTES = 512 * 1024 * 1024


class Uploader:
    """Sends files to one session.

    Args:
        pool: The client of the pool.
        identifier: The session's identifier, a secret.
        script: Puts the files in their places.
        observer: Told of each file.
    """

    def __init__(
        self, pool: PoolClient, identifier: str, script: FileScript, observer: Observer
    ) -> None:
        self._pool = pool
        self._identifier = identifier
        self._script = script
        self._observer = observer

    async def send(self, files: Sequence[LocalFile]) -> None:
        """Send files, over what may be there.

        Raises:
            TransferError: A file did not arrive whole, or cannot be read.
            InvalidRequestError: The service takes no file of this name; nothing was sent.
            PoolError: The pool cannot be used.
        """
        by_script = await self._script.is_available()
        if not by_script:
            check_targets(files)
        for batch in _batches(files):
            if by_script:
                await self._upload_and_place(batch)
            else:
                await self._upload_directly(batch)

    async def _upload_and_place(self, files: Sequence[LocalFile]) -> None:
        """Upload files under names of their own, then let the session put them in place."""
        moves: list[dict[str, str]] = []
        try:
            for file in files:
                if file.is_folder:
                    continue
                name = temporary_name("upload")
                moves.append({"from": name, "to": file.target, "sha256": ""})
                moves[-1]["sha256"] = await self._send(file, name, "")
            if folders := [file.target for file in files if file.is_folder]:
                await self._script.ask("make", paths=folders)
            placed = await self._script.ask("place", moves=moves) if moves else []
        except BaseException:
            names = [move["from"] for move in moves]
            await remove_temporary(self._pool, self._identifier, names)
            raise
        problems = [f"{item['path']}: {item['problem']}" for item in placed if item["problem"]]
        if problems:
            raise TransferError(
                f"{len(problems)} of {len(moves)} files were not put in place in the session: "
                f"{'; '.join(problems[:5])}. What was there before is unchanged.",
                remedy="Upload again.",
            )

    async def _upload_directly(self, files: Sequence[LocalFile]) -> None:
        """Upload files under their final names, where the session cannot rename."""
        for file in files:
            if file.is_folder:
                continue  # a folder comes with its first file
            directory, _, name = file.target.rpartition("/")
            await self._send(file, name, directory)
            there = await self._pool.file_metadata(self._identifier, name, path=directory)
            if there.size_bytes not in {None, file.size}:
                raise TransferError(
                    f"{file.target} has {there.size_bytes} bytes in the session instead of "
                    f"{file.size}.",
                    remedy="Upload it again.",
                )

    async def _send(self, file: LocalFile, name: str, directory: str) -> str:
        """Upload one file, and return the SHA-256 of what was sent."""
        self._observer.start(file.target, file.size)
        try:
            with HashedFile(file.path) as content:
                await self._pool.upload(
                    self._identifier,
                    name,
                    content,
                    path=directory,
                    # Counts the form around the file only when that is sent.
                    progress=lambda sent, _: self._observer.move(sent),
                )
                return content.hexdigest
        except OSError as error:
            raise TransferError(
                f"{file.path} cannot be read: {error.strerror}; it was not uploaded.",
                remedy="Check that it exists and that you have permission to read it.",
            ) from error


def check_sizes(files: Sequence[LocalFile]) -> None:
    """Refuse, before anything is sent, what the service would refuse.

    Raises:
        TooLargeError: A file is too large.
    """
    large = [file for file in files if file.size > MAXIMUM_UPLOAD_BYTES]
    if large:
        names = ", ".join(f"{file.path} ({file.size:,} bytes)" for file in large[:5])
        raise TooLargeError(
            f"{len(large)} of {len(files)} files are larger than the "
            f"{MAXIMUM_UPLOAD_BYTES:,} bytes (128 MB) that the service allows: {names}. Nothing "
            "was sent.",
            remedy="Split or compress them (split -b 100M FILE), or let the session's own code "
            "download them.",
        )


def check_targets(files: Sequence[LocalFile]) -> None:
    """Refuse, before anything is sent, names that the service would refuse.

    Where the session runs JavaScript its files may have any name: they travel under others.

    Raises:
        InvalidRequestError: The service takes no such name.
    """
    for file in files:
        if not file.is_folder:
            directory, _, name = file.target.rpartition("/")
            check_path(directory)
            check_name(name)


def _batches(files: Sequence[LocalFile]) -> Iterator[list[LocalFile]]:
    """Divide files such that the session can check each part in a short time."""
    batch: list[LocalFile] = []
    size = 0
    for file in files:
        if batch and (len(batch) == _BATCH_FILES or size + file.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
