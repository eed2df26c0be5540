"""JavaScript's syntax tree, from tree-sitter, which is loaded when first needed."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node

__all__ = ["LINE_TERMINATORS", "encode", "parse"]

LINE_TERMINATORS = "\n\r\u2028\u2029"
"""What ends a line in JavaScript (ECMA-262, section 12.3)."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

# What the grammar does not know of modules is made known to it by other text of the same
# length: a table of patterns, whose first group is replaced.
_ANY_LINE = r"[^\S\u2028\u2029]*"
_ONE_LINE = r"[^\S\n\r\u2028\u2029]*"
_STATEMENT = r"(?<![.$\w])"
_STRING = r"""(?:"[^"\n]*"|'[^'\n]*')"""
_COMMENT = r"/\*(?:(?!\*/)[\s\S]){0,400}\*/"  # a longer one is not worth the time
_LINE_COMMENT = r"//[^\n\r\u2028\u2029]*(?=[\n\r\u2028\u2029]|\Z)"
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
    # A list of exports that ends without a semicolon.
    (
        "export",
        re.compile(rf"{_STATEMENT}export\s*\{{[^{{}}]*\}}{_ONE_LINE}(\n)(?=\s*[(\[`/+-])"),
        ";",
    ),
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
            rf"{_STATEMENT}(?:import|from)(?:\s|{_COMMENT}|{_LINE_COMMENT})*{_STRING}"
            r"(?:\s*with\s*\{[^{}]*\})?"
            rf"([\n\r]|[ \t](?=(?:[ \t]|{_COMMENT})*(?:{_LINE_COMMENT})?[\n\r]))"
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


def parse(source: str) -> Node:
    """Return the root of the syntax tree, whose offsets are those of ``encode(source)``."""
    import tree_sitter  # noqa: PLC0415 - kernels start faster without it

    # Every change keeps all offsets. The grammar does not know lone surrogates either,
    # which JavaScript's strings may hold.
    text = _LONE_SURROGATE.sub("\ufffd", source)
    for word, pattern, replacement in _GAPS:
        if word in text:
            text = _fill(pattern, replacement, text)
    return tree_sitter.Parser(_language()).parse(text.encode()).root_node


def encode(source: str) -> bytes:
    """Return the text in UTF-8; lone surrogates survive ``decode("utf-8", "surrogatepass")``."""
    return source.encode("utf-8", "surrogatepass")
