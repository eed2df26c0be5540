"""The order in which the messages of the shell channel are served.

One after another, as ipykernel serves them and cells must be; but comms, interrupts and the
editor need not wait for the running cell, and what was sent behind a cell that failed is
aborted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import zmq
from ipykernel.kernelbase import Kernel
from ipykernel.utils import _async_in_context

from acajs_kernel.comms import COMM_TYPES, Comms
from acajs_kernel.questions import QUESTIONS

__all__ = ["ShellOrder"]

_log = logging.getLogger("acajs_kernel")

_AT_ONCE = QUESTIONS | {"interrupt_request"}
# The session is asked, which may be silent: a cell that comes meanwhile does not wait for it.
_PASSED_BY_CELLS = frozenset({"complete_request", "inspect_request"})
_TURNS_TO_BEGIN = 100  # of the event loop; a message on its own takes a dozen at most


class ShellOrder(Kernel):
    """The part of the kernel that decides which message is next."""

    _comms: Comms
    _running_parent: dict[str, Any] | None = None
    _end_of_aborting: asyncio.Future[None] | None = None

    async def shell_main(self, subshell_id: str | None, msg: Any) -> None:  # noqa: ANN401
        """Take comm messages and interrupts, and answer the editor, at once while a cell runs.

        Questions that the session is asked hold up no cell that comes after them.

        The rest waits its turn: ipykernel serves one shell message after another, as cells
        must be. It lets comm messages pass in the same way (``Kernel.shell_main`` of
        ipykernel 7).
        """
        if subshell_id is None and self.session is not None:
            try:
                identity, frames = self.session.feed_identities(msg, copy=False)
                # Only a look: a message whose content was read once is refused as a repetition.
                message = self.session.deserialize(frames, content=False, copy=False)
                kind = message["header"]["msg_type"]
                if kind in COMM_TYPES:
                    self._comms.receive(self.session.deserialize(frames, content=True, copy=False))
                    return
                is_free = not self._main_asyncio_lock.locked()
                if (kind in _AT_ONCE and self._running_parent is not None) or (
                    kind in _PASSED_BY_CELLS and is_free
                ):
                    message = self.session.deserialize(frames, content=True, copy=False)
                    await self._answer_at_once(identity, message)
                    return
            except Exception:
                _log.debug("a message could not be looked at; it waits its turn", exc_info=True)
        await super().shell_main(subshell_id, msg)

    async def _answer_at_once(self, identity: Any, message: dict[str, Any]) -> None:  # noqa: ANN401
        """Answer what does not wait, between the messages of the running cell."""
        answer = self.shell_handlers[message["header"]["msg_type"]]
        self._publish_status_of("busy", message)
        try:
            await answer(self.shell_stream, identity, message)
        except Exception:
            _log.exception("a question of the editor was not answered")
        finally:
            self._publish_status_of("idle", message)

    def _publish_status_of(self, status: str, parent: Mapping[str, Any]) -> None:
        """Publish the status of a message that is served beside the running cell."""
        self._publish_status(status, "shell", parent=parent)
        if status == "idle" and self._running_parent is not None:
            # Frontends show the status that came last, and the cell still runs.
            self._publish_status("busy", "shell", parent=self._running_parent)

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Abort the cells that had been sent when one failed; ipykernel calls this.

        Its own way without sub-shells ends the aborting before the first of them is looked at.
        """
        assert subshell_id is None  # noqa: S101 -- see `kernel_info`
        assert self.shell_stream is not None  # noqa: S101 -- the kernel application sets it
        self._aborting = True
        # What has arrived waits for its turn from now on. The failed cell's reply stays here
        # meanwhile: what a client sends when it has that is not to be aborted.
        self.shell_stream.flush(zmq.POLLIN)

        async def end_aborting() -> None:
            async with self._main_asyncio_lock:  # behind all of that
                self._aborting = False

        # The same steps as a message takes, which keeps it behind those before it.
        self._end_of_aborting = asyncio.ensure_future(_async_in_context(end_aborting)())

    async def _begin_arrived(self) -> None:
        """Let a cell begin that came before the interrupt, by another channel, and still waits.

        The kernel may not have had the time to look at either.
        """
        if self._running_parent is not None or self.shell_stream is None:
            return
        self.shell_stream.flush()
        for _ in range(_TURNS_TO_BEGIN):
            await asyncio.sleep(0)
            if self._running_parent is not None:
                return
