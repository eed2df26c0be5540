"""``%load`` and ``%%writefile``: a text file of the session into a cell, and back."""

from __future__ import annotations

import base64

from acajs_kernel.errors import CodeFailedError, MagicError
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.runtime import programs

__all__ = ["MAGICS"]

_MOST_BYTES = 1_000_000


async def _load(call: Call) -> None:
    name = _name(call, call.words())
    try:
        file = await call.evaluate(programs.call("read_text", name, _MOST_BYTES))
    except CodeFailedError as error:
        raise _failure(call, name, error) from error
    if file["content"] is None:
        raise MagicError(
            f"%load: {name} has {file['size']:,} bytes, too many for a cell "
            f"(at most {_MOST_BYTES:,}).",
            remedy="Read it in JavaScript: require('node:fs').readFileSync(…).",
        )
    try:
        text = base64.b64decode(file["content"]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MagicError(
            f"%load: {name} is not UTF-8 text.",
            remedy="Read it in JavaScript: require('node:fs').readFileSync(…).",
        ) from error
    call.set_next_input(f"// %load {call.arguments}\n{text}", replace_cell=call.is_alone)


async def _write(call: Call) -> None:
    words = call.words()
    appends = words[:1] in (["-a"], ["--append"])
    name = _name(call, words[1:] if appends else words)
    text = call.body or ""
    if text and not text.endswith("\n"):
        text += "\n"  # a cell's last line has no line feed, a file's has
    try:
        await call.execute(programs.call("write_text", name, text, appends))
    except CodeFailedError as error:
        raise _failure(call, name, error) from error


def _name(call: Call, words: list[str]) -> str:
    if len(words) != 1 or words[0].startswith("-"):
        raise call.misuse("It takes the name of one file.")
    return words[0]


def _failure(call: Call, name: str, error: CodeFailedError) -> CodeFailedError | MagicError:
    """Return the error to show: Node's own reason, without the code that the magic ran."""
    if error.ename == "KeyboardInterrupt":
        return error
    is_missing = "ENOENT" in error.evalue
    remedy = "The session has its own files, not those of your machine." if is_missing else ""
    return MagicError(f"%{call.magic.name}: {name}: {error.evalue}", remedy=remedy)


MAGICS = (
    Magic(
        name="load",
        usage=("%load NAME",),
        summary="Put the text of a session file into this cell.",
        run=_load,
        where="session",
        details="If the cell holds more than the magic, the text goes into a new cell below.",
        completes="session files",
    ),
    Magic(
        name="writefile",
        usage=("%%writefile [-a] NAME",),
        summary="Write the lines below to a file in the session; with `-a` append them.",
        run=_write,
        where="session",
        completes="session files",
    ),
)
