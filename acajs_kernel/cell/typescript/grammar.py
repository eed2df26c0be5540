"""TypeScript's syntax tree, from tree-sitter, which is loaded when first needed."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.drafts import Draft
from acajs_kernel.cell.typescript.recovery import recover
from acajs_kernel.cell.typescript.repairs import adapt, settle

if TYPE_CHECKING:
    from tree_sitter import Language, Node

__all__ = ["parse"]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_ROUNDS = 10  # a type that ends elsewhere may uncover others


@functools.cache
def _language(*, jsx: bool) -> Language:
    import tree_sitter  # noqa: PLC0415 -- a cell of JavaScript needs neither
    import tree_sitter_typescript  # noqa: PLC0415 -- as above

    grammar = (
        tree_sitter_typescript.language_tsx()
        if jsx
        else tree_sitter_typescript.language_typescript()
    )
    return tree_sitter.Language(grammar)


def parse(source: str, *, jsx: bool = False) -> tuple[Node, list[tuple[int, int, str]]]:
    """Return the root of the syntax tree, and what is only type beside it.

    The offsets are those of the text in UTF-8; the text of nodes may be another, of the
    same length.

    Args:
        source: The text.
        jsx: Whether it may hold JSX.
    """
    import tree_sitter  # noqa: PLC0415 -- a cell of JavaScript does not need it

    parser = tree_sitter.Parser(_language(jsx=jsx))
    draft = Draft(_LONE_SURROGATE.sub("\ufffd", source).encode())
    adapt(draft)
    root = parser.parse(bytes(draft.text)).root_node
    if root.has_error:
        recover(draft)
        root = parser.parse(bytes(draft.text)).root_node
    for _ in range(_ROUNDS):
        if not settle(root, draft):
            break
        root = parser.parse(bytes(draft.text)).root_node
    return root, draft.blanks
