"""A frontend that adds as little as possible to what it measures.

jupyter_client's own clients spend about a millisecond of each cell in their event loop.
This one polls the same sockets directly; signing and decoding stay jupyter_client's.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from benchmarks.kernels import Contender

if TYPE_CHECKING:
    from jupyter_client.client import KernelClient

__all__ = ["Cell", "Frontend", "NoAnswerError", "launched"]

_RECONNECT_MILLISECONDS = 2
_STOP_SECONDS = 10.0
_NUDGE_SECONDS = 0.005

Message = dict[str, Any]


class NoAnswerError(Exception):
    """The kernel did not answer in time, or has ended."""


@dataclass
class Cell:
    """What came of a cell, and when; times are seconds since it was sent.

    Attributes:
        reply_seconds: When the reply came.
        idle_seconds: When the kernel said that it is idle.
        outputs: What was published under it before that, each with its time.
        late: How many outputs came after "idle".
    """

    reply: Message = field(default_factory=dict)
    reply_seconds: float = 0.0
    idle_seconds: float = 0.0
    outputs: list[tuple[float, Message]] = field(default_factory=list)
    late: int = 0

    @property
    def seconds(self) -> float:
        """Seconds until both the reply and "idle" had come."""
        return max(self.reply_seconds, self.idle_seconds)

    @property
    def text(self) -> str:
        """All streamed text."""
        return "".join(
            message["content"]["text"]
            for _, message in self.outputs
            if message["header"]["msg_type"] == "stream"
        )

    @property
    def result(self) -> str | None:
        """The result as plain text."""
        for _, message in self.outputs:
            if message["header"]["msg_type"] == "execute_result":
                return str(message["content"]["data"].get("text/plain"))
        return None

    @property
    def has_succeeded(self) -> bool:
        """Whether the kernel replied that all went well."""
        return bool(self.reply.get("status") == "ok")


class Frontend:
    """One kernel process, just launched, and the sockets to it.

    Attributes:
        pid: The kernel's process.
        launched_at: When it was launched, on the clock of `time.perf_counter`.
    """

    def __init__(
        self,
        manager: Any,  # noqa: ANN401 -- a KernelManager, whose types leave out much of it
        client: KernelClient,
        launched_at: float,
    ) -> None:
        self._manager = manager
        self._session = client.session
        self._channels = {
            "shell": client.shell_channel.socket,
            "iopub": client.iopub_channel.socket,
            "control": client.control_channel.socket,
        }
        self._poller = zmq.Poller()
        for name in ("shell", "iopub"):
            self._poller.register(self._channels[name], zmq.POLLIN)
        self.pid: int = self._manager.provisioner.process.pid
        self.launched_at = launched_at

    @property
    def is_alive(self) -> bool:
        """Whether the process lives."""
        return bool(self._manager.provisioner.process.poll() is None)

    def send(self, channel: str, kind: str, content: Mapping[str, Any]) -> str:
        """Send a request and return its identifier."""
        message = self._session.msg(kind, dict(content))
        self._session.send(self._channels[channel], message)
        return str(message["header"]["msg_id"])

    def ask(self, kind: str, content: Mapping[str, Any], *, seconds: float = 30.0) -> float:
        """Send a request on the shell channel; return the seconds until its reply."""
        began = time.perf_counter()
        request = self.send("shell", kind, content)
        for channel, message in self._messages(began + seconds):
            if channel == "shell" and message["parent_header"].get("msg_id") == request:
                return time.perf_counter() - began
        raise NoAnswerError(kind)

    def connect(self, *, seconds: float = 60.0) -> float:
        """Ask for the kernel's information until something was published under that as well.

        A subscription takes its time to arrive, and what was published before it is lost.

        Returns:
            Seconds from the launch.
        """
        deadline = self.launched_at + seconds
        has_replied = False
        while True:
            request = self.send("shell", "kernel_info_request", {})
            try:
                # Unanswered is not repeated: the first one waits for the kernel.
                until = time.perf_counter() + _NUDGE_SECONDS if has_replied else deadline
                for channel, message in self._messages(until):
                    has_replied = has_replied or channel == "shell"
                    if channel == "iopub" and has_replied:
                        return time.perf_counter() - self.launched_at
                    if message["parent_header"].get("msg_id") == request and channel == "shell":
                        break
                for channel, _ in self._messages(time.perf_counter() + _NUDGE_SECONDS):
                    if channel == "iopub":
                        return time.perf_counter() - self.launched_at
            except NoAnswerError:
                if time.perf_counter() >= deadline or not self.is_alive:
                    raise

    def begin(self, code: str) -> str:
        """Send a cell without waiting."""
        return self.send(
            "shell",
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": False,
            },
        )

    def run(self, code: str, *, seconds: float = 60.0) -> Cell:
        """Run a cell until its reply and "idle" have come."""
        began = time.perf_counter()
        return self.finish(self.begin(code), began, seconds=seconds)

    def finish(
        self, request: str, began: float, *, seconds: float = 60.0, until_output: bool = False
    ) -> Cell:
        """Wait for a cell that was sent: for its end, or for the first that it shows."""
        cell = Cell()
        for channel, message in self._messages(began + seconds):
            if message["parent_header"].get("msg_id") != request:
                continue
            now = time.perf_counter() - began
            if channel == "shell":
                cell.reply, cell.reply_seconds = message["content"], now
            elif message["header"]["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    cell.idle_seconds = now
            elif message["header"]["msg_type"] != "execute_input":
                cell.outputs.append((now, message))
                if until_output:
                    return cell
            if cell.reply_seconds and cell.idle_seconds:
                return cell
        raise NoAnswerError("the cell did not end")

    def count_late(self, cell: Cell, request: str, *, seconds: float = 1.0) -> None:
        """Count what still comes under a cell after its end."""
        try:
            for _, message in self._messages(time.perf_counter() + seconds):
                cell.late += message["parent_header"].get("msg_id") == request
        except NoAnswerError:
            return

    def interrupt(self) -> None:
        """Interrupt as a frontend does: by message or by signal, as the kernel wants."""
        if self._manager.kernel_spec.interrupt_mode == "message":
            self.send("control", "interrupt_request", {})
        else:
            self._manager.interrupt_kernel()

    def _messages(self, deadline: float) -> Iterator[tuple[str, Message]]:
        """Yield messages as they come, with their channel.

        Raises:
            NoAnswerError: The deadline has come, or the kernel has ended.
        """
        while True:
            rest = deadline - time.perf_counter()
            if rest <= 0:
                raise NoAnswerError("time is over")
            ready = dict(self._poller.poll(int(min(rest, 1.0) * 1000)))
            if not ready and not self.is_alive:
                raise NoAnswerError("the kernel has ended")
            for name in ("iopub", "shell"):
                if self._channels[name] in ready:
                    frames = self._channels[name].recv_multipart(zmq.NOBLOCK)
                    try:
                        _, parts = self._session.feed_identities(frames)
                        message = self._session.deserialize(parts)
                    except ValueError as error:  # some mix messages, or sign what they do not send
                        raise NoAnswerError(f"a broken message: {str(error)[:40]}") from error
                    yield name, message


def _environment() -> dict[str, str]:
    """Return this process's environment without what would be measured of this machine.

    Node parses a machine's own certificates before all else, some 40 ms for a usual list.
    """
    return {name: value for name, value in os.environ.items() if name != "NODE_EXTRA_CA_CERTS"}


@contextmanager
def launched(kernel: Contender, folder: Path) -> Iterator[Frontend]:
    """Launch a kernel and connect to it, without waiting until it is ready.

    Args:
        kernel: Which one.
        folder: Where it works, unless it has a folder of its own.
    """
    context = zmq.Context()
    # A socket tries again every 100 ms by default, which would round every time of launch.
    context.setsockopt(zmq.RECONNECT_IVL, _RECONNECT_MILLISECONDS)
    manager = KernelManager(context=context)
    manager._kernel_spec = KernelSpec(  # noqa: SLF001 -- a spec of its own needs no files
        argv=kernel.arguments, display_name="", language="", interrupt_mode=kernel.interrupt_mode
    )
    began = time.perf_counter()
    manager.start_kernel(
        env={**_environment(), **kernel.environment},
        cwd=str(kernel.folder or folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = manager.client(context=context)
    try:
        for channel in (client.shell_channel, client.iopub_channel, client.control_channel):
            channel.start()
        yield Frontend(manager, client, began)
    finally:
        manager.shutdown_wait_time = _STOP_SECONDS
        manager.shutdown_kernel()
        client.stop_channels()
        context.destroy(linger=0)
