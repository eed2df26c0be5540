"""Copies of the files beside the notebook in a session: one way, and only what has changed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from acajs_kernel.errors import NoJavaScriptError, TransferError
from acajs_kernel.pool import MAXIMUM_UPLOAD_BYTES
from acajs_kernel.transfers.script import FileScript
from acajs_kernel.transfers.temporary import remove_temporary, temporary_name
from acajs_kernel.workspace.hints import upload_command
from acajs_kernel.workspace.survey import Found, Limits, Signature, Survey, Watcher

if TYPE_CHECKING:
    from acajs_kernel.session import SessionAccess

__all__ = ["Copies"]

_COMPARED_FILES = 500  # of one question
_CHUNK_BYTES = 1024 * 1024


class Copies:
    """Keeps a session's copies of one workspace in step.

    Args:
        folder: The workspace.
        limits: What it may have; one that has more is not copied.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._watcher = Watcher(folder, limits)
        self._hashes: dict[str, tuple[Signature, str]] = {}
        self._in_step: dict[str, str] | None = None  # SHA-256 by path; None: nobody knows
        self._excess = ""
        self._is_done = False

    @property
    def survey(self) -> Survey:
        """What there was beside the notebook at the last look."""
        return self._watcher.survey

    @property
    def in_step(self) -> int:
        """How many files are the same in the session as beside the notebook."""
        return len(self._in_step or {})

    def forget(self) -> None:
        """Suppose nothing of what is in the session: it may be another one."""
        self._in_step = None
        self._is_done = False

    async def bring(self, access: SessionAccess, say: Callable[[str], None]) -> None:
        """Copy into the session what has changed beside the notebook.

        Args:
            access: Reaches the session.
            say: Told what the user should know, a sentence.

        Raises:
            TransferError: The files did not get there.
            PoolError: The pool cannot be used.
        """
        if not self._watcher.look() and self._is_done:
            return
        self._is_done = False
        survey = self._watcher.survey
        if survey.excess:
            if survey.excess != self._excess:
                say(
                    f"The workspace {self._watcher.folder} is not copied into the session: "
                    f"{survey.excess}. Name what is not needed in .acajsignore, or raise "
                    "ACAJS_WORKSPACE_FILES or ACAJS_WORKSPACE_MEGABYTES."
                )
            self._excess = survey.excess
            self._is_done = True
            return
        self._excess = ""
        script = FileScript(access.pool, access.identifier)
        hashes = await asyncio.to_thread(self._hash_files, survey)
        known = self._in_step
        changed = {
            path: value for path, value in hashes.items() if (known or {}).get(path) != value
        }
        kept = list(hashes) if known is None or known.keys() - hashes.keys() else None
        if changed or kept is not None:
            try:
                others = await _compare(script, changed, kept)
            except NoJavaScriptError as error:
                say(f"The workspace is not copied into the session: {error.message}")
                self._is_done = True
                return
            self._in_step = None  # until it has ended well
            wanted = [survey.files[path] for path, state in others.items() if state != "foreign"]
            if wanted:
                hashes |= await self._send(access, script, wanted)
            self._report(others, say)
        self._in_step = hashes
        self._is_done = True

    def _report(self, others: Mapping[str, str], say: Callable[[str], None]) -> None:
        """Say which of two files of one name there is now."""
        for path, state in others.items():
            local = self._watcher.folder / path
            if state == "both":
                say(
                    f"{path} was changed by a cell in the session, and {local} afterwards: the "
                    "latter has replaced it in the session."
                )
            elif state == "foreign":
                say(
                    f"The session has another {path}, which was not copied from {local}, and "
                    f"keeps it. To replace it: {upload_command(path)}"
                )

    def _hash_files(self, survey: Survey) -> dict[str, str]:
        """Return the SHA-256 of each file; a file that has gone meanwhile is left out."""
        hashes: dict[str, str] = {}
        former, self._hashes = self._hashes, {}
        for path, found in survey.files.items():
            known = former.get(path)
            if known is None or known[0] != found.signature or found.signature[0] < 0:
                try:
                    digest = hashlib.sha256()
                    for chunk in _chunks(found):
                        digest.update(chunk)
                except OSError:
                    self._watcher.forget()
                    continue
                known = (found.signature, digest.hexdigest())
            self._hashes[path] = known
            hashes[path] = known[1]
        return hashes

    async def _send(
        self, access: SessionAccess, script: FileScript, files: Sequence[Found]
    ) -> dict[str, str]:
        """Send files, each batch as one, and have the session lay them in their places."""
        sent: dict[str, str] = {}
        for batch in _batches(files):
            with tempfile.TemporaryFile(prefix="acajs-workspace-") as bundle:
                pieces = await asyncio.to_thread(self._pack, batch, bundle)
                if not pieces:
                    continue
                name = temporary_name("workspace")
                try:
                    bundle.seek(0)
                    await access.pool.upload(access.identifier, name, bundle)
                    problem = await script.ask("workspace_lay", **{"from": name}, pieces=pieces)
                except BaseException:
                    await remove_temporary(access.pool, access.identifier, [name])
                    raise
            if problem:
                raise TransferError(
                    f"The files beside the notebook were not copied into the session: {problem}. "
                    "The cell did not run.",
                    remedy="Run the cell again. %workspace off turns copying off.",
                )
            sent |= {piece["path"]: piece["sha256"] for piece in pieces}
        return sent

    def _pack(self, files: Sequence[Found], bundle: IO[bytes]) -> list[dict[str, Any]]:
        """Write files one behind the other; the hashes are those of what was written."""
        pieces: list[dict[str, Any]] = []
        for found in files:
            begin = bundle.tell()
            digest = hashlib.sha256()
            try:
                for chunk in _chunks(found):
                    digest.update(chunk)
                    bundle.write(chunk)
            except OSError:  # gone meanwhile: the next look tells
                self._watcher.forget()
                bundle.seek(begin)
                bundle.truncate()
                continue
            length = bundle.tell() - begin
            pieces.append(
                {
                    "path": found.path,
                    "offset": begin,
                    "length": length,
                    "sha256": digest.hexdigest(),
                }
            )
        return pieces


def _open(found: Found) -> IO[bytes]:
    """Open a file that was looked at; what has become a link or a pipe since is not opened."""
    place = os.path.realpath(found.place) if os.path.islink(found.place) else found.place  # noqa: PTH114 -- a survey has texts
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.fdopen(os.open(place, flags | getattr(os, "O_BINARY", 0)), "rb")


def _chunks(found: Found) -> Iterator[bytes]:
    """Yield what a file holds, piece by piece."""
    with _open(found) as content:
        while chunk := content.read(_CHUNK_BYTES):
            yield chunk


async def _compare(
    script: FileScript, hashes: Mapping[str, str], kept: Sequence[str] | None
) -> dict[str, str]:
    """Return what the session has in the place of files: another one, or nothing."""
    others: dict[str, str] = {}
    paths = list(hashes)
    for start in range(0, max(len(paths), 1), _COMPARED_FILES):
        part = {path: hashes[path] for path in paths[start : start + _COMPARED_FILES]}
        more = {"kept": list(kept)} if kept is not None and start == 0 else {}
        others |= await script.ask("workspace_compare", hashes=part, **more)
    return others


def _batches(files: Sequence[Found]) -> Iterator[list[Found]]:
    """Divide files such that each part is no larger than a file that the service takes."""
    batch: list[Found] = []
    size = 0
    for found in files:
        if batch and size + found.signature[1] > MAXIMUM_UPLOAD_BYTES // 2:
            yield batch
            batch, size = [], 0
        batch.append(found)
        size += found.signature[1]
    if batch:
        yield batch
