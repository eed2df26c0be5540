"""Node's own word on JavaScript: judge.js as a process that tests ask."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ANSWER_SECONDS = 60


class Outcome(TypedDict, total=False):
    """What a piece of code gave: a value as JSON, or an error and its line in the cell."""

    value: object
    error: str
    line: int


class Judge:
    """A Node process that parses and runs JavaScript; close it after use."""

    def __init__(self) -> None:
        node = shutil.which("node")
        assert node, "the tests need Node 18 or newer on PATH: see CONTRIBUTING.md"
        self._process = subprocess.Popen(
            [
                node,
                "--no-warnings",
                "--experimental-vm-modules",
                str(Path(__file__).with_name("judge.js")),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def run(self, *codes: str) -> list[Outcome]:
        """Evaluate pieces of code in REPL mode, in a context of their own."""
        return cast("list[Outcome]", self._ask({"run": codes}))

    def are_modules(self, sources: Sequence[str]) -> list[bool]:
        """Tell for each source whether V8 parses it as a module."""
        return cast("list[bool]", self._ask({"modules": sources}))

    def completeness(self, sources: Sequence[str]) -> list[str]:
        """Ask Node's REPL for each source: complete, incomplete or invalid."""
        return cast("list[str]", self._ask({"completeness": sources}))

    def repl_complaints(self, sources: Sequence[str]) -> list[str]:
        """Return what V8's parser says of each source in REPL mode; nothing if it parses."""
        return cast("list[str]", self._ask({"repl": sources}))

    def module_complaints(self, sources: Sequence[str]) -> list[str]:
        """Return what V8 says of each source as a module; nothing if it parses."""
        return cast("list[str]", self._ask({"refusals": sources}))

    def corpus(self, *, seed: int, count: int) -> list[str]:
        """Return modules that V8 accepts: those of packages, and a number of made ones."""
        return cast("list[str]", self._ask({"corpus": {"seed": seed, "count": count}}))

    def differences(self, pairs: Sequence[tuple[str, str]]) -> list[str]:
        """Return what acorn finds wrong in each module and its rewriting; nothing if right."""
        return cast("list[str]", self._ask({"pairs": pairs}))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait(_ANSWER_SECONDS)
        self._reader.join(_ANSWER_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _ask(self, request: Mapping[str, object]) -> object:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return cast("object", json.loads(self._answers.get(timeout=_ANSWER_SECONDS)))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
