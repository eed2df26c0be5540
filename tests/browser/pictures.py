"""The documentation's pictures: ``python -m tests.browser.pictures [NAME…]`` takes them anew.

Each is taken by the browser test that calls `keep_picture` with its name, so that it shows what
that test has found to be so. Look at them before you commit them.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

__all__ = ["ARTIFACTS", "IMAGES", "keep_picture", "pictures"]

_TESTS = Path(__file__).parent
_REPOSITORY = _TESTS.parent.parent

ARTIFACTS = _REPOSITORY / "test-artifacts"
"""Where pictures are kept for people to look at; not in git."""

IMAGES = _REPOSITORY / "docs" / "images"
"""Where the documentation's are."""

_MARGIN_PIXELS = 4  # what is next to a cell is nearer than it looks


def _kept(name: str) -> Path:
    return ARTIFACTS / f"documentation-{name}.png"


def keep_picture(page: Page, name: str, *parts: Locator) -> None:
    """Take a picture for the documentation.

    Args:
        page: The page, in the state that is worth a picture.
        name: The picture's name in ``docs/images``, written out: it is found by reading the test.
        parts: What is shown, with all between; nothing for the whole page.
    """
    ARTIFACTS.mkdir(exist_ok=True)
    if not parts:
        page.screenshot(path=_kept(name))
        return
    boxes = [box for part in parts if (box := part.bounding_box()) is not None]
    assert len(boxes) == len(parts)
    left = max(min(box["x"] for box in boxes) - _MARGIN_PIXELS, 0)
    top = max(min(box["y"] for box in boxes) - _MARGIN_PIXELS, 0)
    right = max(box["x"] + box["width"] for box in boxes) + _MARGIN_PIXELS
    bottom = max(box["y"] + box["height"] for box in boxes) + _MARGIN_PIXELS
    page.screenshot(
        path=_kept(name),
        clip={"x": left, "y": top, "width": right - left, "height": bottom - top},
    )


def pictures() -> dict[str, str]:
    """Return each picture's name, and the test that takes it as pytest names it."""
    return {
        name: f"{file.relative_to(_REPOSITORY)}::{function.name}"
        for file in sorted(_TESTS.glob("test_*.py"))
        for function in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_")
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "keep_picture"
        for name in _values(call.args[1])
    }


def _values(expression: ast.expr) -> Iterator[str]:
    """Return the texts that an expression can be."""
    if isinstance(expression, ast.IfExp):
        yield from _values(expression.body)
        yield from _values(expression.orelse)
    else:
        yield str(ast.literal_eval(expression))


def main() -> None:
    """Run the tests that take the pictures, all or those that are named, and copy them."""
    taken_by = pictures()
    names = sys.argv[1:] or sorted(taken_by)
    if unknown := set(names) - set(taken_by):
        raise SystemExit(f"no browser test takes: {', '.join(sorted(unknown))}")
    wanted = {taken_by[name] for name in names}
    # In their own order: the launcher, for one, shows what earlier tests leave behind.
    tests = [test for test in dict.fromkeys(taken_by.values()) if test in wanted]
    subprocess.run([sys.executable, "-m", "pytest", *tests], cwd=_REPOSITORY, check=True)
    for name in names:
        shutil.copy(_kept(name), IMAGES / f"{name}.png")
        sys.stdout.write(f"docs/images/{name}.png\n")


if __name__ == "__main__":
    main()
