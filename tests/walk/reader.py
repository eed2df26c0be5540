"""A newcomer who pastes a page's blocks, one after another, in a place of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from jupyter_client.kernelspec import KernelSpecManager

from tests.kernel_client import RunningKernel, running_kernel
from tests.walk.pages import Block
from tests.walk.terminal import Terminal

__all__ = ["Reader", "is_shown"]

_ANSWER_SECONDS = 60
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_EXPORT = re.compile(r"^export \w+=\S+$", re.MULTILINE)
_LAB_URL = re.compile(r"(http://\S+?)/lab\?token=(\w+)")
_VOLATILE = re.compile(r'"executionTimeInMilliseconds":\s*\d+')


class Reader:
    """Pastes blocks into a terminal, and cells into one notebook, and reads what they show.

    Args:
        terminal: The reader's shell, open.
        kernels: A folder with the kernel spec ``acajs`` of the reader's Python.
    """

    def __init__(self, terminal: Terminal, kernels: Path) -> None:
        self._terminal = terminal
        self._kernels = kernels
        self._kernel: RunningKernel | None = None
        self._open = AsyncExitStack()

    async def close(self) -> None:
        """End the notebook's kernel."""
        await self._open.aclose()

    async def paste(self, block: Block) -> None:
        """Run a block, and compare what it prints with what the page shows.

        Raises:
            AssertionError: It failed, or printed something else.
        """
        printed = await {"sh": self._shell, "js": self._cell, "python": self._python}[
            block.language
        ](block.text)
        if block.output is not None:
            assert is_shown(printed, block.output), (
                f"{block.place} prints\n{printed}\nand the page shows\n{block.output}"
            )

    async def _shell(self, text: str) -> str:
        """Paste commands; programs that stay get a terminal of their own."""
        printed, pasted = "", ""
        for command in _commands(text):
            if command.startswith(("acajs pool serve", "jupyter lab")):
                printed += await self._terminal.paste(pasted)
                pasted = await self._leave_running(command)
            else:
                pasted += command
        return printed + await self._terminal.paste(pasted)

    async def _leave_running(self, command: str) -> str:
        """Start a program that stays; return what the reader pastes from what it prints."""
        if command.startswith("acajs pool serve"):
            said = await self._terminal.leave_running(
                command, lambda printed: len(_EXPORT.findall(printed)) == 2
            )
            return "".join(f"{line}\n" for line in _EXPORT.findall(said))
        said = await self._terminal.leave_running(
            command, lambda printed: _LAB_URL.search(printed) is not None
        )
        found = _LAB_URL.search(said)
        assert found is not None
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False) as browser:
            answer = await browser.get(
                f"{found[1]}/api/kernelspecs", headers={"Authorization": f"token {found[2]}"}
            )
        specs: Mapping[str, Any] = answer.raise_for_status().json()["kernelspecs"]
        assert specs["acajs"]["spec"]["display_name"] == "JavaScript (ACA)"
        return ""

    async def _cell(self, code: str) -> str:
        if self._kernel is None:
            specs = KernelSpecManager(kernel_dirs=[str(self._kernels)], ensure_native_kernel=False)
            self._kernel = await self._open.enter_async_context(
                running_kernel(
                    await self._terminal.environment(),
                    specs=specs,
                    cwd=str(await self._terminal.folder()),
                )
            )
        ran = await self._kernel.run(code)
        assert ran.reply["status"] == "ok", code + str(ran.reply)
        return "".join(map(_text_of, ran.messages))

    async def _python(self, text: str) -> str:
        folder = await self._terminal.folder()
        (folder / "pasted.py").write_text(text, encoding="utf-8")
        return await self._terminal.paste("python pasted.py\n")


def _text_of(message: Mapping[str, Any]) -> str:
    """Return what a message shows as text, values with a line's end."""
    content = message["content"]
    if message["msg_type"] in {"execute_result", "display_data"}:
        return f"{content['data']['text/plain']}\n"
    return str(content["text"]) if message["msg_type"] == "stream" else ""


def _commands(text: str) -> list[str]:
    """Split what is pasted into lines, those that end with a backslash joined to the next."""
    return re.findall(r"(?:.*\\\n)*.*\n", text)


def is_shown(printed: str, shown: str) -> bool:
    """Tell whether a page shows what was printed; an ellipsis stands for anything."""
    printed = _COLOUR.sub("", printed)
    if shown.startswith("{"):
        times = (
            _VOLATILE.sub('"executionTimeInMilliseconds":0', text) for text in (printed, shown)
        )
        one, other = (json.loads(text) for text in times)
        return bool(one == other)
    pattern = ".*?".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None
