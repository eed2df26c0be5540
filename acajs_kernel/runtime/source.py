"""What travels to the session: the agent, the runner inside it, and the stub of a request.

Everything is built of the JavaScript in this folder. That takes a second, so it is done when
the wheel is built, and in a checkout once for each change: the outcome lies beside the
sources, with what it was made of.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import secrets
import zlib
from pathlib import Path
from typing import Any, NamedTuple

__all__ = [
    "Packed",
    "Source",
    "build_source",
    "files_program",
    "prepare",
    "stub",
    "travelling_source",
]

_FOLDER = Path(__file__).parent
_PREPARED = _FOLDER / "travelling.json"
_VERSION_DIGITS = 16

Packed = list[str]
"""A text that travels: the function of Node's `zlib` that unpacks it, and the text in base64."""


class Source(NamedTuple):
    """What travels, as text.

    Attributes:
        version: Names exactly this text: the beginning of its SHA-256.
        install_code: A statement that installs the agent where it is missing.
        request: A function that hands a request to the agent.
        files: A function that answers questions about files.
        parts: Parts of the runner that are sent when something needs them, by their names.
        programs: Expressions whose values are the functions in ``programs/``, by their names.
    """

    version: str
    install_code: str
    request: str
    files: str
    parts: dict[str, Packed]
    programs: dict[str, str]


@functools.cache
def travelling_source() -> Source:
    """Return what travels; from the second call on it is remembered."""
    made_of = _made_of()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        prepared = json.loads(_PREPARED.read_text(encoding="ascii"))
        if prepared.pop("made_of") == made_of:
            return Source(**prepared)
    with contextlib.suppress(OSError):  # perhaps nobody may write here
        return prepare()
    return build_source()


def prepare() -> Source:
    """Build what travels and leave it beside the sources.

    Raises:
        OSError: It could not be written.
    """
    source = build_source()
    text = json.dumps({"made_of": _made_of(), **source._asdict()})
    # Another process may read or prepare at the same time.
    unfinished = _PREPARED.with_name(f"{_PREPARED.name}.{secrets.token_hex(4)}")
    try:
        unfinished.write_text(text, encoding="ascii")
        unfinished.replace(_PREPARED)
    finally:
        unfinished.unlink(missing_ok=True)
    return source


def _made_of() -> str:
    """Return a hash of every file that has a part in what travels, this one too."""
    digest = hashlib.sha256()
    for file in sorted((*_FOLDER.glob("*.py"), *_FOLDER.rglob("*.js"))):
        digest.update(f"\0{file.relative_to(_FOLDER).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def build_source() -> Source:
    """Build what travels."""
    # A wheel brings it built.
    from acajs_kernel.runtime.bundling import bundle, expression, part, program  # noqa: PLC0415

    runner = bundle("runner.js")
    agent = bundle("agent.js")
    parts = {
        file.stem: part(f"parts/{file.name}", "runner.js")
        for file in sorted((_FOLDER / "parts").glob("*.js"))
    }
    made_of = "\0".join([agent, runner, *parts.values()])
    version = hashlib.sha256(made_of.encode()).hexdigest()[:_VERSION_DIGITS]
    options = f'{{"version":"{version}",runner}}'
    code = f'(require,globalThis,runner)=>{agent}(require,globalThis)("agent.js")({options})'
    files = f'(require,globalThis)=>{bundle("files.js")}(require,globalThis)("files.js")'
    unpack = expression("frame/unpack.js")
    return Source(
        version=version,
        install_code=f"{_unpacking(unpack, code, runner)};",
        request=expression("frame/request.js"),
        files=_unpacking(unpack, files),
        parts={name: _pack(text) for name, text in parts.items()},
        programs={
            file.stem: program(f"programs/{file.name}")
            for file in sorted((_FOLDER / "programs").glob("*.js"))
        },
    )


def files_program() -> str:
    """Return the expression whose value is the function of `files.js`."""
    return travelling_source().files


def _unpacking(unpack: str, *texts: str) -> str:
    """Return an expression that evaluates a program in a realm of its own, with its value.

    Args:
        unpack: A function that unpacks and evaluates it.
        texts: The program, a function, and the texts that it is given as its last arguments.
    """
    method, packed = _pack("\0".join(texts))
    # Cells may have declared every name but `this`.
    return f'({unpack})(this.require,this,"{method}","{packed}")'


def _pack(text: str) -> Packed:
    """Compress a text: to a third, although base64 adds a third again.

    Brotli makes it a sixth shorter than Deflate does, and is unpacked as fast. Whoever installs
    a wheel needs no Brotli here; who changes the JavaScript in a checkout may lack it.
    """
    try:
        import brotli  # noqa: PLC0415 -- needed to build only
    except ImportError:
        method, packed = "inflateSync", zlib.compress(text.encode(), 9)
    else:
        method, packed = "brotliDecompressSync", brotli.compress(text.encode(), lgwin=22)
    return [method, base64.b64encode(packed).decode()]


def stub(request: dict[str, Any]) -> str:
    """Build the execution that carries a request to an installed agent.

    Args:
        request: What JSON can hold.

    Returns:
        JavaScript in ASCII. Its result, and what it prints, is ``acajs1 absent`` where this
        version of the agent is not installed; nothing has been done then.
    """
    source = travelling_source()
    return f'({source.request})(this,"{source.version}",{json.dumps(request)})'
