"""What stands at the cursor of a cell that is being written.

The text before the cursor is parsed alone, with what it leaves open closed: text that is
being written seldom parses as a whole. Offsets are in code points, as Jupyter's are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from acajs_kernel.cell.bindings import Binding, names_at, text_of, top_level_names
from acajs_kernel.cell.brackets import OpenEnd, scan
from acajs_kernel.cell.syntax import encode, parse
from acajs_kernel.cell.targets import Target, module_called, targets_of

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["KEYWORDS", "Wanted", "wanted_at", "wanted_expression"]

Kind: TypeAlias = Literal["name", "member", "key", "module", "export", "file", "nothing"]

KEYWORDS = (
    *("async", "await", "break", "case", "catch", "class", "const", "continue", "debugger"),
    *("default", "delete", "do", "else", "export", "extends", "false", "finally", "for"),
    *("function", "if", "import", "in", "instanceof", "let", "new", "null", "of", "return"),
    *("static", "super", "switch", "this", "throw", "true", "try", "typeof", "undefined"),
    *("var", "void", "while", "with", "yield"),
)
"""The words of the language that may begin or join expressions and statements."""

_MARK = "acajs_"
_NAME_REVERSED = re.compile(r"[\w$\u200c\u200d]*#?")
_NAME_AT_START = re.compile(r"[\w$\u200c\u200d]*")
_MAGIC = re.compile(r"\A\s*%{1,2}\w+\s+(?:.*\s)?(?P<word>\S*)\Z")
_FROM = re.compile(r"""[^{}]*\}\s*from\s*(?:"([^"\n]*)"|'([^'\n]*)')""")
_LOOSE_CHAIN = re.compile(r"[\w$]+(?:\??\.[\w$]+|\[\d+\])*\??\.?[\w$]*\Z")
_FILE_FUNCTIONS = re.compile(
    r"(?:readFile|writeFile|appendFile|open|opendir|readdir|stat|lstat|access|copyFile|cp|mkdir"
    r"|rename|rm|rmdir|unlink|truncate|watch|watchFile|exists|realpath|readlink|symlink|link|chmod"
    r"|chown|utimes)(?:Sync)?\Z|\A(?:createReadStream|createWriteStream|openAsBlob|loadEnvFile"
    r"|Worker|fork|chdir)\Z"
)
_MODULE_FUNCTIONS = frozenset({"require", "import", "require.resolve", "import.meta.resolve"})
_UNFINISHED_QUOTES = 50  # quotes on the cursor's line that are looked at
_LOOSE_CHARACTERS = 300  # of text with mistakes before the cursor


@dataclass(frozen=True)
class Wanted:
    """What is to be completed.

    Attributes:
        kind: What stands at the cursor.
        prefix: What is written of it.
        start: Where that begins.
        end: The cursor.
        targets: The objects, or for exports the modules, that have it.
        names: What the cell itself declares, for names.
        quote: The quotation mark of the string that the cursor is in, or empty.
        written: Names that are there already, and need not be offered.
    """

    kind: Kind
    prefix: str
    start: int
    end: int
    targets: tuple[Target, ...] = ()
    names: tuple[Binding, ...] = ()
    quote: str = ""
    written: frozenset[str] = frozenset()


def wanted_at(code: str, cursor: int) -> Wanted:
    """Return what stands at a cursor."""
    cursor = min(cursor, len(code))
    before, after = code[:cursor], code[cursor:]
    magic = _MAGIC.match(before.rpartition("\n")[2])
    if magic:
        return Wanted("file", magic["word"], cursor - len(magic["word"]), cursor)
    end = scan(before)
    if end.is_broken:
        opening = _unfinished_string(before)
        if opening is not None:
            return _in_string(before, opening)
        chain = _LOOSE_CHAIN.search(before, max(0, cursor - _LOOSE_CHARACTERS))
        if chain is None or before[: chain.start()].endswith("/"):
            return _nothing(cursor)  # most likely a regular expression
        return _in_code(chain[0], after, cursor, scan(chain[0]), code)
    if end.closer or (end.frames and end.frames[-1].opener == "`"):
        return _nothing(cursor)
    return _in_code(before, after, cursor, end, code)


def wanted_expression(code: str, cursor: int) -> tuple[Target, ...]:
    """Return what to look up for the expression at a cursor.

    That is the chain of names that the cursor touches, up to the name that it is in; else the
    function in whose arguments the cursor stands. ``name?`` and ``name??`` ask for the name.
    """
    before = (code[:cursor] + (_NAME_AT_START.match(code[cursor:]) or [""])[0]).rstrip("?")
    end = scan(before)
    opening = _unfinished_string(before) if end.is_broken else None
    if opening is not None:
        before = before[:opening] + '""'
        end = scan(before)
    if end.is_broken or end.closer:
        return ()
    root = parse(before + _closers(end), keeps_comments=True)
    offset = len(encode(before))
    name = _name_at_end(before)
    if name:
        node = _whole(root.descendant_for_byte_range(offset - len(encode(name)), offset))
        if node is not None:
            return targets_of(node)
        if _is_text(root.descendant_for_byte_range(offset - 1, offset)):
            return ()
    call = root.descendant_for_byte_range(max(offset - 1, 0), offset)
    while call is not None:
        if call.type == "arguments" and call.start_byte < offset and call.parent is not None:
            function = call.parent.child_by_field_name(
                "constructor" if call.parent.type == "new_expression" else "function"
            )
            return targets_of(function) if function is not None else ()
        call = call.parent
    return ()


def _nothing(cursor: int) -> Wanted:
    return Wanted("nothing", "", cursor, cursor)


def _name_at_end(text: str) -> str:
    # From behind: a search from the front takes quadratic time.
    match = _NAME_REVERSED.match(text[::-1])
    return match[0][::-1] if match else ""


def _closers(end: OpenEnd) -> str:
    return "".join(frame.closer for frame in reversed(end.frames))


def _is_text(node: Node | None) -> bool:
    return node is not None and node.type in {
        "comment",
        "html_comment",
        "string",
        "string_fragment",
        "regex",
        "regex_pattern",
        "regex_flags",
        "template_string",
        "number",
        "hash_bang_line",
    }


def _whole(node: Node | None) -> Node | None:
    """Return the expression that ends with a name, or None where a name is none."""
    if node is None or node.type not in {
        *("identifier", "property_identifier", "this", "shorthand_property_identifier"),
        *("shorthand_property_identifier_pattern", "type_identifier"),
    }:
        return None
    parent = node.parent
    if node.type == "property_identifier":
        is_member = parent is not None and parent.type == "member_expression"
        return parent if is_member else None
    return node


def _unfinished_string(before: str) -> int | None:
    """Return where the string begins that the text ends in, if it does."""
    line = before.rfind("\n") + 1
    quotes = [match.start() for match in re.finditer("[\"']", before[line:])]
    for offset in quotes[:_UNFINISHED_QUOTES]:
        opening = line + offset
        quote, rest = before[opening], before[opening + 1 :]
        if re.search(rf"(?<!\\)(?:\\\\)*{quote}", rest):
            continue
        end = scan(before[:opening])
        if end.is_broken or end.closer or (end.frames and end.frames[-1].opener == "`"):
            continue
        return opening
    return None


def _in_string(before: str, opening: int) -> Wanted:
    """Say what a string that is being written is for."""
    quote, prefix, cursor = before[opening], before[opening + 1 :], len(before)
    head = before[:opening]
    root = parse(f"{head}{quote}{_MARK}{quote}{_closers(scan(head))}", keeps_comments=True)
    offset = len(encode(head))
    node = root.descendant_for_byte_range(offset, offset + len(_MARK) + 2)
    if node is None or node.type != "string" or node.parent is None:
        return _nothing(cursor)
    start = opening + 1
    parent = node.parent
    function = ""
    if parent.type == "arguments" and parent.parent is not None:
        called = parent.parent
        field = "constructor" if called.type == "new_expression" else "function"
        function = text_of(called.child_by_field_name(field))
    if parent.type == "subscript_expression":
        owner = parent.child_by_field_name("object")
        targets = targets_of(owner) if owner is not None else ()
        return Wanted("key", prefix, start, cursor, targets, quote=quote)
    if parent.type in {"import_statement", "export_statement"} or function in _MODULE_FUNCTIONS:
        return Wanted("module", prefix, start, cursor, quote=quote)
    if head.rstrip().endswith(("import", "from")) and parent.type == "ERROR":
        return Wanted("module", prefix, start, cursor, quote=quote)
    if _FILE_FUNCTIONS.search(function.rpartition(".")[2]) or re.match(r"\.{0,2}/", prefix):
        return Wanted("file", prefix, start, cursor, quote=quote)
    return _nothing(cursor)


def _in_code(before: str, after: str, cursor: int, end: OpenEnd, code: str) -> Wanted:
    """Say what a name that is being written is."""
    prefix = _name_at_end(before)
    if prefix[:1].isdigit() or prefix.startswith("#"):
        return _nothing(cursor)
    start = cursor - len(prefix)
    exports = _exports(before, after, end, prefix, start)
    if exports is not None:
        return exports
    root = parse(f"{before}{_MARK}{after}", keeps_comments=True)
    if root.has_error:
        root = parse(f"{before}{_MARK}{_closers(end)}", keeps_comments=True)
    offset = len(encode(before))
    node = root.descendant_for_byte_range(offset - len(encode(prefix)), offset + len(_MARK))
    if node is None or _is_text(node):
        return _nothing(cursor)
    owner = _owner(node)
    if owner is not None and owner.type != "number":
        return Wanted("member", prefix, start, cursor, targets_of(owner))
    if before[: len(before) - len(prefix)].rstrip().endswith("."):
        return _nothing(cursor)  # a property of what does not parse
    here = prefix + (_NAME_AT_START.match(after) or [""])[0]
    unwanted = {"", prefix + _MARK, here}
    names = {binding.name: binding for binding in top_level_names(parse(code))}
    names |= {binding.name: binding for binding in reversed(names_at(node))}
    fitting = [
        binding
        for name, binding in names.items()
        if name not in unwanted and name.startswith(prefix)
    ]
    return Wanted("name", prefix, start, cursor, names=tuple(fitting))


def _owner(node: Node) -> Node | None:
    """Return the expression before the dot, for a property's name."""
    parent = node.parent
    if node.type != "property_identifier" or parent is None or parent.type != "member_expression":
        return None
    return parent.child_by_field_name("object")


def _exports(before: str, after: str, end: OpenEnd, prefix: str, start: int) -> Wanted | None:
    """Say what is being written between the braces of an import, or of a pattern."""
    if not end.frames or end.frames[-1].opener != "{":
        return None
    words = end.frames[-1].before
    opening = before.rfind("{")
    last = -2 if prefix else -1
    if len(end.tokens) < -last or end.tokens[last] in {"as", ":"}:
        return None
    is_import = words[-1:] == ("import",) or (words[-1:] == (",",) and "import" in words)
    if not is_import and not (words and words[-1] in {"const", "let", "var"}):
        return None
    kind: Kind = "export"
    targets: tuple[Target, ...] = ()
    if is_import:
        module = _FROM.match(after)
        targets = () if module is None else (Target("", module[1] or module[2] or ""),)
    else:
        value = _destructured(before, after, opening)
        if value is None:
            return None
        name = module_called(value)
        targets = targets_of(value) if name is None else (Target("", name),)
        kind = "member" if name is None else "export"
    written = frozenset(re.findall(r"[\w$]+", before[opening:start]))
    return Wanted(kind, prefix, start, len(before), targets, written=written)


def _destructured(before: str, after: str, opening: int) -> Node | None:
    """Return the value that a pattern, whose brace is given, is to take apart."""
    root = parse(f"{before}{_MARK}{after}", keeps_comments=True)
    node = root.descendant_for_byte_range(len(encode(before[:opening])), len(encode(before)))
    while node is not None and node.type != "variable_declarator":
        node = node.parent
    value = node.child_by_field_name("value") if node is not None else None
    while value is not None and value.type in {"await_expression", "parenthesized_expression"}:
        value = value.named_children[-1] if value.named_children else None
    return value
