"""Completions for the editor, of what the session answers and of what is known without it."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from acajs_kernel.cell.bindings import top_level_names
from acajs_kernel.cell.completion import KEYWORDS, Wanted, wanted_at
from acajs_kernel.cell.syntax import parse
from acajs_kernel.cell.targets import MODULE, Target
from acajs_kernel.session.editor import documentation
from acajs_kernel.session.events import Completion, Completions

__all__ = ["EDITOR_PART", "QUESTION_MILLISECONDS", "builtin_path", "complete", "known_completions"]

QUESTION_MILLISECONDS = 1000
"""How long the session may take to answer the editor."""

EDITOR_PART = "editor"
"""The part of the runtime that answers the editor."""


_LITERALS = (
    (re.compile(r"""(?:"[^"]*"|'[^']*'|`[^`]*`)\Z"""), "String.prototype"),
    (re.compile(r"\[.*\]\Z", re.DOTALL), "Array.prototype"),
    (re.compile(r"/.+/\w*\Z"), "RegExp.prototype"),
    (re.compile(r"new (Map|Set|Date|URL|Promise|WeakMap|URLSearchParams)\b[^.]*\Z"), ""),
)


async def complete(
    ask: Callable[..., Awaitable[dict[str, Any]]], code: str, cursor: int
) -> Completions | None:
    """Complete with what a session knows; None if it cannot answer now.

    Args:
        ask: Sends the session an operation and its fields.
        code: The cell that is being written.
        cursor: In code points.
    """
    wanted = wanted_at(code, cursor)
    if wanted.kind == "nothing":
        return Completions((), cursor, cursor)
    answer = await ask(
        "complete", needs=[EDITOR_PART], wait=QUESTION_MILLISECONDS, **_question(wanted)
    )
    matches = answer.get("matches")
    if not isinstance(matches, list):
        return None  # it was refused
    return _completions(wanted, filter(_is_match, matches))


def _is_match(match: Any) -> bool:  # noqa: ANN401 -- JSON
    """Tell whether this is one of a session's matches: user code may have made it up."""
    return (
        isinstance(match, dict)
        and all(isinstance(match.get(name, ""), str) for name in ("text", "type"))
        and "text" in match
    )


def _question(wanted: Wanted) -> dict[str, Any]:
    """Return the fields of the request that asks the session for completions."""
    return {
        "kind": wanted.kind,
        "prefix": _unescaped(wanted.prefix) if wanted.kind == "key" else wanted.prefix,
        "targets": [asdict(target) for target in wanted.targets],
    }


def _completions(wanted: Wanted, matches: Iterable[Mapping[str, str]]) -> Completions:
    """Join what a session has found with what the cell's own text declares, and keywords."""
    found: dict[str, str] = {}
    for match in matches:
        text = match["text"]
        if wanted.kind == "key":
            text = _escaped(text, wanted.quote)
        found.setdefault(text, match.get("type", ""))
    if wanted.kind == "name":
        own = {binding.name: binding.kind for binding in wanted.names}
        # What has run knows types better, what is written comes first.
        found = {name: found.get(name, kind) for name, kind in own.items()} | found
        for word in KEYWORDS:
            if word.startswith(wanted.prefix):
                found.setdefault(word, "keyword")
    return Completions(
        [
            Completion(text, kind)
            for text, kind in found.items()
            if text not in wanted.written or text == wanted.prefix
        ],
        wanted.start,
        wanted.end,
    )


def known_completions(code: str, cursor: int, cells: Sequence[str]) -> Completions:
    """Complete without asking anybody, for the time that a session cannot answer.

    Args:
        code: The cell that is being written.
        cursor: In code points.
        cells: The texts of the cells that were run, the latest last.
    """
    wanted = wanted_at(code, cursor)
    matches: list[dict[str, str]] = []
    if wanted.kind == "name":
        names = {name: kind for cell in cells for name, kind in _declared(cell)}
        matches = [{"text": name, "type": kind} for name, kind in names.items()]
        matches += _members("")
    elif wanted.kind in {"member", "export"}:
        paths = (builtin_path(target) for target in wanted.targets)
        matches = next(filter(None, (_members(path) for path in paths if path)), [])
    fitting = [match for match in matches if match["text"].startswith(wanted.prefix)]
    return _completions(wanted, fitting)


def builtin_path(target: Target) -> str:
    """Return the path of the builtin that an expression seems to be; else an empty text."""
    expression = target.expression.strip().replace("?.", ".")
    while expression.startswith("(") and expression.endswith(")"):
        expression = expression[1:-1].strip()
    if target.module:
        module = "node:" + target.module.removeprefix("node:")
        return module + expression.removeprefix(f"({MODULE})").removeprefix(MODULE)
    for pattern, path in _LITERALS:
        match = pattern.match(expression)
        if match:
            return path or f"{match[1]}.prototype"
    return expression


def _members(path: str) -> list[dict[str, str]]:
    return [
        {"text": name, "type": "function" if is_function else "property"}
        for name, is_function in documentation.members(path)
    ]


@functools.lru_cache(maxsize=200)
def _declared(code: str) -> tuple[tuple[str, str], ...]:
    return tuple((binding.name, binding.kind) for binding in top_level_names(parse(code)))


def _escaped(key: str, quote: str) -> str:
    return key.replace("\\", "\\\\").replace(quote, f"\\{quote}").replace("\n", "\\n")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)
