"""Whether a text is worth a look at its types, before the grammar of TypeScript is loaded."""

from __future__ import annotations

import re

__all__ = ["may_be_typed"]

_MOST_CHARACTERS = 1_000_000  # a longer text would take a second

# Without one of these no text is TypeScript that is not JavaScript.
_SIGNS = re.compile(
    r"[:<!?]|\b(?:abstract|as|declare|enum|implements|import|interface|module|namespace|override"
    r"|private|protected|public|readonly|satisfies|type)\b"
)


def may_be_typed(source: str) -> bool:
    """Tell whether a text that is no JavaScript may be TypeScript."""
    return len(source) <= _MOST_CHARACTERS and _SIGNS.search(source) is not None
