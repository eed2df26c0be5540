"""Module syntax rewritten for V8's REPL mode, which evaluates scripts.

A script knows neither static imports nor exports, and in ``Runtime.evaluate`` neither
``import()`` nor ``import.meta``. They become calls of a function and uses of a value
that the session's runner provides: ``__acajs_import__(specifier, options)``, which
returns a promise of the module's namespace, and ``__acajs_meta__``.

Every line stays where it is, so that stacks name the cell's own lines; columns change
only on the lines of what is rewritten. Three things differ from a module on purpose:
imports happen where they stand instead of before everything else (moving them would
shift what precedes them), bindings are copies and not live, and names that a module
does not export are undefined instead of a SyntaxError.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acajs_kernel.cell.bindings import text_of
from acajs_kernel.cell.syntax import (
    ANONYMOUS,
    LINE_TERMINATORS,
    encode,
    parse,
    without_comments,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = ["IMPORT_FUNCTION", "META_VALUE", "rewrite_modules"]

IMPORT_FUNCTION = "__acajs_import__"
"""The runner's function that imports a module: ``(specifier, options?)``, a promise."""

META_VALUE = "__acajs_meta__"
"""The runner's stand-in for ``import.meta``."""

_IMPORT_KEYWORD = re.compile(rb"\bimport\b")
_NOT_LINE_TERMINATOR = re.compile(rf"[^{LINE_TERMINATORS}]")
_SEPARATOR = rb"\xe2\x80[\xa8\xa9]"  # U+2028 and U+2029 end lines
_SAME_LINE = rb"(?:[ \t\f\v]|\xc2\xa0|\xef\xbb\xbf)*"
_ANY_LINE = rb"(?:\s|\xc2\xa0|\xef\xbb\xbf|" + _SEPARATOR + rb")*"
_STRING = rb"""(?:"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')"""
_ATTRIBUTE = _ANY_LINE.join([b"", rb"(?:[\w$]+|" + _STRING + rb")", b":", _STRING, b""])
_ATTRIBUTES = re.compile(
    rb"(?:" + _ANY_LINE + rb"with|" + _SAME_LINE + rb"assert)" + _ANY_LINE + rb"(?P<object>\{"
    rb"(?:" + _ATTRIBUTE + rb"(?:," + _ATTRIBUTE + rb")*,?)?" + _ANY_LINE + rb"\})"
)
_CALLED = re.compile(_SAME_LINE + rb"[(\[`.+*/%?-]")
_END_OF_LINE = re.compile(_SAME_LINE + rb"(?:\Z|[\n\r]|" + _SEPARATOR + rb")")
_DECLARATION = re.compile(
    rb"(?:export|default)" + _ANY_LINE + rb"(?:const|let|var|function|class|async|default)\b"
)
_NAMELESS_DEFAULT = re.compile(
    rb"export" + _ANY_LINE + rb"(?P<default>default)" + _ANY_LINE + rb"(?:async|function|class)\b"
)
_OPENERS = frozenset({"{", "(", "[", "${", "`"})

# An import declaration has no completion value, and neither has a declaration without
# names; a bare `await …` would become the cell's result.
_IMPORT_FOR_EFFECT = f"const {{}} = await {IMPORT_FUNCTION}("


def rewrite_modules(source: str) -> str:
    """Return the cell's code with its module syntax rewritten for REPL mode.

    Args:
        source: A cell's JavaScript.

    Returns:
        Code with the same number of lines; the very same object if there is nothing to
        rewrite. Imports that are not well-formed, or not at the cell's top level, stay,
        so that V8 reports them; well-formed ones are rewritten even beside a syntax
        error, so that V8 reports that error.
    """
    if "import" not in source and "export" not in source:
        return source
    bare = encode(without_comments(source)[0])
    edits = _Edits(encode(source), bare)
    root = parse(source)
    before = ""
    for node in _top_level(root):
        follows_export, before = before == "export", node.type
        if node.type == "import_statement":
            _rewrite_import(node, edits)
        elif node.type == "export_statement":
            _rewrite_export(node, edits)
        elif (node.type == "export" or (node.type == "default" and follows_export)) and edits.match(
            _DECLARATION, node.start_byte
        ):
            edits.blank(node)  # the declaration does not parse: V8 shall say so of it alone
    for match in _IMPORT_KEYWORD.finditer(bare):
        keyword = root.descendant_for_byte_range(*match.span())
        if keyword is not None and keyword.type == "import":
            _rewrite_expression(keyword, edits)
    return edits.apply() if edits else source


class _Edits:
    """Replacements in UTF-8 text, by offset; none overlaps another."""

    def __init__(self, text: bytes, bare: bytes) -> None:
        self._text = text
        self._bare = bare  # blanks for comments
        self._replacements: dict[tuple[int, int], str] = {}

    def __bool__(self) -> bool:
        return bool(self._replacements)

    def of(self, node: Node) -> str:
        """Return a node's text."""
        return self._text[node.start_byte : node.end_byte].decode("utf-8", "surrogatepass")

    def match(self, pattern: re.Pattern[bytes], offset: int) -> re.Match[bytes] | None:
        """Match a pattern at an offset of the original text without its comments."""
        return pattern.match(self._bare, offset)

    def line_before(self, offset: int) -> str:
        """Return what stands before an offset on its line, without comments and outer blanks."""
        text = self._bare[:offset].decode("utf-8", "surrogatepass")
        return re.split(f"[{LINE_TERMINATORS}]", text)[-1].strip()

    def semicolon(self, end: int) -> str:
        """Return the semicolon that a statement ending at an offset needs.

        None where it has one, and none where another token follows on the same line:
        there the language does not insert one either, and V8 shall say so.
        """
        return ";" if _END_OF_LINE.match(self._bare, end) else ""

    def replace(self, start: int, end: int, replacement: str) -> None:
        self._replacements[start, end] = replacement

    def token(self, node: Node, replacement: str) -> None:
        self.replace(node.start_byte, node.end_byte, replacement)

    def collapse(self, start: int, end: int, replacement: str) -> None:
        """Replace text, and keep nothing of it but its line terminators."""
        old = self._text[start:end].decode("utf-8", "surrogatepass")
        self.replace(start, end, replacement + _NOT_LINE_TERMINATOR.sub("", old))

    def insert(self, offset: int, text: str) -> None:
        self.replace(offset, offset, text)

    def blank(self, node: Node, first: str = " ") -> None:
        """Put spaces for a node's text, with another first character if given."""
        self.token(node, first + _NOT_LINE_TERMINATOR.sub(" ", self.of(node))[1:])

    def apply(self) -> str:
        parts: list[bytes] = []
        position = 0
        for (start, end), replacement in sorted(self._replacements.items()):
            parts += [self._text[position:start], encode(replacement)]
            position = end
        parts.append(self._text[position:])
        return b"".join(parts).decode("utf-8", "surrogatepass")


def _top_level(node: Node) -> Iterator[Node]:
    """Yield the statements at the top level, and those that a syntax error surrounds.

    Within an error only what stands before an unclosed bracket is at the top level.
    """
    for child in node.children:
        if node.type == "ERROR" and child.type in _OPENERS:
            return
        if child.type == "ERROR":
            yield from _top_level(child)
        else:
            yield child


def _is_well_formed(node: Node) -> bool:
    """Tell whether a statement lacks nothing but its semicolon."""
    stack = list(node.children)
    while stack:
        child = stack.pop()
        if child.is_error or (child.is_missing and child.type != ";"):
            return False
        if child.has_error:
            stack += child.children
    return True


def _rewrite_import(statement: Node, edits: _Edits) -> None:
    """Rewrite a static import in place, so that its names keep their lines."""
    source = statement.child_by_field_name("source")
    if source is None or not _is_well_formed(statement) or edits.match(_CALLED, source.end_byte):
        return
    parts = {child.type: child for child in statement.children}
    clause, keyword = parts.get("import_clause"), parts["import"]
    if clause is None:
        edits.collapse(keyword.start_byte, source.start_byte, _IMPORT_FOR_EFFECT)
        _rewrite_end(source, edits)
        return
    edits.collapse(keyword.start_byte, clause.start_byte, "const ")
    more = _rewrite_clause(clause, edits)
    edits.collapse(parts["from"].start_byte, source.start_byte, f"= await {IMPORT_FUNCTION}(")
    _rewrite_end(source, edits, more)


def _rewrite_clause(clause: Node, edits: _Edits) -> str:
    """Rewrite the names between `import` and `from` to a pattern.

    Returns:
        The declarator for the default beside a namespace, ``, {default: d} = ns``; it
        must follow the call.
    """
    parts = {child.type: child for child in clause.children}
    default, named = parts.get("identifier"), parts.get("named_imports")
    namespace = parts.get("namespace_import")
    more = ""
    if namespace is not None:
        target = namespace.children[-1]
        edits.collapse(clause.start_byte, target.start_byte, "")
        if default is not None:
            more = f", {{default: {edits.of(default)}}} = {edits.of(target)}"
    elif default is not None:
        edits.token(default, f"{{default: {edits.of(default)}" + ("}" if named is None else ""))
    if named is not None:
        if default is not None:
            edits.token(named.children[0], "")  # the default opened the braces
        for specifier in named.named_children:
            alias = specifier.child_by_field_name("alias")
            if alias is not None:
                edits.collapse(specifier.children[0].end_byte, alias.start_byte, ": ")
    return more


def _rewrite_end(source: Node, edits: _Edits, more: str = "") -> None:
    """Rewrite what follows the module's name: attributes, bracket, semicolon."""
    end, closing = source.end_byte, ")"
    attributes = edits.match(_ATTRIBUTES, end)
    if attributes:
        edits.collapse(end, attributes.start("object"), ", {with: ")
        end, closing = attributes.end(), "})"
    edits.insert(end, closing + more + edits.semicolon(end))


def _begins_statement(statement: Node, edits: _Edits) -> bool:
    """Tell whether what stands before it has an end; V8 shall say so where it has none."""
    before = edits.line_before(statement.start_byte)
    previous = statement.prev_sibling
    return (
        before in {"", "\ufeff"}
        or before.endswith((";", "}"))
        or (previous is not None and previous.type in {"do_statement", "hash_bang_line"})
    )


def _rewrite_export(statement: Node, edits: _Edits) -> None:
    """Keep what an export declares, and import what it exports from elsewhere."""
    if not _begins_statement(statement, edits):
        return
    tokens = {child.type: child for child in statement.children}
    keyword = tokens["export"]
    source = statement.child_by_field_name("source")
    if source is not None:
        if _is_well_formed(statement):
            edits.collapse(keyword.start_byte, source.start_byte, _IMPORT_FOR_EFFECT)
            _rewrite_end(source, edits)
    elif (declaration := statement.child_by_field_name("declaration")) is not None:
        if text_of(declaration.child_by_field_name("name")) == ANONYMOUS:
            _rewrite_nameless(statement, declaration, edits)
            return
        edits.blank(keyword)
        if "default" in tokens:
            edits.blank(tokens["default"])
    elif "default" in tokens:
        _rewrite_default(statement, keyword, tokens["default"], edits)
    elif _is_well_formed(statement):
        # The semicolon parts the lines before and after, as the statement did.
        edits.blank(statement, first=";")


def _rewrite_nameless(statement: Node, declaration: Node, edits: _Edits) -> None:
    """Turn the default export of a function or class without a name into an expression.

    The semicolons keep it from becoming the arguments of a call, or what is called.
    """
    match = edits.match(_NAMELESS_DEFAULT, statement.start_byte)
    if match is None or not _is_well_formed(statement):
        return
    edits.replace(statement.start_byte, match.start() + len("export"), ";     ")
    edits.replace(*match.span("default"), "      (")
    edits.insert(declaration.end_byte, ");")


def _rewrite_default(statement: Node, keyword: Node, default: Node, edits: _Edits) -> None:
    """Turn the default export of an expression into that expression, in parentheses.

    They make an expression of `{…}`; the semicolon before them keeps them from becoming
    the arguments of a call.
    """
    value = statement.child_by_field_name("value")
    edits.blank(keyword, first=";")
    if value is None or not _is_well_formed(statement):
        edits.blank(default)
        return
    # The braces of an arrow function end it: what follows is no call of it, as the grammar
    # would have it.
    first: Node | None = value
    while first is not None and not _ends_in_block(first):
        first = first.children[0] if first.children else None
    inner = value if first is None else first
    edits.token(default, "      (")
    edits.insert(inner.end_byte, ")" + (edits.semicolon(inner.end_byte) if inner is value else ";"))


def _ends_in_block(node: Node) -> bool:
    body = node.child_by_field_name("body") if node.type == "arrow_function" else None
    return body is not None and body.type == "statement_block"


def _rewrite_expression(keyword: Node, edits: _Edits) -> None:
    """Rewrite `import(…)` and `import.meta`, wherever they stand."""
    if keyword.parent is not None and keyword.parent.type == "import":
        keyword = keyword.parent  # the grammar names the keyword of a call
    parent = keyword.parent
    if parent is None or parent.type not in {"call_expression", "meta_property"}:
        return
    if any(child.is_error for child in parent.children):
        return  # such as `import.defer(…)`
    if parent.type == "meta_property":
        # Behind the name line breaks cannot end a statement too early, as after `return`.
        edits.collapse(parent.start_byte, parent.end_byte, META_VALUE)
    elif parent.child_by_field_name("function") == keyword:
        edits.token(keyword, IMPORT_FUNCTION)
