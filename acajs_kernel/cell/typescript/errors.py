"""What cannot be run, said so that it can be mended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["TypeScriptError"]

_LINE_BREAK = re.compile("\r\n|[\n\r\u2028\u2029]")


class TypeScriptError(ValueError):
    """Something of TypeScript cannot be run.

    Attributes:
        line: Where it stands, from 1.
        column: As above, in characters from 1.
    """

    def __init__(self, message: str, node: Node, edits: Edits) -> None:
        super().__init__(message)
        before = edits.slice(0, node.start_byte)
        lines = _LINE_BREAK.split(before)
        self.line, self.column = len(lines), len(lines[-1]) + 1
