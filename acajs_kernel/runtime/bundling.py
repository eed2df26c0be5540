"""JavaScript modules joined to one text, without comments and layout.

The JavaScript is written as CommonJS modules. For the journey each program's modules
become one expression, see ``frame/bundle.js``. Comments and indentation stay at home:
tree-sitter knows what is a comment and what is the text of a template literal or a regular
expression.
"""

from __future__ import annotations

import json
import posixpath
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Tree

__all__ = ["FOLDER", "bundle", "expression", "part", "program", "strip"]

FOLDER = Path(__file__).parent
"""The folder of the JavaScript."""

# Their text is the program's, not its layout.
_VERBATIM = frozenset({"string", "template_string", "regex", "hash_bang_line"})

# Beside these no space is needed, and after those no line break separates statements.
_PUNCTUATION = frozenset("(){}[];,")
_LINE_CONTINUES = frozenset("({[;,")

# What programs that run among the user's names take of the global object.
_TAKEN = "Array,Error,JSON,Math,Object,Promise,String"

# As they are without needless spaces.
_EXPORT = "module.exports ="
_MODULES = "modules ={}"


def bundle(entry: str) -> str:
    """Join a module and all that it requires, directly or not, to one expression.

    Args:
        entry: The module's path below this package's folder.

    Returns:
        JavaScript in ASCII, since the agent hands it on byte by byte.
    """
    frame = expression("frame/bundle.js")
    return frame.replace(_MODULES, f"modules ={_functions(_modules(entry))}")


def part(entry: str, base: str) -> str:
    """Join what a module requires beside the modules of a program.

    Args:
        entry: The module's path below this package's folder.
        base: The entry of the program that the modules are added to.

    Returns:
        JavaScript in ASCII: an object of functions, for the program's `load.part`.
    """
    known = _modules(base)
    added = {name: text for name, text in _modules(entry).items() if name not in known}
    return f"({_functions(added)})\n//# sourceURL=acajs:{Path(entry).stem}"


def expression(file: str) -> str:
    """Return what a module exports, where that is one expression which needs no other module.

    Args:
        file: The module's path below this package's folder.

    Returns:
        JavaScript in ASCII.
    """
    text = strip(FOLDER.joinpath(file).read_text(encoding="utf-8"))
    return _ascii(text[text.index(_EXPORT) + len(_EXPORT) :].rstrip(";\n"))


def program(entry: str) -> str:
    """Return an expression for what a module exports, evaluated in the realm of the user's code.

    Args:
        entry: The module's path below this package's folder. Of the globals it uses those in
            `_TAKEN` alone, and what it requires: cells may have declared every name but `this`.

    Returns:
        JavaScript in ASCII, for where `this` is the global object.
    """
    return f"(({{{_TAKEN}}})=>{_nested(entry)})(this)"


def _nested(entry: str) -> str:
    """Return an expression for what a module exports, with all that it requires inside it."""
    text = FOLDER.joinpath(entry).read_text(encoding="utf-8")
    tree = _parse(text)
    body = _ascii(_stripped(text, tree))
    found = "".join(
        f"name==={json.dumps(specifier)}?{_nested(_path(entry, specifier))}:"
        for specifier in _required(tree)
    )
    require = f"(name)=>{found}this.require(name)"
    return f"((require,module)=>{{{body}\nreturn module.exports}})({require},{{}})"


def _path(entry: str, specifier: str) -> str:
    """Return the path of what a module requires by a relative one."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(entry), specifier))


def _modules(entry: str) -> dict[str, str]:
    """Return the stripped texts of a module and all that it requires, by their paths."""
    modules: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in modules:
            continue
        text = FOLDER.joinpath(name).read_text(encoding="utf-8")
        tree = _parse(text)
        modules[name] = _stripped(text, tree)
        waiting.extend(_path(name, specifier) for specifier in _required(tree))
    return modules


def _functions(modules: dict[str, str]) -> str:
    """Return an object of the functions that the modules become."""
    functions = ",\n".join(
        f"{json.dumps(name)}:(module,exports,require)=>{{{text}\n}}"
        for name, text in sorted(modules.items())
    )
    return _ascii(f"{{{functions}}}")


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
