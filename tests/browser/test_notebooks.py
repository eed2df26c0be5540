"""The notebooks that teach, in JupyterLab: marks, charts and late output."""

from __future__ import annotations

import re
import shutil

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    CONTRAST,
    JupyterLab,
    open_notebook,
    run_all,
    use_theme,
)
from tests.browser.pictures import ARTIFACTS
from tests.checkout import REPOSITORY

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_NOTEBOOKS = REPOSITORY / "notebooks"
_THEMES = ["Light", "Dark"]
_CELL_MILLISECONDS = 60_000
_INSTALL_MILLISECONDS = 120_000
_READABLE = 4.5


def _half_solved() -> str:
    """Return the exercises of which the first is solved, as their solutions have it."""
    exercises, solutions = (
        nbformat.read(_NOTEBOOKS / f"{name}.ipynb", as_version=4)
        for name in ("exercises", "solutions")
    )
    solved = {cell.id: cell.source for cell in solutions.cells}
    for cell in exercises.cells:
        if "function clamp" in cell.source:
            cell.source = solved[cell.id]
    text: str = nbformat.writes(exercises)
    return text


@pytest.mark.parametrize("theme", _THEMES)
def test_the_marks_of_exercises_can_be_read_in_both_themes(
    page: Page, lab: JupyterLab, theme: str
) -> None:
    """Solved exercises are green, others red, and both stand out from the page."""
    (lab.root / "exercises.ipynb").write_text(_half_solved(), encoding="utf-8")
    use_theme(lab, theme)
    page.set_viewport_size({"width": 1000, "height": 6000})  # cells out of view are not drawn
    notebook = open_notebook(page, lab, "exercises.ipynb")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}")
    run_all(page, notebook, _CELL_MILLISECONDS)
    marks = notebook.locator(".jp-OutputArea-output b")
    green, red = (marks.filter(has_text=re.compile(f"^{mark}")) for mark in "✔✘")
    expect(green).to_have_count(2)
    expect(red).to_have_count(17)
    for locator in (*green.all(), *red.all(), notebook.locator(".jp-OutputArea-output pre").first):
        assert locator.evaluate(CONTRAST) > _READABLE
    page.screenshot(path=ARTIFACTS / f"exercises-{theme.lower()}.png")


@pytest.mark.parametrize("theme", _THEMES)
@pytest.mark.network
@pytest.mark.timeout(300)
def test_charts_of_plot_have_the_colours_of_the_page(
    page: Page, lab: JupyterLab, theme: str
) -> None:
    """Their titles, legends and axes can be read in both themes; none is a white image."""
    shutil.copy(_NOTEBOOKS / "charts.ipynb", lab.root)
    use_theme(lab, theme)
    page.set_viewport_size({"width": 1000, "height": 5000})
    notebook = open_notebook(page, lab, "charts.ipynb")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}")
    run_all(page, notebook, _INSTALL_MILLISECONDS)
    figures = notebook.locator(".jp-OutputArea-output figure")
    expect(figures).to_have_count(3)
    for figure in figures.all():
        assert figure.locator("text").first.evaluate(CONTRAST) > _READABLE
    assert figures.locator("h2").evaluate(CONTRAST) > _READABLE
    assert figures.locator("figcaption").evaluate(CONTRAST) > _READABLE
    expect(notebook.locator(".jp-OutputArea-output img")).to_have_count(2)  # those drawn by hand
    page.screenshot(path=ARTIFACTS / f"charts-{theme.lower()}.png")


def test_what_a_timer_prints_after_its_cell_stands_under_that_cell(
    page: Page, lab: JupyterLab
) -> None:
    """The lesson's bell rings while the next cell waits for it, or before."""
    shutil.copy(_NOTEBOOKS / "async.ipynb", lab.root)
    page.set_viewport_size({"width": 1000, "height": 6000})
    notebook = open_notebook(page, lab, "async.ipynb")
    run_all(page, notebook, _CELL_MILLISECONDS)
    cells = notebook.locator(".jp-CodeCell")
    cell = cells.filter(has_text="const rung")
    expect(cell.locator(".jp-OutputArea-output")).to_have_text(
        [re.compile("the cell has ended"), re.compile("the bell rings")]
    )
    expect(cells.last.locator(".jp-OutputArea-output")).to_have_text(
        [re.compile("now it has rung")]
    )
