"""The data folder of a session: listing, uploading, downloading and removing its files.

What holds when a transfer is interrupted, or the connection breaks: no half file stands
under its final name. An upload goes to a name of its own, and takes its place in one step
once its checksum was found right in the session; a download does the same here. A session
that does not run JavaScript cannot rename: there a file is uploaded under its final name,
and its size is compared.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acajs_kernel.errors import AcaJsError, NotFoundError, TooLargeError, TransferError
from acajs_kernel.pool import MAXIMUM_UPLOAD_BYTES, SessionFile
from acajs_kernel.transfers.hashing import HashedFile, Incoming
from acajs_kernel.transfers.names import (
    LocalFile,
    base_folder,
    check_remote,
    has_wildcard,
    matches,
)
from acajs_kernel.transfers.progress import Observer, Silent
from acajs_kernel.transfers.script import FileScript

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient

__all__ = ["OWN", "DataFolder", "path_of"]

_log = logging.getLogger("acajs_kernel")


OWN = ".acajs-"
"""What the names of the kernel's own files begin with."""

_PAGE_ENTRIES = 2000
# Of one question about checksums: reading a gigabyte takes the session some seconds.
_BATCH_FILES = 100
_BATCH_BYTES = 512 * 1024 * 1024
_TIDY_SECONDS = 1.5
_ATTEMPTS = 2


class DataFolder:
    """The files of one session.

    Args:
        pool: The client of the pool.
        identifier: The session's identifier, a secret.
    """

    def __init__(self, pool: PoolClient, identifier: str) -> None:
        self._pool = pool
        self._identifier = identifier
        self._script = FileScript(pool, identifier)

    @property
    def script(self) -> FileScript:
        """What the session itself can be asked about its files."""
        return self._script

    # ---- listing

    async def entries(self, path: str = "", *, recursive: bool = False) -> list[SessionFile]:
        """List a folder, sorted by path; the kernel's own files are left out.

        Args:
            path: The folder, relative to the data folder.
            recursive: Also what lies in its folders.

        Raises:
            NotFoundError: There is no such folder.
            TransferError: The path is none, or the session cannot list it.
            PoolError: The pool cannot be used.
        """
        folder = check_remote(path)
        if self._pool.knows_folders:
            found = await self._pool.list_files(self._identifier, path=folder, recursive=recursive)
        elif await self._script.is_available():
            found = await self._walk(folder, recursive=recursive)
        else:
            # It raises for a folder, which this version of the API does not know.
            found = await self._pool.list_files(self._identifier, path=folder)
        shown = [file for file in found if not file.name.startswith(OWN)]
        return sorted(shown, key=path_of)

    async def _walk(self, folder: str, *, recursive: bool) -> list[SessionFile]:
        found: list[SessionFile] = []
        offset, limit = 0, _PAGE_ENTRIES
        while True:
            page = await self._script.ask(
                "walk", path=folder, recursive=recursive, offset=offset, limit=limit
            )
            found += [_session_file(entry) for entry in page["entries"]]
            offset += limit
            if offset >= page["total"]:
                return found

    async def find(self, names: Sequence[str], *, recursive: bool = True) -> list[SessionFile]:
        """Find files by name or pattern; a folder stands for the files in it.

        Raises:
            TransferError: A name or pattern fits nothing.
            PoolError: The pool cannot be used.
        """
        found: dict[str, SessionFile] = {}
        for name in names:
            for file in await self._find(check_remote(name), recursive=recursive):
                found.setdefault(path_of(file), file)
        return list(found.values())

    async def _find(self, name: str, *, recursive: bool) -> list[SessionFile]:
        if has_wildcard(name):
            folder, deep = base_folder(name)
            try:
                listed = await self.entries(folder, recursive=deep)
            except (NotFoundError, TransferError):
                listed = []
            found = [file for file in listed if matches(path_of(file), name)]
            if not found:
                raise TransferError(
                    f"No file in the session fits {name!r}.",
                    remedy="List the session's files with `acajs files ls -r` or `%files -r`.",
                )
            if recursive:  # a folder that fits stands for its files
                found = [inner for file in found for inner in await self._files_of(file)]
            return found
        file = await self._look_up(name)
        return await self._files_of(file) if recursive else [file]

    async def _files_of(self, file: SessionFile) -> list[SessionFile]:
        if file.kind == "file":
            return [file]
        listed = await self.entries(path_of(file), recursive=True)
        return [inner for inner in listed if inner.kind == "file"]

    async def _look_up(self, name: str) -> SessionFile:
        """Describe one file or folder; the empty name is the data folder itself."""
        if not name:
            return SessionFile("", "", "directory", None, None, "")
        directory, _, last = name.rpartition("/")
        try:
            listed = await self.entries(directory)
        except (NotFoundError, TransferError):
            listed = []
        for file in listed:
            if file.name == last:
                return file
        raise TransferError(
            f"The session has no file {name!r}.",
            remedy="List the session's files with `acajs files ls` or `%files`. A session that "
            "was not used for its cooldown is gone, with its files.",
        )

    # ---- uploading

    async def upload(
        self, files: Sequence[LocalFile], *, observer: Observer | None = None
    ) -> list[str]:
        """Copy files into the session, over what may be there.

        Args:
            files: What to send, as `local_files` finds it.
            observer: Told how it goes on.

        Returns:
            The paths in the session.

        Raises:
            TooLargeError: A file has more bytes than the service takes; nothing was sent.
            TransferError: A file did not arrive whole, or cannot be read.
            PoolError: The pool cannot be used.
        """
        _check_sizes(files)
        watched = observer or Silent()
        watched.begin(sum(not file.is_folder for file in files), sum(file.size for file in files))
        try:
            by_script = await self._script.is_available()
            for batch in _batches(files):
                if by_script:
                    await self._upload_and_place(batch, watched)
                else:
                    await self._upload_directly(batch, watched)
        finally:
            watched.end()
        return [file.target for file in files]

    async def _upload_and_place(self, files: Sequence[LocalFile], observer: Observer) -> None:
        """Upload files under names of their own, then let the session put them in place."""
        moves: list[dict[str, str]] = []
        try:
            for file in files:
                if file.is_folder:
                    continue
                name = f"{OWN}upload-{secrets.token_hex(8)}"
                moves.append({"from": name, "to": file.target, "sha256": ""})
                moves[-1]["sha256"] = await self._send(file, name, "", observer)
            if folders := [file.target for file in files if file.is_folder]:
                await self._script.ask("make", paths=folders)
            placed = await self._script.ask("place", moves=moves) if moves else []
        except BaseException:
            await self._tidy([move["from"] for move in moves])
            raise
        problems = [f"{item['path']}: {item['problem']}" for item in placed if item["problem"]]
        if problems:
            raise TransferError(
                f"{len(problems)} of {len(moves)} files were not put in place in the session: "
                f"{'; '.join(problems[:5])}. What was there before is unchanged.",
                remedy="Upload again.",
            )

    async def _upload_directly(self, files: Sequence[LocalFile], observer: Observer) -> None:
        """Upload files under their final names, where the session cannot rename."""
        for file in files:
            if file.is_folder:
                continue  # a folder comes with its first file
            directory, _, name = file.target.rpartition("/")
            await self._send(file, name, directory, observer)
            there = await self._pool.file_metadata(self._identifier, name, path=directory)
            if there.size_bytes not in {None, file.size}:
                raise TransferError(
                    f"{file.target} has {there.size_bytes} bytes in the session instead of "
                    f"{file.size}.",
                    remedy="Upload it again.",
                )

    async def _send(self, file: LocalFile, name: str, directory: str, observer: Observer) -> str:
        """Upload one file, and return the SHA-256 of what was sent."""
        observer.start(file.target, file.size)
        try:
            with HashedFile(file.path) as content:
                await self._pool.upload(
                    self._identifier,
                    name,
                    content,
                    path=directory,
                    # Counts the form around the file only when that is sent.
                    progress=lambda sent, _: observer.move(sent),
                )
                return content.hexdigest
        except OSError as error:
            raise TransferError(
                f"{file.path} cannot be read: {error.strerror}; it was not uploaded.",
                remedy="Check that it is there and that you may read it.",
            ) from error

    # ---- downloading

    async def download(
        self,
        files: Sequence[SessionFile],
        targets: Sequence[Path],
        *,
        observer: Observer | None = None,
    ) -> None:
        """Copy files out of the session, over what may be there; folders are made.

        Args:
            files: What to fetch, as `find` finds it.
            targets: Where each goes on this machine.
            observer: Told how it goes on.

        Raises:
            TransferError: A file did not arrive whole, or cannot be written.
            PoolError: The pool cannot be used.
        """
        watched = observer or Silent()
        watched.begin(len(files), sum(file.size_bytes or 0 for file in files))
        try:
            by_script = await self._script.is_available()
            for file, target in zip(files, targets, strict=True):
                watched.start(path_of(file), file.size_bytes or 0)
                await self._fetch(file, target, watched, by_script=by_script)
        finally:
            watched.end()

    async def _fetch(
        self, file: SessionFile, target: Path, observer: Observer, *, by_script: bool
    ) -> None:
        path = path_of(file)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with Incoming(target) as incoming:
                    await self._receive(file, incoming, observer)
                    if not by_script or await self._is_same(path, incoming.hexdigest):
                        incoming.keep()
                        return
            except OSError as error:
                raise TransferError(
                    f"{target} cannot be written: {error.strerror}. What was there before is "
                    "unchanged.",
                    remedy="Name another folder or file of this machine, with --to.",
                ) from error
            _log.info("%s changed while it was copied (attempt %d)", path, attempt)
        raise TransferError(
            f"{path} arrived with another checksum than it has in the session, {_ATTEMPTS} times "
            f"in a row; {target} is unchanged.",
            remedy="If the session's code is writing the file, wait for its end; then try again.",
        )

    async def _is_same(self, path: str, digest: str) -> bool:
        (facts,) = await self._script.ask("facts", paths=[path], hashed=True)
        return bool(facts["sha256"] == digest)

    async def _receive(self, file: SessionFile, incoming: Incoming, observer: Observer) -> None:
        def moved(count: int, _: int | None) -> None:
            observer.move(count)

        if self._pool.knows_folders or not file.directory:
            await self._pool.download(
                self._identifier,
                file.name,
                incoming.content,
                path=file.directory,
                progress=moved,
            )
            return
        # This version of the API sees the top of the data folder only.
        name = f"{OWN}download-{secrets.token_hex(8)}"
        try:
            await self._script.ask("expose", path=path_of(file), **{"as": name})
            await self._pool.download(self._identifier, name, incoming.content, progress=moved)
        finally:
            await self._tidy([name])

    # ---- removing

    async def remove(self, names: Sequence[str], *, recursive: bool = False) -> list[str]:
        """Remove files by name or pattern, and folders if `recursive`.

        Returns:
            The paths that are gone.

        Raises:
            TransferError: A name fits nothing, or is a folder's, or cannot be removed.
            PoolError: The pool cannot be used.
        """
        found = await self.find(names, recursive=False)
        folders = [path_of(file) for file in found if file.kind == "directory"]
        if folders and not recursive:
            raise TransferError(
                f"{folders[0] or 'The data folder'} is a folder; nothing was removed.",
                remedy="Add -r to remove folders with everything in them.",
            )
        if "" in folders:
            raise TransferError(
                "The session's data folder itself cannot be removed; nothing was removed.",
                remedy="Name what is in it, such as '*'.",
            )
        if folders or not self._pool.knows_folders:
            await self._remove_by_script([path_of(file) for file in found], recursive=recursive)
        else:
            for file in found:
                await self._pool.delete_file(self._identifier, file.name, path=file.directory)
        return [path_of(file) for file in found]

    async def _remove_by_script(self, paths: list[str], *, recursive: bool) -> None:
        if not await self._script.is_available() and not any("/" in path for path in paths):
            for path in paths:
                await self._pool.delete_file(self._identifier, path)
            return
        gone = await self._script.ask("remove", paths=paths, recursive=recursive)
        problems = [f"{item['path']}: {item['problem']}" for item in gone if item["problem"]]
        if problems:
            raise TransferError(
                f"{len(problems)} of {len(paths)} files were not removed: {'; '.join(problems)}."
            )

    async def _tidy(self, names: Sequence[str]) -> None:
        """Remove files of our own, in a bounded time; they hinder nobody if that fails."""

        async def remove() -> None:
            for name in names:
                try:
                    await self._pool.delete_file(self._identifier, name)
                except NotFoundError:
                    continue

        try:
            await asyncio.wait_for(remove(), _TIDY_SECONDS)
        except (AcaJsError, asyncio.TimeoutError) as error:
            _log.info("a temporary file was left in the session: %s", error)


def path_of(file: SessionFile) -> str:
    """Return a file's path in the data folder."""
    return f"{file.directory}/{file.name}" if file.directory else file.name


def _session_file(entry: dict[str, Any]) -> SessionFile:
    is_folder = entry["type"] == "directory"
    return SessionFile(
        name=entry["name"],
        directory=entry["directory"],
        kind="directory" if is_folder else "file",
        size_bytes=None if is_folder else entry["size"],
        modified_at=datetime.fromtimestamp(entry["modified"] / 1000, timezone.utc),
        content_type="",
    )


def _check_sizes(files: Sequence[LocalFile]) -> None:
    """Refuse, before anything is sent, what the service would refuse.

    Raises:
        TooLargeError: A file is too large.
    """
    large = [file for file in files if file.size > MAXIMUM_UPLOAD_BYTES]
    if large:
        names = ", ".join(f"{file.path} ({file.size:,} bytes)" for file in large[:5])
        raise TooLargeError(
            f"{len(large)} of {len(files)} files have more than the "
            f"{MAXIMUM_UPLOAD_BYTES:,} bytes (128 MB) that the service takes: {names}. Nothing "
            "was sent.",
            remedy="Split or compress them (split -b 100M FILE), or let the session's own code "
            "download them.",
        )


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
