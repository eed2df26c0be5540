"""Files whose checksum is taken while they pass."""

from __future__ import annotations

import contextlib
import hashlib
import io
import secrets
from pathlib import Path
from types import TracebackType

__all__ = ["HashedFile", "Incoming"]


class HashedFile(io.BufferedReader):
    """A file to be sent, read from its beginning to its end, perhaps more than once.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._hash = hashlib.sha256()

    def read(self, size: int | None = -1) -> bytes:
        """Read on."""
        chunk = super().read(size)
        self._hash.update(chunk)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go somewhere, in the end to the beginning: the checksum starts again."""
        self._hash = hashlib.sha256()
        return super().seek(offset, whence)

    @property
    def hexdigest(self) -> str:
        """The SHA-256 of what was read since the last `seek`."""
        return self._hash.hexdigest()


class Incoming:
    """A file that grows beside its final place, and takes it in one step.

    Args:
        target: Its final place; its folder is made.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
        self.content: io.BufferedRandom

    def __enter__(self) -> Incoming:  # noqa: PYI034 - Self needs Python 3.11
        self._target.parent.mkdir(parents=True, exist_ok=True)
        if self._target.is_dir():
            raise IsADirectoryError(0, "there is a folder of this name")
        self.content = self._part.open("x+b")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.content.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    @property
    def hexdigest(self) -> str:
        """The SHA-256 of what has arrived."""
        self.content.seek(0)
        digest = hashlib.sha256()
        while chunk := self.content.read(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()

    def keep(self) -> None:
        """Put it in its final place."""
        self.content.flush()
        self.content.close()
        self._part.replace(self._target)
