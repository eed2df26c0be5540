"""The data folder of a session: listing, uploading, downloading and removing its files.

What holds when a transfer is interrupted, or the connection breaks: no half file stands
under its final name. `uploading` and `downloading` say how.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acajs_kernel.errors import NotFoundError, TransferError
from acajs_kernel.pool import SessionFile
from acajs_kernel.pool.names import is_reachable
from acajs_kernel.transfers.downloading import Downloader
from acajs_kernel.transfers.names import (
    LocalFile,
    base_folder,
    check_remote,
    has_wildcard,
    matches,
    names_first,
    path_of,
)
from acajs_kernel.transfers.progress import Observer, Silent
from acajs_kernel.transfers.script import FileScript
from acajs_kernel.transfers.temporary import OWN
from acajs_kernel.transfers.uploading import Uploader, check_sizes

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient

__all__ = ["DataFolder"]

_PAGE_ENTRIES = 2000


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
        if self._pool.knows_folders and is_reachable("", folder):
            found = await self._pool.list_files(self._identifier, path=folder, recursive=recursive)
        elif await self._script.is_available():
            found = await self._walk(folder, recursive=recursive)
        else:
            # It raises for a folder that this version of the API does not know, or none takes.
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
            paths = {path_of(file) for file in listed}
            pattern = names_first(name, paths.__contains__)
            found = [file for file in listed if matches(path_of(file), pattern)]
            if not found:
                raise TransferError(
                    f"No file in the session matches {name!r}.",
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
            "is not used for the length of its cooldown is gone, with its files.",
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
        check_sizes(files)
        watched = observer or Silent()
        watched.begin(sum(not file.is_folder for file in files), sum(file.size for file in files))
        try:
            uploader = Uploader(self._pool, self._identifier, self._script, watched)
            await uploader.send(files)
        finally:
            watched.end()
        return [file.target for file in files]

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
            downloader = Downloader(self._pool, self._identifier, self._script, watched)
            for file, target in zip(files, targets, strict=True):
                await downloader.fetch(file, target)
        finally:
            watched.end()

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
                remedy="Name its contents instead, such as '*'.",
            )
        is_taken = all(is_reachable(file.name, file.directory) for file in found)
        if folders or not self._pool.knows_folders or not is_taken:
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
