"""What travels to the session: the agent, the runner inside it, and the stub of a request.

The JavaScript is written as CommonJS modules. For the journey each program's modules
become one expression, to be evaluated in a V8 context (a realm) of its own: a function that
takes Node's `require` and the interpreter's `globalThis` and returns our `require`:

    (require, globalThis) => { const modules = {"agent.js": (module, exports, require) => {…}}; … }

So nothing that cells declare, delete or replace is what the program means by `Object`,
`Array.prototype.push` or `process`.

Comments and indentation stay at home: tree-sitter knows what is a comment and what is
the text of a template literal or a regular expression.

That takes 100 ms, so it is done when the wheel is built, and in a checkout once for each
change: the outcome lies beside the sources, with what it was made of.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import gzip
import hashlib
import json
import posixpath
import re
import secrets
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Tree

__all__ = [
    "Source",
    "build_source",
    "bundle",
    "files_program",
    "prepare",
    "strip",
    "stub",
    "travelling_source",
]

_FOLDER = Path(__file__).parent
_PREPARED = _FOLDER / "travelling.json"
_VERSION_DIGITS = 16

# Their text is the program's, not its layout.
_VERBATIM = frozenset({"string", "template_string", "regex", "hash_bang_line"})

# Beside these no space is needed, and after those no line break separates statements.
_PUNCTUATION = frozenset("(){}[];,")
_LINE_CONTINUES = frozenset("({[;,")

# Cells may have declared every name but `this`: the program is evaluated in a realm of its own.
_UNPACK = """((require,globalThis)=>{{
const vm=require("node:vm");
const packed=require("node:buffer").Buffer.from("{packed}","base64");
const text=require("node:zlib").gunzipSync(packed).toString();
const realm=vm.createContext(vm.constants?.DONT_CONTEXTIFY??{{}});
return vm.runInContext(text,realm)(require,globalThis)}})(this.require,this)"""
_UNPACK = _UNPACK.replace("\n", "")

# What the language itself offers, taken once: before Node 22 a context's global object is slow.
_OWN_NAMES = (
    "AggregateError Array ArrayBuffer Atomics BigInt Boolean DataView Date Error EvalError "
    "FinalizationRegistry Function Infinity Int32Array JSON Map Math NaN Number Object Promise "
    "Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol "
    "SyntaxError TypeError URIError Uint8Array WeakMap WeakRef WeakSet decodeURIComponent "
    "encodeURIComponent"
)

# Node's own, from its modules: the interpreter's globals may be others by now. Node 18's
# `performance.now` calls a `process.hrtime` that cells may replace.
_NODE_NAMES = """
const process = require("node:process");
const {{ Buffer }} = require("node:buffer");
const {{ clearTimeout, setImmediate, setTimeout }} = require("node:timers");
const {{ bigint }} = process.hrtime;
const performance = {{ now: () => Number(bigint()) / 1e6 }};
const {{ URL }} = require("node:url");
"""

# Modules of ours are named relative to one another, Node's own as ever.
_LOADER = (
    f"(({{{{ {', '.join(_OWN_NAMES.split())} }}}}) => (require, globalThis) => {{{{"
    f"{_NODE_NAMES}"
    """
const modules = {{{modules}}};
const loaded = {{}};
const load = (name) => {{
if (loaded[name] === undefined) {{
const module = (loaded[name] = {{exports: {{}}}});
const folder = name.split("/").slice(0, -1);
modules[name](module, module.exports, (specifier) => {{
if (!specifier.startsWith(".")) return require(specifier);
const path = [...folder];
for (const step of specifier.split("/")) {{
if (step === "..") path.pop();
else if (step !== ".") path.push(step);
}}
return load(path.join("/"));
}});
}}
return loaded[name].exports;
}};
return load;
}})(globalThis)"""
)


class Source(NamedTuple):
    """The agent as text.

    Attributes:
        version: Names exactly this text: the beginning of its SHA-256.
        install_code: A statement that installs the agent where it is missing.
    """

    version: str
    install_code: str


@functools.cache
def travelling_source() -> Source:
    """Return the text that installs the agent; from the second call on it is remembered."""
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
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(_FOLDER.rglob("*.js")):
        digest.update(f"\0{file.relative_to(_FOLDER).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def build_source() -> Source:
    """Build the text that installs the agent."""
    runner = bundle("runner.js")
    agent = bundle("agent.js")
    version = hashlib.sha256(f"{agent}\0{runner}".encode()).hexdigest()[:_VERSION_DIGITS]
    options = json.dumps({"version": version, "runner": runner})
    program = f'(require,globalThis)=>{agent}(require,globalThis)("agent.js")({options})'
    return Source(version=version, install_code=f"{_packed(program)};")


def files_program() -> str:
    """Build the expression whose value is the function of `files.js`."""
    return _packed(f'(require,globalThis)=>{bundle("files.js")}(require,globalThis)("files.js")')


def _packed(program: str) -> str:
    """Return an expression that evaluates a program in a realm of its own, with its value."""
    # Compressed it is less than half as long, although base64 adds a third again.
    packed = base64.b64encode(gzip.compress(program.encode(), mtime=0)).decode()
    return _UNPACK.format(packed=packed)


def stub(request: dict[str, Any]) -> str:
    """Build the execution that carries a request to an installed agent.

    Args:
        request: What JSON can hold.

    Returns:
        JavaScript in ASCII. Its result, and what it prints, is ``acajs1 absent`` where this
        version of the agent is not installed; nothing has been done then.
    """
    version = travelling_source().version
    return (
        '(()=>{const a=this[this.Symbol.for("acajs.agent")];'
        f'if(!a||a.version!=="{version}")'
        '{this.process.stdout.write("acajs1 absent");return this.$$.text("acajs1 absent")}'
        f"a.serve(this.$$,{json.dumps(request)})}})()"
    )


def bundle(entry: str) -> str:
    """Join a module and all that it requires, directly or not, to one expression.

    Args:
        entry: The module's path below this package's folder.

    Returns:
        JavaScript in ASCII, since the agent hands it on byte by byte.
    """
    modules: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in modules:
            continue
        text = _FOLDER.joinpath(name).read_text(encoding="utf-8")
        tree = _parse(text)
        modules[name] = _stripped(text, tree)
        waiting.extend(
            posixpath.normpath(posixpath.join(posixpath.dirname(name), specifier))
            for specifier in _required(tree)
        )
    functions = ",\n".join(
        f"{json.dumps(name)}:(module,exports,require)=>{{{text}\n}}"
        for name, text in sorted(modules.items())
    )
    loader = strip(_LOADER.format(modules="MODULES")).strip(";")
    return _ascii(loader.replace("MODULES", functions))


def _ascii(text: str) -> str:
    """Escape what is not ASCII; it stands in names, strings, templates and regular expressions."""
    return re.sub(
        r"[^\x00-\x7f]",
        lambda match: "".join(
            f"\\u{unit:04x}" for (unit,) in struct.iter_unpack(">H", match[0].encode("utf-16-be"))
        ),
        text,
    )


def strip(text: str) -> str:
    """Remove comments, indentation and needless spaces from JavaScript.

    Raises:
        ValueError: The text is not JavaScript.
    """
    return _stripped(text, _parse(text))


def _parse(text: str) -> Tree:
    # Plain mode needs no parser.
    import tree_sitter_javascript  # noqa: PLC0415
    from tree_sitter import Language, Parser  # noqa: PLC0415

    tree = Parser(Language(tree_sitter_javascript.language())).parse(text.encode())
    if tree.root_node.has_error:
        raise ValueError("The text to strip is not JavaScript.")
    return tree


def _leaves(node: Node) -> Iterator[Node]:
    if node.type in _VERBATIM or not node.children:
        yield node
        return
    for child in node.children:
        yield from _leaves(child)


def _stripped(text: str, tree: Tree) -> str:
    source = text.encode()
    pieces: list[str] = []
    end = 0
    for leaf in _leaves(tree.root_node):
        if leaf.type in ("comment", "html_comment") or leaf.start_byte == leaf.end_byte:
            continue
        piece = source[leaf.start_byte : leaf.end_byte].decode()
        if pieces:
            pieces.append(_between(pieces[-1], source[end : leaf.start_byte].decode(), piece))
        pieces.append(piece)
        end = leaf.end_byte
    return "".join(pieces)


def _between(before: str, gap: str, after: str) -> str:
    """Return the least that must stand between two tokens; the gap may hold comments."""
    if "\n" in gap and before not in _LINE_CONTINUES:
        return "\n"
    if not gap or before in _PUNCTUATION or after in _PUNCTUATION:
        return ""
    return " "


def _required(tree: Tree) -> Iterator[str]:
    """Yield what `require` is called with where that is a relative path."""
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children)
        if node.type != "call_expression" or node.children[0].text != b"require":
            continue
        argument = node.children[1].named_children[0]
        specifier = (argument.text or b"").decode().strip("\"'")
        if argument.type == "string" and specifier.startswith("."):
            yield specifier
