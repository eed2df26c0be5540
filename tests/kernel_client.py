"""A real kernel process and a client of it, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

__all__ = ["Ran", "RunningKernel", "running_kernel"]

_START_SECONDS = 60
_CELL_SECONDS = 60

Message = dict[str, Any]


@dataclass
class Ran:
    """What a request gave: its reply, and everything published under it until idle."""

    reply: Message = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)

    def _text(self, name: str) -> str:
        return "".join(
            message["content"]["text"]
            for message in self.messages
            if message["msg_type"] == "stream" and message["content"]["name"] == name
        )

    @property
    def stdout(self) -> str:
        """All text on stdout."""
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """All text on stderr."""
        return self._text("stderr")

    @property
    def types(self) -> list[str]:
        """The message types, without execute_input and status."""
        return [
            message["msg_type"]
            for message in self.messages
            if message["msg_type"] not in {"status", "execute_input"}
        ]

    @property
    def data(self) -> Any:
        """The MIME bundle of the result, or None."""
        results = [m for m in self.messages if m["msg_type"] == "execute_result"]
        assert len(results) <= 1, "a cell has at most one result"
        return results[0]["content"]["data"] if results else None

    @property
    def text(self) -> str | None:
        """The result's text/plain, or None."""
        data = self.data
        return None if data is None else str(data["text/plain"])

    @property
    def error(self) -> Message:
        """The content of the one error message."""
        errors = [m["content"] for m in self.messages if m["msg_type"] == "error"]
        assert len(errors) == 1, f"expected one error, got {errors}"
        assert self.reply["status"] == "error"
        content: Message = errors[0]
        return content

    @property
    def traceback(self) -> str:
        """The error's traceback as one text."""
        return "\n".join(self.error["traceback"])


class RunningKernel:
    """A started kernel with one client connected."""

    def __init__(self, manager: AsyncKernelManager, client: Any) -> None:
        self.manager = manager
        self.client = client

    @property
    def pid(self) -> int:
        """The kernel's process."""
        provisioner: Any = self.manager.provisioner
        pid: int = provisioner.process.pid
        return pid

    async def run(self, code: str, *, seconds: float = _CELL_SECONDS, **options: Any) -> Ran:
        """Execute a cell, and wait for its reply and for idle."""
        return await self.collect(self.client.execute(code, **options), seconds=seconds)

    async def collect(
        self, request: str, *, seconds: float = _CELL_SECONDS, reply: bool = True
    ) -> Ran:
        """Wait for a request's reply and its idle status."""
        return await asyncio.wait_for(self._collect(request, reply=reply), seconds)

    async def _collect(self, request: str, *, reply: bool) -> Ran:
        ran = Ran()
        idle = False
        while not idle:
            message = await self.published(request)
            ran.messages.append(message)
            idle = message["content"].get("execution_state") == "idle"
        while reply and not ran.reply:
            message = await self.client.get_shell_msg(timeout=_CELL_SECONDS)
            if message["parent_header"].get("msg_id") == request:
                ran.reply = message["content"]
        return ran

    async def interrupt(self) -> None:
        """Interrupt, and wait until the kernel has done so.

        The manager's own method returns when the request is sent, which may then meet the
        next cell.
        """
        request = self.client.session.msg("interrupt_request", {})
        self.client.control_channel.send(request)
        while True:
            reply = await self.client.get_control_msg(timeout=_CELL_SECONDS)
            if reply["parent_header"].get("msg_id") == request["header"]["msg_id"]:
                assert reply["content"]["status"] == "ok"
                return

    async def published(self, request: str) -> Message:
        """Return the next message published under a request."""
        while True:
            message: Message = await self.client.get_iopub_msg(timeout=_CELL_SECONDS)
            if message["parent_header"].get("msg_id") == request:
                return message

    async def until(self, request: str, text: str) -> None:
        """Wait until a request's output holds a text."""
        seen = ""
        while text not in seen:
            message = await self.published(request)
            seen += message["content"].get("text", "")

    async def settle(self) -> None:
        """Drop what was published so far."""
        while True:
            try:
                await self.client.get_iopub_msg(timeout=0.05)
            except Empty:
                return


@asynccontextmanager
async def running_kernel(
    environment: Mapping[str, str],
    *,
    kernel_name: str = "acajs",
    specs: KernelSpecManager | None = None,
    transport: str = "tcp",
    **options: Any,
) -> AsyncIterator[RunningKernel]:
    """Start a kernel with exactly this environment, and end it afterwards.

    Unless the environment says otherwise it keeps no history, and its session has a folder of
    its own.

    Args:
        environment: Its variables.
        kernel_name: The name of its kernel spec.
        specs: Finds the kernel spec; by default as Jupyter does.
        transport: What ZeroMQ's sockets are: "tcp" or "ipc".
        options: Further ones of the manager's `start_kernel`.
    """
    manager = AsyncKernelManager(
        kernel_name=kernel_name,
        kernel_spec_manager=specs or KernelSpecManager(),
        transport=transport,
    )
    await manager.start_kernel(
        env={"ACAJS_HISTORY": "off", "ACAJS_WORKSPACE": "off", **environment}, **options
    )
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=_START_SECONDS)
        yield RunningKernel(manager, client)
    finally:
        client.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=False)
