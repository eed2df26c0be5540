"""The magics as they declare themselves, and the page that is made of that."""

from __future__ import annotations

import re
import runpy

import pytest

from acajs_kernel.errors import MagicError
from acajs_kernel.magics.registry import find_magic, magics
from tests.checkout import REPOSITORY


def test_the_page_of_magics_is_current() -> None:
    """`python scripts/document_magics.py` would change nothing."""
    page = (REPOSITORY / "docs" / "magics.md").read_text(encoding="utf-8")
    program = runpy.run_path(str(REPOSITORY / "scripts" / "document_magics.py"))
    assert program["page_with_table"](page) == page


@pytest.mark.parametrize("name", magics())
def test_a_magic_says_how_it_is_written(name: str) -> None:
    """Each form is a sign and its name; its sentences end; its first form is of its kind."""
    magic = magics()[name]
    forms = [form for form in magic.usage if not form.startswith("!")]
    assert all(re.match(rf"%{{1,2}}{name}(?:\s|\Z)", form) for form in forms)
    assert magic.is_line_magic or magic.is_cell_magic
    for sentences in (magic.summary, magic.details):
        assert not sentences or sentences.endswith(".")


def test_a_magic_is_found_by_how_it_is_used() -> None:
    """Of a line, of a cell, or merely by name; else the error says what to write."""
    assert find_magic("time", sign="%") is find_magic("time", sign="%%") is find_magic("time")
    assert list(magics()) == sorted(magics())
    with pytest.raises(MagicError, match="Did you mean %%html") as caught:
        find_magic("htm", sign="%%")
    assert "did not run" in caught.value.message
    with pytest.raises(MagicError, match="Begin the cell with %%html"):
        find_magic("html", sign="%")
    with pytest.raises(MagicError, match="Write %who"):
        find_magic("who", sign="%%")
