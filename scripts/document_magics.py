"""Write the table of magics in docs/magics.md, from their declarations."""

from __future__ import annotations

import sys
from pathlib import Path

from acajs_kernel.magics.describing import markdown_table

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "magics.md"
_BEGIN = "<!-- begin -->\n"
_END = "<!-- end -->\n"


def page_with_table(page: str) -> str:
    """Return the page with the table as it is to be."""
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    if not tail:
        sys.exit(f"{_PAGE} has lost its marks {_BEGIN.strip()} and {_END.strip()}")
    return f"{head}{_BEGIN}\n{markdown_table()}\n{_END}{tail}"


if __name__ == "__main__":
    _PAGE.write_text(page_with_table(_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote the table of magics in {_PAGE}")
