"""``%load`` and ``%%writefile``: a text file of the session into a cell, and back."""

from __future__ import annotations

import base64
import json

from acajs_kernel.errors import CodeFailedError, MagicError
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.folder import resolved

__all__ = ["MAGICS"]

_MOST_BYTES = 1_000_000

_READ = f"""((name) => {{
const path = {resolved("name")};
const {{ readFileSync, statSync }} = globalThis.require("node:fs");
const {{ size }} = statSync(path);
return {{ __proto__: null, size,
content: size > {_MOST_BYTES} ? null : readFileSync(path, "base64") }};
}})"""

_WRITE = f"""((name, text, appends) => {{
const path = {resolved("name")};
const {{ existsSync, writeFileSync }} = globalThis.require("node:fs");
const verb = existsSync(path) ? (appends ? "Appending to" : "Overwriting") : "Writing";
writeFileSync(path, text, {{ flag: appends ? "a" : "w" }});
console.log(`${{verb}} ${{name}}`);
}})"""


async def _load(call: Call) -> None:
    name = _name(call, call.words())
    try:
        file = await call.evaluate(f"{_READ}({json.dumps(name)})")
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
    values = ", ".join(map(json.dumps, (name, text, appends)))
    try:
        await call.execute(f"{_WRITE}({values})")
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
