"""Widgets in JupyterLab: anywidgets whose model lives in the session."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import JupyterLab, expect_idle
from tests.browser.pictures import ARTIFACTS, keep_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_WIDGETS = Path(__file__).parent.parent.parent / "notebooks" / "widgets.ipynb"
_MILLISECONDS = 60_000
# Faster than the pool answers.
_DRAG = """slider => {
  for (let n = 5; n <= 24; n += 1) {
    slider.value = n;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""


def _open(page: Page, lab: JupyterLab) -> Locator:
    page.goto(f"{lab.url}lab/tree/widgets.ipynb?token={lab.token}&reset")
    expect_idle(page)
    return page.locator(".jp-NotebookPanel:visible")


def _run(page: Page, notebook: Locator) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
    for cell in notebook.locator(".jp-CodeCell").all():
        expect(cell.locator(".jp-InputPrompt")).to_have_text(
            re.compile(r"^\[\d+\]:$"), timeout=_MILLISECONDS
        )


@pytest.mark.timeout(300)
def test_the_notebook_of_widgets_works_and_survives_a_reload(page: Page, lab: JupyterLab) -> None:
    """Counter, slider, message and canvas act on the model, and are there after a reload."""
    shutil.copy(_WIDGETS, lab.root)
    page.set_viewport_size({"width": 1280, "height": 4000})
    notebook = _open(page, lab)
    _run(page, notebook)
    # Of a widget that is shown from saved state, an older view may still be there.
    counter = notebook.locator("button.counter")
    expect(counter).to_have_text("count is 41", timeout=_MILLISECONDS)
    counter.click()
    expect(counter).to_have_text("count is 42")

    total = notebook.locator(".n-sum")
    expect(total).to_have_text("sum of 1 to 4: 10", use_inner_text=True)
    notebook.locator(".n-slider").evaluate(_DRAG)
    expect(total).to_have_text("sum of 1 to 24: 300", use_inner_text=True, timeout=_MILLISECONDS)

    notebook.locator("button.asker").click()
    expect(notebook.locator(".answer")).to_have_text(re.compile(r"Node \d+"), timeout=_MILLISECONDS)

    canvas = notebook.locator("canvas[data-drawn='65536']")
    expect(canvas).to_be_visible(timeout=_MILLISECONDS)
    drawn = canvas.evaluate("c => [...c.getContext('2d').getImageData(5, 7, 1, 1).data]")
    canvas.click(position={"x": 5, "y": 7})
    expected = f"{drawn}".replace("[", "").replace("]", "")
    _run_below(page, notebook, "canvas.get('picked').join(', ') + ' from the canvas'")
    last = notebook.locator(".jp-CodeCell").filter(has_text="from the canvas").last
    expect(last.locator(".jp-OutputArea")).to_contain_text(
        f"{expected} from the canvas", timeout=_MILLISECONDS
    )
    page.screenshot(path=ARTIFACTS / "widgets.png")
    keep_picture(page, "widget", notebook.locator(".jp-CodeCell").first)

    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator('.lm-Menu-item[data-command="docmanager:save"]').first.click()
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    notebook = _open(page, lab)
    expect(notebook.locator("button.counter")).to_have_text("count is 42", timeout=_MILLISECONDS)
    notebook.locator("button.counter").click()
    expect(notebook.locator("button.counter")).to_have_text("count is 43")
    _run_below(page, notebook, "`${counter.get('count')} in the session`")
    expect(notebook.locator(".jp-OutputArea").last).to_contain_text(
        "43 in the session", timeout=_MILLISECONDS
    )


def _run_below(page: Page, notebook: Locator, code: str) -> None:
    """Add a cell at the end, and run it."""
    page.get_by_role("menuitem", name="Edit", exact=True).press("Escape")
    cells = notebook.locator(".jp-Cell")
    cells.last.click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    editor = notebook.locator(".jp-CodeCell .cm-content").last
    editor.click()
    expect(editor).to_be_focused()
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")
