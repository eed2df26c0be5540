"""Descriptions for the editor: what a session knows of a value, as text and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from acajs_kernel.cell.completion import wanted_expression
from acajs_kernel.cell.targets import Target
from acajs_kernel.session.editor import documentation
from acajs_kernel.session.editor.completing import (
    EDITOR_PART,
    QUESTION_MILLISECONDS,
    builtin_path,
)
from acajs_kernel.session.editor.documentation import Entry

__all__ = ["describe", "describe_known", "inspect"]

_COMMENT_EDGE = re.compile(r"^[ \t]*(?:/\*\*?|\*/|\*(?!/)|//)[ \t]?|[ \t]*\*/[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"^@(\w+)", re.MULTILINE)


class _Text:
    """A description that grows in both forms at once."""

    def __init__(self) -> None:
        self._plain: list[str] = []
        self._markdown: list[str] = []

    def code(self, text: str, language: str = "js") -> None:
        """Add code."""
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
        self._plain.append(text)
        self._markdown.append(f"{fence}{language}\n{text}\n{fence}")

    def line(self, plain: str, markdown: str | None = None) -> None:
        """Add a paragraph."""
        self._plain.append(plain)
        self._markdown.append(plain if markdown is None else markdown)

    def bundle(self) -> Mapping[str, Any]:
        """Return the MIME bundle."""
        return {
            "text/plain": "\n\n".join(self._plain),
            "text/markdown": "\n\n".join(self._markdown),
        }


async def inspect(
    ask: Callable[..., Awaitable[dict[str, Any]]], code: str, cursor: int, detail: int
) -> Mapping[str, Any] | None:
    """Describe what is at a cursor with what a session knows; None if that is nothing.

    Args:
        ask: Sends the session an operation and its fields.
        code: The cell that is being written.
        cursor: In code points.
        detail: Jupyter's ``detail_level``, 0 or 1.
    """
    targets = wanted_expression(code, cursor)
    if not targets:
        return None
    answer = await ask(
        "inspect",
        needs=[EDITOR_PART],
        wait=QUESTION_MILLISECONDS,
        detail=detail,
        targets=[asdict(target) for target in targets],
    )
    facts = answer.get("found")
    try:
        return describe(facts, targets, detail=detail) if isinstance(facts, dict) else None
    except (KeyError, TypeError, ValueError):
        return None  # user code has made it up


def describe(
    facts: Mapping[str, Any], targets: Sequence[Target], *, detail: int
) -> Mapping[str, Any] | None:
    """Describe a value that the session has looked up, as a MIME bundle.

    Args:
        facts: What the session says of it; empty if it was not found.
        targets: What was looked up.
        detail: 0 short, 1 with all of the source text.
    """
    if not facts:
        return describe_known(targets)
    text = _Text()
    entry = _entry(facts, targets)
    if facts["kind"] == "value":
        _add_value(text, facts, entry)
    else:
        _add_function(text, facts, entry, _name(facts, targets), detail=detail)
    return text.bundle()


def describe_known(targets: Sequence[Target]) -> Mapping[str, Any] | None:
    """Describe a builtin without asking the session; None for what is not known."""
    for target in targets:
        entry = documentation.find(builtin_path(target))
        if entry is not None:
            text = _Text()
            _add_entry(text, entry)
            return text.bundle()
    return None


def _entry(facts: Mapping[str, Any], targets: Sequence[Target]) -> Entry | None:
    if facts.get("builtin"):
        return documentation.find(facts["builtin"])
    if facts.get("place"):
        return None  # a function of the user's, whatever its name is
    paths = [builtin_path(target) for target in targets]
    return next(filter(None, (documentation.find(path) for path in paths)), None)


def _name(facts: Mapping[str, Any], targets: Sequence[Target]) -> str:
    own = facts.get("name")
    return own if isinstance(own, str) and own else targets[0].expression


def _add_entry(text: _Text, entry: Entry) -> None:
    text.code(entry.path + entry.signature, "ts")
    text.line(entry.line)
    _add_link(text, entry)


def _add_link(text: _Text, entry: Entry) -> None:
    if entry.link:
        text.line(f"{entry.site}: {entry.link}", f"[{entry.path} on {entry.site}]({entry.link})")


def _add_function(
    text: _Text, facts: Mapping[str, Any], entry: Entry | None, name: str, *, detail: int
) -> None:
    if entry is not None:
        _add_entry(text, entry)
        if detail and facts.get("source") and entry.link:
            text.code(facts["source"])
        return
    is_class = facts["kind"] == "class"
    signature = str(facts.get("signature") or "")
    if is_class:
        text.code(f"class {name}" + (f" — {signature}" if signature else ""))
    else:
        text.code(signature or f"function {name}()")
    comment = _comment(str(facts.get("comment") or ""))
    if comment:
        text.line(comment, _TAG.sub(r"*@\1*", comment).replace("\n", "  \n"))
    own, static = facts.get("members") or ((), ())
    for title, names in (("Members", own), ("Static", static)):
        if names:
            shown = ", ".join(names)
            text.line(f"{title}: {shown}", f"**{title}:** `{shown}`")
    if facts.get("place"):
        text.line(f"Defined in {facts['place']}", f"*Defined in {facts['place']}*")
    if detail and facts.get("source"):
        text.code(facts["source"])


def _add_value(text: _Text, facts: Mapping[str, Any], entry: Entry | None) -> None:
    title, size = str(facts["type"]), str(facts.get("size") or "")
    more = f", {size}" if size else ""
    text.line(f"{title}{more}", f"**{title}**{more}")
    text.code(str(facts["preview"]))
    if entry is not None:
        text.line(entry.line)
        _add_link(text, entry)
    elif facts.get("owner"):
        owner = documentation.find(facts["owner"])
        if owner is not None and owner.path not in {"Object", "Function"}:
            text.line(f"{owner.path}: {owner.line}", f"`{owner.path}`: {owner.line}")
            _add_link(text, owner)


def _comment(text: str) -> str:
    """Return what a documentation comment says, without its frame."""
    return "\n".join(line.rstrip() for line in _COMMENT_EDGE.sub("", text).splitlines()).strip()
