"""JupyterLab's popups in a real browser: Tab and Shift-Tab."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NAME, expect_idle
from tests.browser.pictures import ARTIFACTS, keep_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_KERNEL_MILLISECONDS = 30_000
_MAP = "https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/Array/map"
_SETUP = (
    "/** Adds two numbers. */\nfunction addNumbers(a, b) { return a + b }\n"
    "const planet = { radius: 6371, rings: [], rotate() {} };\nplanet.radius"
)


def _notebook(page: Page) -> Locator:
    """Make a notebook with our kernel, and run a cell in it."""
    card = page.locator('.jp-LauncherCard[data-category="Notebook"]').filter(has_text=NAME)
    card.click()
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect_idle(page)
    first = notebook.locator(".jp-CodeCell .cm-content").first
    first.click()
    expect(first).to_be_focused()
    page.keyboard.insert_text(_SETUP)
    expect(first).to_contain_text("planet.radius")
    page.keyboard.press("Shift+Enter")
    cells = notebook.locator(".jp-CodeCell")
    expect(cells).to_have_count(2)
    expect(cells.first.locator(".jp-OutputArea")).to_contain_text(
        "6371", timeout=_KERNEL_MILLISECONDS
    )
    second = cells.nth(1).locator(".cm-content")
    second.click()
    expect(second).to_be_focused()
    return notebook


def test_tab_lists_what_the_object_has(page: Page) -> None:
    """The popup shows the object's own names with their types, and Enter takes one."""
    notebook = _notebook(page)
    page.keyboard.insert_text("const local = 1;\nplanet.r")
    page.keyboard.press("Tab")
    popup = page.locator(".jp-Completer:visible")
    items = popup.locator(".jp-Completer-item .jp-Completer-match")
    expect(items).to_have_text(["radius", "rings", "rotate"], timeout=_KERNEL_MILLISECONDS)
    expect(popup.locator(".jp-Completer-typeExtended").nth(2)).to_have_text("function")
    keep_picture(page, "completion", notebook.locator(".jp-CodeCell").first, popup)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    cell = notebook.locator(".jp-CodeCell").nth(1)
    expect(cell.locator(".cm-line").nth(1)).to_have_text("planet.rings")


def test_shift_tab_shows_the_documentation(page: Page) -> None:
    """The tooltip of a function of the user's, and of a builtin with its link to MDN."""
    notebook = _notebook(page)
    page.keyboard.insert_text("addNumbers(")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text("Adds two numbers.", timeout=_KERNEL_MILLISECONDS)
    expect(tooltip.locator("code").first).to_contain_text("function addNumbers(a, b)")
    page.screenshot(path=ARTIFACTS / "inspection.png")
    page.keyboard.press("Escape")
    page.keyboard.insert_text("1, [].map")
    page.keyboard.press("Shift+Tab")
    link = page.locator(".jp-Tooltip a", has_text="Array.prototype.map on MDN")
    expect(link).to_have_attribute("href", _MAP, timeout=_KERNEL_MILLISECONDS)
    cells = notebook.locator(".jp-CodeCell")
    keep_picture(page, "tooltip", cells.first, page.locator(".jp-Tooltip"))
