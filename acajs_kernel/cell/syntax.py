"""JavaScript's syntax tree, from tree-sitter, which is loaded when first needed."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from acajs_kernel.cell.brackets import scan

if TYPE_CHECKING:
    from tree_sitter import Language, Node

__all__ = ["ANONYMOUS", "LINE_TERMINATORS", "encode", "parse", "without_comments"]

LINE_TERMINATORS = "\n\r\u2028\u2029"
"""What ends a line in JavaScript (ECMA-262, section 12.3)."""

ANONYMOUS = "$_$"
"""The name that a default without one has in the tree."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_LINE_TERMINATOR = re.compile(rf"[^{LINE_TERMINATORS}]")

# What the grammar does not know of modules is made known to it by other text of the same
# length: a table of patterns, whose first group is replaced. Comments are blanks by then.
_ANY_LINE = r"[^\S\u2028\u2029]*"
_ONE_LINE = r"[^\S\n\r\u2028\u2029]*"
_STATEMENT = r"(?<![.$\w])"
_STRING = r"""(?:"[^"\n]*"|'[^'\n]*')"""
_GAPS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    # The older word for `with`, of Node 18 and 20; and `with` on a line of its own. No
    # string is followed by such a word and a brace otherwise.
    ("assert", re.compile(rf"""(?<=["']){_ONE_LINE}(assert)(?=\s*\{{)"""), "with"),
    ("with", re.compile(rf"""(?<=["'])({_ANY_LINE})(?=with\s*\{{)"""), ""),
    # An `export` that ends its line, which it takes for a name.
    (
        "export",
        re.compile(
            rf"{_STATEMENT}export({_ANY_LINE})"
            r"(?=(?:const|let|var|function|class|async|default)\b|\{)"
        ),
        "",
    ),
    # A default without a name, which what follows cannot go on.
    *(
        ("default", re.compile(rf"{_STATEMENT}export\s+({words})(?=\s*\(|{class_})"), name)
        for words, class_, name in (
            (r"default\s+class", r"\s*\{|\s+extends\b", f"class {ANONYMOUS}"),
            (r"default\s+function", r"(?!)", f"function {ANONYMOUS}"),
            (r"default\s+function\s*\*", r"(?!)", f"function*{ANONYMOUS}"),
            (r"default\s+async\s+function", r"(?!)", f"async function {ANONYMOUS}"),
            (r"default\s+async\s+function\s*\*", r"(?!)", f"async function*{ANONYMOUS}"),
        )
    ),
    # Names without values, and labels, before what looks like more of them.
    (
        "",  # with `let`, `var`, `break` or `continue`
        re.compile(
            rf"{_STATEMENT}(?:(?:let|var)\s+[\w$]+(?:\s*,\s*[\w$]+)*"
            rf"|(?:break|continue)[ \t]+[\w$]+){_ONE_LINE}(\r?\n)(?=\s*(?:[(\[`/*%+-]))"
        ),
        ";",
    ),
    # A list of exports that ends without a semicolon.
    (
        "export",
        re.compile(rf"{_STATEMENT}export\s*\{{[^{{}}]*\}}{_ONE_LINE}([\n\r])(?=\s*[(\[`/+-])"),
        ";",
    ),
    # A list of exports whose `from` stands on another line.
    ("export", re.compile(rf"{_STATEMENT}export\s*\{{[^{{}}]*\}}(\s*)(?=from\s*{_STRING})"), ""),
    # Attributes of an `export … from`.
    (
        "export",
        re.compile(
            rf"""{_STATEMENT}export\s*(?:\*[^;'"]{{0,200}}?|\{{[^{{}}]*\}}\s*)from\s*"""
            rf"{_STRING}(\s*with\s*\{{[^{{}}]*\}})"
        ),
        "",
    ),
    # An import that ends its line without a semicolon, before what looks like more of it.
    (
        "",  # with `import` or `export … from`
        re.compile(
            rf"{_STATEMENT}(?:import|from)\s*{_STRING}"
            r"(?:\s*with\s*\{[^{}]*\})?"
            r"([\n\r]|[ \t](?=[ \t]*[\n\r]))"
            r"(?!\s*(?:with|assert)\b)"
        ),
        ";",
    ),
)


@functools.cache
def _language() -> Language:
    import tree_sitter  # noqa: PLC0415 - kernels start faster without it
    import tree_sitter_javascript  # noqa: PLC0415 - as above

    return tree_sitter.Language(tree_sitter_javascript.language())


def _fill(pattern: re.Pattern[str], replacement: str, text: str) -> str:
    """Replace each match's first group, and pad with spaces to its length in UTF-8."""
    parts: list[str] = []
    position = 0
    for match in pattern.finditer(text):
        start, end = match.span(1)
        parts += [text[position:start], replacement.ljust(len(match[1].encode()))]
        position = end
    return "".join([*parts, text[position:]])


def without_comments(source: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text with blanks for comments, and where these stand; offsets are in UTF-8."""
    if "//" not in source and "/*" not in source:
        return source, []
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    position = offset = 0
    for start, end in scan(source).comments:
        comment = source[start:end]
        before = source[position:start]
        offset += len(encode(before))
        size = len(encode(comment))
        blank = _NOT_LINE_TERMINATOR.sub(lambda match: " " * len(encode(match[0])), comment)
        parts += [before, blank]
        spans.append((offset, offset + size))
        position, offset = end, offset + size
    return "".join([*parts, source[position:]]), spans


def parse(source: str, *, keeps_comments: bool = False) -> Node:
    """Return the root of the syntax tree, whose offsets are those of ``encode(source)``.

    Args:
        source: JavaScript, whole or not.
        keeps_comments: Have comments in the tree. They are blanks otherwise: the grammar
            lets them part what belongs together, such as ``export`` and its declaration.
    """
    import tree_sitter  # noqa: PLC0415 - kernels start faster without it

    text, comments = without_comments(source)
    # Every change keeps all offsets. The grammar does not know lone surrogates either,
    # which JavaScript's strings may hold.
    text = _LONE_SURROGATE.sub("\ufffd", text)
    for word, pattern, replacement in _GAPS:
        if word in text:
            text = _fill(pattern, replacement, text)
    encoded = text.encode()
    if keeps_comments and comments:
        encoded = _with_comments(encoded, source, comments)
    return tree_sitter.Parser(_language()).parse(encoded).root_node


def _with_comments(text: bytes, source: str, comments: list[tuple[int, int]]) -> bytes:
    """Put comments back, but for those in whose place something else has come."""
    original = _LONE_SURROGATE.sub("\ufffd", source).encode()
    whole = bytearray(text)
    for start, end in comments:
        if not whole[start:end].strip():
            whole[start:end] = original[start:end]
    return bytes(whole)


def encode(source: str) -> bytes:
    """Return the text in UTF-8; lone surrogates survive ``decode("utf-8", "surrogatepass")``."""
    return source.encode("utf-8", "surrogatepass")
