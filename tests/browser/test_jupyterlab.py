"""JupyterLab in a real browser: launcher, cells, interrupt, restart."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NAME, PLAIN_NAME, JupyterLab, expect_idle
from tests.browser.pictures import ARTIFACTS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_OUTPUT_MILLISECONDS = 30_000
_FOR_EVER = 'console.log("begun");\nfor (;;) {}'


def _card(page: Page, name: str) -> Locator:
    """Return the launcher's card that makes a notebook of a kernel."""
    return page.locator('.jp-LauncherCard[data-category="Notebook"]').filter(has_text=name)


def _open_notebook(page: Page, name: str) -> Locator:
    """Make a notebook from the launcher, and wait until its kernel is idle."""
    _card(page, name).click()
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect_idle(page, name)
    return notebook


def _run(page: Page, notebook: Locator, code: str) -> Locator:
    """Type code into the last cell and run it; return that cell."""
    cells = notebook.locator(".jp-CodeCell")
    count = cells.count()
    cell = cells.nth(count - 1)
    cell.locator(".cm-content").click()
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    expect(cells).to_have_count(count + 1)  # JupyterLab adds the next one
    return cell


def _choose(page: Page, menu: str, command: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.locator(f'.lm-Menu-item[data-command="{command}"]').click()


def _expect_output(cell: Locator, text: str) -> None:
    expect(cell.locator(".jp-OutputArea")).to_contain_text(text, timeout=_OUTPUT_MILLISECONDS)


def _interrupt(page: Page, cell: Locator, name: str = NAME) -> None:
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[*]:")
    _choose(page, "Kernel", "kernelmenu:interrupt")
    _expect_output(cell, "KeyboardInterrupt")
    expect_idle(page, name)


def _restart(page: Page, notebook: Locator) -> None:
    """Restart the kernel, and check that it is clean."""
    _choose(page, "Kernel", "kernelmenu:restart")
    page.locator(".jp-Dialog button.jp-mod-warn").click()
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    cell = _run(page, notebook, "typeof kept")
    _expect_output(cell, "'undefined'")
    expect(cell.locator(".jp-OutputPrompt")).to_have_text("[1]:")


def test_the_launcher_shows_name_and_logo(page: Page) -> None:
    """The kernel's card stands in the launcher with our drawing, loaded."""
    logo = _card(page, NAME).locator("img")
    expect(logo).to_have_attribute("src", re.compile("/kernelspecs/acajs/logo-"))
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=logo.element_handle()
    )


def test_a_plain_notebook_runs_is_interrupted_and_restarts(page: Page) -> None:
    """Values, output and errors show; an interrupt is honest; a restart gives a clean state."""
    notebook = _open_notebook(page, PLAIN_NAME)
    cell = _run(page, notebook, "var kept = 41;\nkept + 1")
    _expect_output(cell, "42")
    expect(cell.locator(".jp-OutputPrompt")).to_have_text("[1]:")
    cell = _run(page, notebook, 'console.log("hello");\nconsole.error("trouble")')
    _expect_output(cell, "hello")
    _expect_output(cell, "trouble")
    cell = _run(page, notebook, 'throw new RangeError("too far")')
    _expect_output(cell, "RangeError: too far")
    cell = _run(page, notebook, _FOR_EVER)
    _interrupt(page, cell, PLAIN_NAME)
    _expect_output(cell, "may still be running")
    page.screenshot(path=ARTIFACTS / "plain.png")
    _restart(page, notebook)


def test_a_rich_notebook_runs_is_interrupted_and_restarts(page: Page) -> None:
    """Output is live, input is asked for; an interrupt keeps variables, a restart clears them."""
    notebook = _open_notebook(page, NAME)
    cell = _run(page, notebook, "const kept = await Promise.resolve(41);\nkept + 1")
    _expect_output(cell, "42")
    cell = _run(page, notebook, 'throw new RangeError("too far")')
    _expect_output(cell, "RangeError: too far")
    cell = _run(page, notebook, 'prompt("Your name?")')
    expect(cell.locator(".jp-Stdin-prompt")).to_contain_text("Your name?")
    cell.locator(".jp-Stdin-input").fill("Ada")
    cell.locator(".jp-Stdin-input").press("Enter")
    expect(cell.locator(".jp-OutputArea-executeResult")).to_contain_text("'Ada'")
    cell = _run(page, notebook, _FOR_EVER)
    _expect_output(cell, "begun")
    _interrupt(page, cell)
    _expect_output(_run(page, notebook, "kept"), "41")
    page.screenshot(path=ARTIFACTS / "rich.png")
    _restart(page, notebook)


def test_the_quickstart_opens_and_runs_as_a_whole(page: Page, lab: JupyterLab) -> None:
    """A click on the file and "Run All" give the saved outputs; the intended error is no end."""
    page.locator(".jp-DirListing-item", has_text="quickstart.ipynb").dblclick()
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect_idle(page)
    _choose(page, "Edit", "editmenu:clear-all")
    expect(notebook.locator(".jp-OutputArea-output")).to_have_count(0)
    _choose(page, "Run", "runmenu:run-all")
    last = notebook.locator(".jp-CodeCell").last
    _expect_output(last, "'Mercury'")
    expect(notebook.get_by_text("RangeError: too far")).to_have_count(1)
