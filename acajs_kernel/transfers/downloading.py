"""Copying files out of a session.

A download goes to a name of its own, and takes its place in one step once its checksum was
found to be the session's, where the session can tell.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from acajs_kernel.errors import TransferError
from acajs_kernel.pool import SessionFile
from acajs_kernel.pool.names import is_reachable
from acajs_kernel.transfers.hashing import Incoming
from acajs_kernel.transfers.names import path_of
from acajs_kernel.transfers.progress import Observer
from acajs_kernel.transfers.script import FileScript
from acajs_kernel.transfers.temporary import remove_temporary, temporary_name

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient

__all__ = ["Downloader"]

_log = logging.getLogger("acajs_kernel")

_ATTEMPTS = 2


class Downloader:
    """Fetches files from one session.

    Args:
        pool: The client of the pool.
        identifier: The session's identifier, a secret.
        script: Tells checksums, and reaches what the files API does not.
        observer: Told of each file.
    """

    def __init__(
        self, pool: PoolClient, identifier: str, script: FileScript, observer: Observer
    ) -> None:
        self._pool = pool
        self._identifier = identifier
        self._script = script
        self._observer = observer

    async def fetch(self, file: SessionFile, target: Path) -> None:
        """Fetch a file, over what may be at the target; folders are made.

        Raises:
            TransferError: It did not arrive whole, or cannot be written.
            PoolError: The pool cannot be used.
        """
        by_script = await self._script.is_available()
        path = path_of(file)
        self._observer.start(path, file.size_bytes or 0)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with Incoming(target) as incoming:
                    await self._receive(file, incoming)
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
            f"{path} arrived with a checksum that differs from the session's, {_ATTEMPTS} times "
            f"in a row; {target} is unchanged.",
            remedy="If the session's code is writing the file, wait until it has ended; then try "
            "again.",
        )

    async def _is_same(self, path: str, digest: str) -> bool:
        (facts,) = await self._script.ask("facts", paths=[path], hashed=True)
        return bool(facts["sha256"] == digest)

    async def _receive(self, file: SessionFile, incoming: Incoming) -> None:
        def moved(count: int, _: int | None) -> None:
            self._observer.move(count)

        is_seen = self._pool.knows_folders or not file.directory
        is_taken = is_reachable(file.name, file.directory)
        if is_seen and (is_taken or not await self._script.is_available()):
            await self._pool.download(
                self._identifier,
                file.name,
                incoming.content,
                path=file.directory,
                progress=moved,
            )
            return
        # Older versions of the API see the top of the data folder only, and none takes all names.
        name = temporary_name("download")
        try:
            await self._script.ask("expose", path=path_of(file), **{"as": name})
            await self._pool.download(self._identifier, name, incoming.content, progress=moved)
        finally:
            await remove_temporary(self._pool, self._identifier, [name])
