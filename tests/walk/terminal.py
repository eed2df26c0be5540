"""One user's terminal: a shell that stays, and the programs that are left running beside it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

__all__ = ["Terminal"]

_COMMAND_SECONDS = 300
_READY_SECONDS = 120
_STOP_SECONDS = 20
_SHOWN_CHARACTERS = 4000


class Terminal:
    """A POSIX shell into which blocks are pasted, one after another.

    Variables, the working folder and an activated environment hold from one block to the next.
    The first command that fails ends the shell, and the test.

    Args:
        environment: All variables that the shell begins with.
        folder: Its working folder.
        logs: A folder for what the blocks print.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, logs: Path) -> None:
        self._first_environment = dict(environment)
        self._folder = folder
        self._logs = logs
        self._count = 0
        self._shell: asyncio.subprocess.Process | None = None
        self._servers: list[asyncio.subprocess.Process] = []
        self._readers: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Start the shell."""
        self._shell = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-e"),
            env=self._first_environment,
            cwd=self._folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def close(self) -> None:
        """End the shell, and every program that was left running."""
        for server in self._servers:
            _signal(server, signal.SIGTERM)
        for server in self._servers:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(server.wait(), _STOP_SECONDS)
            _signal(server, signal.SIGKILL)  # what it has started and not ended, too
            await server.wait()
        for reader in self._readers:
            await reader  # it ends with its program's output
        if self._shell is not None:
            if self._shell.stdin is not None:
                self._shell.stdin.close()
            await asyncio.wait_for(self._shell.wait(), _STOP_SECONDS)

    async def paste(self, text: str) -> str:
        """Run what was pasted; return what it printed on standard output.

        Raises:
            AssertionError: A command failed, or took too long.
        """
        assert self._shell is not None
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._count += 1
        script, out, err = (self._logs / f"{self._count}{kind}" for kind in (".sh", ".out", ".err"))
        script.write_text(text, encoding="utf-8")
        # Sourced, so that what it sets stays; without this shell's own input to read from.
        self._shell.stdin.write(f". '{script}' </dev/null >'{out}' 2>'{err}'; echo done\n".encode())
        await self._shell.stdin.drain()
        try:
            said = await asyncio.wait_for(self._shell.stdout.readline(), _COMMAND_SECONDS)
        except asyncio.TimeoutError:
            self._shell.kill()
            said = b"took too long"
        printed = out.read_text(encoding="utf-8")
        if said != b"done\n":
            log = printed + err.read_text(encoding="utf-8")
            raise AssertionError(f"{said.decode()}\n$ {text}\n{log[-_SHOWN_CHARACTERS:]}")
        return printed

    async def environment(self) -> dict[str, str]:
        """Return the variables that a program started now would get."""
        printed = await self.paste("env -0\n")
        pairs = (pair.partition("=") for pair in printed.split("\0") if pair)
        return {name: value for name, _, value in pairs}

    async def folder(self) -> Path:
        """Return the shell's working folder."""
        return Path((await self.paste("pwd\n")).removesuffix("\n"))

    async def leave_running(self, command: str, is_ready: Callable[[str], bool]) -> str:
        """Start a program as in another terminal; return what it printed until it was ready.

        Raises:
            AssertionError: It ended, or was not ready in time.
        """
        server = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", f"exec {command}"),
            env=await self.environment(),
            cwd=await self.folder(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._servers.append(server)
        assert server.stdout is not None
        stream, printed = server.stdout, ""

        async def read() -> None:
            nonlocal printed
            while not is_ready(printed):
                line = await stream.readline()
                assert line, f"$ {command}\nended before it was ready:\n{printed}"
                printed += line.decode()

        try:
            await asyncio.wait_for(read(), _READY_SECONDS)
        except asyncio.TimeoutError:
            raise AssertionError(f"$ {command}\nis not ready:\n{printed}") from None
        self._readers.append(asyncio.create_task(_drain(stream)))
        return printed


def _signal(server: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal a program and what it has started, if any of them is still there."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, number)


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read what nobody waits for, so that its program can go on printing."""
    while await stream.read(65536):
        pass
