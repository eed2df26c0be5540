"""One session's Node process: its folders, its messages, its end."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .environment import session_environment
from .platforms import StartOptions, start_process

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Mapping

    from .platforms import ProcessHandle

__all__ = ["Message", "SessionProcess"]

Message = dict[str, Any]
"""One message of the session's host, as described in ``session_host.js``."""

_SCRIPT = Path(__file__).with_name("session_host.js")
_MAXIMUM_MESSAGE_BYTES = 512 * 1024 * 1024
_READER_SECONDS = 5.0

_logger = logging.getLogger("acajs_kernel")


class SessionProcess:
    """A Node process that runs ``session_host.js``, with folders of its own or in the user's.

    Made by ``start``; ``attach`` begins reading its messages; ``stop`` ends it.
    """

    def __init__(self, handle: ProcessHandle, folder: Path, node: Path, data_folder: Path) -> None:
        self._handle = handle
        self._reader: threading.Thread | None = None
        self._lines = 0
        self.node = node
        self.data_folder = data_folder
        self.upload_folder = folder / "uploads"

    @classmethod
    def start(
        cls,
        *,
        pool_folder: Path,
        node: Path,
        forwarded: Mapping[str, str] | None = None,
        workspace: Path | None = None,
    ) -> SessionProcess:
        """Make the session's folders and start its process; blocks some milliseconds.

        Args:
            pool_folder: The folder to make the session's folder in.
            node: The Node.js executable.
            forwarded: Environment variables that the caller chose to hand over.
            workspace: The folder to work in, which stays; None for one of its own.

        Raises:
            OSError: The folder or the process could not be made.
        """
        folder = pool_folder / secrets.token_hex(4)
        # Only `data` is seen by the files API. Uploads grow beside it, on the same file
        # system, so that they can be moved into place in one step.
        for name in ("", "data", "home", "tmp", "uploads"):
            (folder / name).mkdir(mode=0o700)
        data_folder = workspace or folder / "data"
        marker = secrets.token_hex(16)
        environment = session_environment(
            os.environ,
            home=folder / "home",
            temporary=folder / "tmp",
            node=node,
            marker=marker,
            user_home=_user_home(),
            forwarded=forwarded,
        )
        handle = start_process(
            StartOptions(
                node=node,
                script=_SCRIPT,
                folder=folder,
                working_folder=data_folder,
                environment=environment,
                marker=marker,
            )
        )
        _logger.debug("Started a session's Node process %d", handle.pid)
        return cls(handle, folder, node, data_folder)

    @property
    def pid(self) -> int:
        """The process identifier of Node."""
        return self._handle.pid

    def attach(
        self,
        loop: asyncio.AbstractEventLoop,
        on_messages: Callable[[list[Message]], None],
        on_end: Callable[[str], None],
    ) -> None:
        """Begin to read; both callbacks run in ``loop``, the last one once.

        Args:
            loop: The event loop of the pool.
            on_messages: Gets the messages, in order.
            on_end: Gets how the process ended, such as ``exit code 0``.
        """

        def post(callback: Callable[..., None], argument: object) -> None:
            # A closed loop: nobody is left to tell.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(callback, argument)

        def read() -> None:
            for messages in self._batches():
                post(on_messages, messages)
            post(on_end, self._handle.describe_end())

        self._reader = threading.Thread(target=read, name="acajs-session-reader", daemon=True)
        self._reader.start()

    def send(self, message: Message) -> int:
        """Send a message to the host; never blocks.

        Returns:
            The number of its line, from 1, by which the host names one that it cannot read.
        """
        self._lines += 1
        self._handle.send(json.dumps(message).encode() + b"\n")
        return self._lines

    def stop(self) -> None:
        """Ask for the end of the process, its descendants and its folders; at once."""
        self._handle.stop()

    def wait_stopped(self) -> None:
        """Wait until ``stop`` has done its work; for a thread, not for the event loop."""
        self._handle.wait_stopped()
        if self._reader is not None:
            self._reader.join(_READER_SECONDS)
        if self._reader is None or not self._reader.is_alive():
            self._handle.close()

    def _batches(self) -> Iterator[list[Message]]:
        """Yield the messages that each piece read from the channel completes."""
        parts: list[bytes] = []
        size = 0
        while chunk := self._handle.receive():
            end = chunk.rfind(b"\n")
            if end < 0:
                parts.append(chunk)
                size += len(chunk)
                if size > _MAXIMUM_MESSAGE_BYTES:
                    _logger.error("A session sent a message that is too large; it is stopped")
                    self.stop()
                    return
                continue
            parts.append(chunk[:end])
            lines = b"".join(parts).split(b"\n")
            parts = [chunk[end + 1 :]]
            size = len(parts[0])
            yield [message for line in lines if (message := _parse(line)) is not None]


def _parse(line: bytes) -> Message | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        # User code can write to any descriptor of its process, this channel's too.
        _logger.warning("A session sent %d bytes that are not a message", len(line))
        return None
    return message


def _user_home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # this user has none
        return None
