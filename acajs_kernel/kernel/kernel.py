"""The kernel: Jupyter's messages in and out, nothing about HTTP or JavaScript syntax.

The protocol is Jupyter's messaging specification, version 5
(https://jupyter-client.readthedocs.io/en/stable/messaging.html).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from acajs_kernel.errors import AcaJsError
from acajs_kernel.kernel.comms import Comms
from acajs_kernel.kernel.editor import EditorQuestions
from acajs_kernel.kernel.history import History, history_file
from acajs_kernel.kernel.information import KernelInformation
from acajs_kernel.kernel.iopub import IOPubSocket
from acajs_kernel.kernel.messages import (
    error_content,
    error_reply,
    event_message,
    internal_error,
    limited_event,
    own_error,
)
from acajs_kernel.kernel.pace import NOTICE, PATIENCE_SECONDS, Pace
from acajs_kernel.kernel.requests import RecentRequests
from acajs_kernel.kernel.shell import ShellOrder
from acajs_kernel.kernel.stdin import InputChannel
from acajs_kernel.logs import set_up_log
from acajs_kernel.magics import cell_key, may_hold_magics
from acajs_kernel.session import (
    Cell,
    CommEvent,
    CommMessage,
    Error,
    Event,
    ExecuteResult,
    InputRequest,
    NotebookSession,
    Outcome,
    SessionSettings,
    Stream,
    unheard,
)

if TYPE_CHECKING:
    from types import FrameType

    from acajs_kernel.magics.running import MagicCell
    from acajs_kernel.workspace.notebook import NotebookFiles

__all__ = ["AcaJsKernel"]

_log = logging.getLogger("acajs_kernel")

_SHUTDOWN_SECONDS = 2.0


class AcaJsKernel(KernelInformation, ShellOrder, EditorQuestions):
    """A Jupyter kernel whose JavaScript cells run in a session of a session pool."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 -- traitlets' own signature
        super().__init__(**kwargs)
        # Time for Python's own output to get out before the reply; here nothing prints.
        self._execute_sleep = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._notebook: NotebookSession | None = None
        self._requests = RecentRequests()
        self._cells = 0
        # A session may outlive its kernel: another kernel's cells have other names in it.
        self._name = secrets.token_hex(4)
        self._input: InputChannel | None = None
        self._pace: Pace | None = None
        self._history = History(history_file(self.history))
        self._magic_cell: MagicCell | None = None
        self._results: dict[int, str | None] = {}
        self._comms = Comms(
            self._name,
            publish=self._publish_comm,
            publish_status=self._publish_status_of,
            send=self._send_comm,
        )
        self._settings_error = self.settings_error()
        # VS Code sends it there: src/kernels/raw/session/rawKernelConnection.node.ts of its
        # Jupyter extension.
        self.shell_handlers["interrupt_request"] = self.interrupt_request

    # ---- life

    def start(self) -> None:
        """Serve messages, and begin to open the session without waiting for it."""
        level = "" if self._settings_error is not None else self.log_level
        set_up_log(level or getattr(self.parent, "log_level", logging.WARNING))
        super().start()
        if isinstance(self.iopub_socket, IOPubSocket):
            self._pace = Pace(self.iopub_socket.patient)
        self._loop = self.io_loop.asyncio_loop  # type: ignore[attr-defined] # tornado's loop is always asyncio's
        if threading.current_thread() is threading.main_thread():
            # Jupyter interrupts by message; SIGINT still comes from terminals, and from
            # kernel specs that somebody wrote with interrupt_mode "signal".
            signal.signal(signal.SIGINT, self._interrupt_by_signal)
        if self._settings_error is None:
            self._notebook = NotebookSession(
                SessionSettings.of(self),
                key=self.session.key if self.session is not None else b"",
                frontend=self,
                files=_find_files,
            )
            self._loop.call_soon(self._notebook.start)
        else:
            # Imported here because it is rarely needed.
            from acajs_kernel.local.ahead import discard_started  # noqa: PLC0415

            discard_started()  # no cell will run

    def pre_handler_hook(self) -> None:
        """Keep our own SIGINT handler: ipykernel would raise KeyboardInterrupt in the loop."""

    def post_handler_hook(self) -> None:
        """Keep our own SIGINT handler."""

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:  # noqa: FBT001 -- ipykernel's signature
        """Stop the session and every process, within 2 s."""
        notebook, self._notebook = self._notebook, None
        if notebook is not None:
            await self._on_loop(self._close(notebook, restart=restart))
        self._history.close()
        return {"status": "ok", "restart": restart}

    async def _close(self, notebook: NotebookSession, *, restart: bool) -> None:
        if restart:
            self._comms.close({})
        try:
            await asyncio.wait_for(notebook.close(restart=restart), _SHUTDOWN_SECONDS)
        except asyncio.TimeoutError:
            _log.warning("the session was not closed within %g s", _SHUTDOWN_SECONDS)
        except Exception:
            _log.exception("the session was not closed")

    async def _on_loop(self, work: Any) -> None:  # noqa: ANN401 -- any coroutine
        """Await work of the main thread's loop; control messages arrive in another thread."""
        assert self._loop is not None  # noqa: S101 -- messages are served after start()
        if asyncio.get_running_loop() is self._loop:
            await work
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    # ---- interrupt

    async def interrupt_request(self, stream: Any, ident: Any, parent: Any) -> None:  # noqa: ANN401
        """End the running cell; Jupyter sends this on the control channel."""
        content: dict[str, Any] = {"status": "ok"}
        try:
            if self._notebook is not None:
                await self._on_loop(self._interrupt(self._notebook))
        except Exception as error:
            _log.exception("interrupt failed")
            content = error_reply(internal_error(error))
        self._send(stream, "interrupt_reply", content, parent, ident)

    def _interrupt_by_signal(self, _number: int, _frame: FrameType | None) -> None:
        notebook, loop = self._notebook, self._loop
        if notebook is not None and loop is not None:
            asyncio.run_coroutine_threadsafe(self._interrupt(notebook), loop)

    async def _interrupt(self, notebook: NotebookSession) -> None:
        if self._pace is not None:
            self._pace.hurry()
        await self._begin_arrived()
        if self._magic_cell is not None:
            await self._magic_cell.interrupt()
        else:
            await notebook.interrupt()

    # ---- cells

    async def create_subshell_request(self, socket: Any, ident: Any, parent: Any) -> None:  # noqa: ANN401
        """Refuse: see `kernel_info`."""
        error = Error("NotSupported", "This kernel runs one cell at a time and has no subshells.")
        self._send(socket, "create_subshell_reply", error_reply(error), parent, ident)

    async def do_execute(
        self,
        code: str,
        silent: bool,  # noqa: FBT001 -- ipykernel's signature
        store_history: bool = True,  # noqa: FBT001, FBT002
        user_expressions: Mapping[str, str] | None = None,
        allow_stdin: bool = False,  # noqa: FBT001, FBT002
        *,
        cell_meta: Any = None,  # noqa: ANN401, ARG002
        cell_id: str | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Run a cell. Never raises: a request without a reply leaves the client waiting."""
        number = self.execution_count
        self._running_parent = self.get_parent("shell")
        if self._pace is not None:
            self._pace.relax()
        if not silent and (not store_history or not code.strip()):
            # ipykernel has counted the cell already; as in IPython, one that leaves no
            # trace in the history has no number of its own.
            self.execution_count -= 1
        payload: list[dict[str, Any]] = []
        try:
            payload = [] if silent else await self._help(code)
            outcome = await self._run(
                "" if payload else code,
                number=number,
                silent=silent,
                expressions=user_expressions or {},
                allow_stdin=allow_stdin,
                payload=payload,
            )
        except AcaJsError as error:
            outcome = Outcome(error=own_error(error))
        except Exception as error:
            _log.exception("a cell could not be run")
            outcome = Outcome(error=internal_error(error))
        finally:
            self._running_parent = None
        self._report_loss()
        if store_history and not silent and code.strip():
            # Writing to a disk must not keep the reply waiting.
            asyncio.get_running_loop().call_soon(
                self._history.add, number, code, self._results.pop(number, None)
            )
        if outcome.error is None:
            return {
                "status": "ok",
                "execution_count": number,
                "payload": payload,
                "user_expressions": dict(outcome.expressions),
            }
        if not silent:
            self.send_response(self.iopub_socket, "error", error_content(outcome.error))
        return error_reply(outcome.error) | {"execution_count": number, "payload": []}

    async def _run(
        self,
        code: str,
        *,
        number: int,
        silent: bool,
        expressions: Mapping[str, str],
        allow_stdin: bool,
        payload: list[dict[str, Any]],
    ) -> Outcome:
        if self._settings_error is not None:
            raise self._settings_error
        if self._notebook is None:
            raise AcaJsError("The kernel is shutting down; the cell did not run.")
        if not code.strip() and not expressions:
            return Outcome()
        self._cells += 1
        key = f"{self._name}-{self._cells}"
        self._requests.keep(key, self.get_parent("shell"), self._identity(), number, silent=silent)
        cell = Cell(
            key,
            code,
            number=number,
            silent=silent,
            expressions=expressions,
            allow_stdin=allow_stdin,
            language="typescript" if self.language == "typescript" else "javascript",
        )
        if may_hold_magics(code):
            return await self._run_magics(cell, self._notebook, payload)
        return await self._notebook.execute(cell)

    async def _run_magics(
        self, cell: Cell, notebook: NotebookSession, payload: list[dict[str, Any]]
    ) -> Outcome:
        # Imported here because most cells hold none.
        from acajs_kernel.magics.running import MagicCell  # noqa: PLC0415

        self._magic_cell = MagicCell(cell, notebook, frontend=self)
        try:
            outcome = await self._magic_cell.run()
            payload += self._magic_cell.payload
        finally:
            self._magic_cell = None
        return outcome

    # ---- comms

    async def comm_info_request(self, socket: Any, ident: Any, parent: Any) -> None:  # noqa: ANN401
        """Say which comms are open, from what passed the kernel."""
        comms = self._comms.info(parent["content"].get("target_name"))
        self._send(socket, "comm_info_reply", {"status": "ok", "comms": comms}, parent, ident)

    def _send_comm(self, key: str, message: CommMessage) -> None:
        if self._notebook is not None:
            self._notebook.send_comm(key, message)
            return
        for event in unheard(message):  # there is no session: a setting is wrong, or all ends
            self.comm(key, event)

    def comm(self, key: str, event: CommEvent) -> None:
        """Publish what comms do, under the request behind it."""
        self._comms.show(key, event, self._parent(key))

    def _parent(self, key: str) -> Mapping[str, Any]:
        """Return the request under which a cell or a comm's callback shows things, or empty."""
        request = self._requests.get(cell_key(key))
        if request is None:
            return self._comms.parent(key) or {}
        return {} if request.silent else request.parent

    def _publish_comm(
        self,
        message_type: str,
        content: dict[str, Any],
        metadata: Mapping[str, Any],
        buffers: Sequence[bytes],
        parent: Mapping[str, Any],
    ) -> None:
        assert self.session is not None  # noqa: S101 -- the kernel application sets it
        self.session.send(
            self.iopub_socket,
            message_type,
            content,
            dict(parent),
            ident=self._topic(message_type),
            buffers=list(buffers) or None,
            metadata=dict(metadata),
        )

    # ---- what cells show

    def _send(
        self,
        socket: Any,  # noqa: ANN401 -- a ZeroMQ socket or ipykernel's stand-in for one
        message_type: str,
        content: dict[str, Any],
        parent: Mapping[str, Any],
        identity: Any = None,  # noqa: ANN401 -- as above
    ) -> dict[str, Any]:
        assert self.session is not None  # noqa: S101 -- the kernel application sets it
        message = self.session.send(socket, message_type, content, dict(parent), ident=identity)
        return message or {}

    def _identity(self) -> Any:  # noqa: ANN401 -- ZeroMQ's routing identity, as ipykernel keeps it
        return self._get_shell_context_var(self._shell_parent_ident)

    def show(self, key: str, event: Event) -> None:
        """Publish what a cell or a comm's callback shows, under the request behind it."""
        parent = self._parent(key)
        if not parent:
            return  # a silent cell
        request = self._requests.get(cell_key(key))
        number = self.execution_count if request is None else request.number
        event = limited_event(event)
        if isinstance(event, ExecuteResult):
            self._results[number] = event.data.get("text/plain")
        message_type, content = event_message(event, number)
        self._send(self.iopub_socket, message_type, content, parent, self._topic(message_type))

    def notice(self, key: str, text: str) -> None:
        """Publish what the user should know as the cell's standard error."""
        self.show(key, Stream("stderr", text))

    async def pause(self) -> None:
        """Wait, before more is fetched, until frontends have read what was published."""
        if self._pace is not None:
            await self._pace.room()

    def _report_loss(self) -> None:
        """Tell the frontend that was not ready to read what it has lost."""
        lost = self._pace.take_lost() if self._pace is not None else 0
        if lost:
            text = (
                f"Up to {lost:,} pieces of output were dropped, because a frontend read nothing "
                f"for {PATIENCE_SECONDS:g} s.\n"
            )
            self._send(
                self.iopub_socket,
                *event_message(Stream("stderr", text), self.execution_count),
                self.get_parent("shell"),
                self._topic(NOTICE),
            )

    async def ask(self, key: str, request: InputRequest) -> str:
        """Ask the frontend that ran a cell for a line; cancelled by an interrupt."""
        if self._input is None:
            self._input = InputChannel(self.session, self.stdin_socket, self.io_loop)
        asker = self._requests[cell_key(key)]
        return await self._input.ask(request, asker.parent, asker.identity)


def _find_files() -> NotebookFiles:
    """Return the files beside the notebook."""
    # Imported here because launching the kernel must not wait for it.
    from acajs_kernel.workspace.notebook import NotebookFiles  # noqa: PLC0415

    return NotebookFiles()
