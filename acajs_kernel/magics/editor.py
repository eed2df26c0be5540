"""What editors and consoles ask of a cell with magics: completion, help, whether it is complete."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from acajs_kernel.cell.completeness import Completeness, check_completeness
from acajs_kernel.cell.magics import MagicPart, split_cell
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.describing import describe_magic
from acajs_kernel.magics.registry import magics
from acajs_kernel.session import Completion, Completions, NotebookSession

__all__ = ["asked_magic", "check_cell", "complete_cell", "inspect_cell"]

_SIGN_AND_NAME = re.compile(
    r"(?P<blanks>[^\S\n]*)(?P<sign>%{1,2})(?P<name>\w*)(?P<rest>[^\S\n].*)?\Z"
)
_COMMAND = re.compile(r"[^\S\n]*!(?P<rest>.*)\Z")
_ASKED = re.compile(r"\s*(?:%{0,2}(?P<name>[^\W\d]\w*)|(?P<command>!))\s*\?{1,2}\s*\Z")
_MOST_FILES = 1000
# What the session completes as the name of a file: any word behind a magic.
_FILE = "%load "


def asked_magic(code: str) -> Mapping[str, str] | None:
    """Return the help that a cell such as ``%time?`` asks for, as a MIME bundle."""
    asked = _ASKED.match(code)
    if asked is None or not ("%" in code or "!" in code):
        return None
    name = asked["name"] or "sh"
    magic = magics().get(name)
    if magic is not None:
        return describe_magic(magic)
    return {"text/plain": f"There is no magic %{name}; %lsmagic lists all magics."}


def check_cell(code: str) -> Completeness:
    """Tell whether a console should run a cell that holds magics, or wait for more.

    As in IPython a magic of a whole cell waits for an empty line at its end.
    """
    parts = split_cell(code)
    last = parts[-1] if parts else None
    if not isinstance(last, MagicPart):
        return check_completeness(last.code if last is not None else code)
    if last.body is None:
        return Completeness("incomplete" if code.endswith("\\") else "complete")
    ends = last.body.endswith("\n\n") or last.body.strip(" ") == "\n"
    return Completeness("complete" if ends else "incomplete")


async def complete_cell(code: str, cursor: int, notebook: NotebookSession) -> Completions:
    """Return completions at a cursor (in code points) of a cell that may hold magics."""
    begin = code.rfind("\n", 0, cursor) + 1
    line = code[begin:cursor]
    command = _COMMAND.match(line)
    if command:
        return await _command(command["rest"], code, cursor, notebook)
    written = _SIGN_AND_NAME.match(line)
    if written is None:
        return await notebook.complete(_javascript(code, cursor), cursor)
    if written["rest"] is None:
        start = begin + len(written["blanks"])
        is_first = not code[:begin].strip()
        found = _names(written["sign"], written["name"], is_first=is_first)
        if found:
            return Completions(found, start, cursor)
        return await notebook.complete(code, cursor)
    magic = magics().get(written["name"])
    if magic is None:
        return Completions((), cursor, cursor)
    return await _arguments(magic, written["rest"], code, cursor, notebook)


async def inspect_cell(
    code: str, cursor: int, detail: int, notebook: NotebookSession
) -> Mapping[str, Any] | None:
    """Describe what stands at a cursor (in code points) of a cell that may hold magics."""
    begin = code.rfind("\n", 0, cursor) + 1
    line = code[begin:].partition("\n")[0]
    written = _SIGN_AND_NAME.match(line)
    magic = magics().get(written["name"]) if written else None
    if magic is not None and written is not None:
        takes_code = magic.completes == "code" and written["rest"] is not None
        if not takes_code or cursor <= begin + written.end("name"):
            return describe_magic(magic)
    elif _COMMAND.match(line):
        described = await notebook.inspect(code, cursor, detail)
        return described or describe_magic(magics()["sh"])
    return await notebook.inspect(_javascript(code, cursor), cursor, detail)


def _names(sign: str, prefix: str, *, is_first: bool) -> list[Completion]:
    """Return the magics whose names begin so; those of cells only on the first line."""
    found = []
    for magic in magics().values():
        if not magic.name.startswith(prefix):
            continue
        if sign == "%" and magic.is_line_magic:
            found.append(Completion(f"%{magic.name}", "magic"))
        if magic.is_cell_magic and is_first:
            found.append(Completion(f"%%{magic.name}", "magic"))
    return found


async def _arguments(
    magic: Magic, rest: str, code: str, cursor: int, notebook: NotebookSession
) -> Completions:
    if magic.completes == "code":
        return await notebook.complete(_javascript(code, cursor), cursor)
    word = re.split(r"\s", rest)[-1]
    found: list[Completion] = []
    if len(rest.split()) <= (1 if word else 0):
        found = [Completion(text, "keyword") for text in _beginning(magic.words, word)]
    if magic.completes == "magics":
        found += [Completion(text, "magic") for text in _beginning(magics(), word)]
    elif magic.completes == "local files":
        names = await asyncio.to_thread(_local_files, word)
        found += [Completion(text, "file") for text in names]
    elif magic.completes == "session files" and not found:
        return await _session_files(rest, cursor, notebook)
    return Completions(found, cursor - len(word), cursor)


async def _command(text: str, code: str, cursor: int, notebook: NotebookSession) -> Completions:
    """Complete a line that may be a command, with files, or a negation."""
    files = await _session_files(text, cursor, notebook)
    if files.matches:
        return files
    return await notebook.complete(_javascript(code, cursor), cursor)


def _beginning(words: Iterable[str], prefix: str) -> list[str]:
    return [word for word in words if word.startswith(prefix)]


async def _session_files(text: str, cursor: int, notebook: NotebookSession) -> Completions:
    """Complete the last word of a text as the name of a file of the session."""
    word = re.split(r"\s", text)[-1]
    asking = _FILE + word
    completions = await notebook.complete(asking, len(asking))
    shift = cursor - len(asking)
    return completions._replace(start=completions.start + shift, end=completions.end + shift)


def _local_files(word: str) -> list[str]:
    """Return the files of the kernel's machine whose paths begin so; folders end in a slash."""
    folder, _, prefix = word.rpartition("/")
    # pathlib's own function raises for the home of a user who does not exist.
    where = Path(os.path.expanduser(folder + "/") if "/" in word else "")  # noqa: PTH111 -- as above
    head = f"{folder}/" if "/" in word else ""
    try:
        with os.scandir(where) as entries:
            found = sorted(
                head + entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(prefix) and (prefix or not entry.name.startswith("."))
            )
    except OSError:
        return []
    return found[:_MOST_FILES]


def _javascript(code: str, cursor: int) -> str:
    """Return the cell with blanks for its magics; of the cursor's own for its name alone."""
    lines = code.split("\n")
    here = code.count("\n", 0, cursor)
    for number, line in enumerate(lines):
        written = _SIGN_AND_NAME.match(line)
        if written is None or written["name"] not in magics():
            continue
        end = written.end("name") if number == here else len(line)
        lines[number] = " " * end + line[end:]
    return "\n".join(lines)
