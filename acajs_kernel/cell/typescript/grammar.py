"""TypeScript's syntax tree, from tree-sitter, which is loaded when first needed."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node

__all__ = ["parse"]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

# What the grammar does not know is made known to it by other text of the same length: a
# table of a word without which nothing is to be done, and a pattern whose groups are
# replaced by spaces. Their text is erased all the same, since the edits know it from here.
_SPACES: tuple[tuple[str, re.Pattern[str]], ...] = (
    # Where a type parameter is used: `interface Box<in out T>`.
    ("<", re.compile(r"(?<=[<,])\s*((?:in|out)(?:\s+(?:in|out))?)(?=\s+[A-Za-z_$][\w$]*\s*[,>=]|\s+[A-Za-z_$][\w$]*\s+extends\b)")),
)


@functools.cache
def _language(*, jsx: bool) -> Language:
    import tree_sitter  # noqa: PLC0415 -- a cell of JavaScript needs neither
    import tree_sitter_typescript  # noqa: PLC0415 -- as above

    grammar = (
        tree_sitter_typescript.language_tsx() if jsx else tree_sitter_typescript.language_typescript()
    )
    return tree_sitter.Language(grammar)


def parse(source: str, *, jsx: bool = False) -> Node:
    """Return the root of the syntax tree, whose offsets are those of the text in UTF-8."""
    import tree_sitter  # noqa: PLC0415 -- a cell of JavaScript does not need it

    text = _LONE_SURROGATE.sub("\ufffd", source)
    for word, pattern in _SPACES:
        if word in text:
            text = pattern.sub(lambda match: " " * len(match[0]), text)
    return tree_sitter.Parser(_language(jsx=jsx)).parse(text.encode()).root_node
