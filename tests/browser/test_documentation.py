"""What the documentation says of JupyterLab, and the pictures that it shows."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import (
    NAME,
    JupyterLab,
    expect_idle,
    open_notebook,
    use_theme,
    write_notebook,
)
from tests.browser.pictures import keep_picture
from tests.checkout import REPOSITORY

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_OUTPUT_MILLISECONDS = 60_000
_PLANETS = """\
const planets = [
  { name: "Mercury", radius_km: 2439.7, moons: 0 },
  { name: "Earth", radius_km: 6371, moons: 1 },
  { name: "Mars", radius_km: 3389.5, moons: 2 },
];
planets"""
_ERROR = """\
function volume({ radius_km: radius }) {
  return (4 / 3) * Math.PI * radius.cubed();
}
planets.map(volume)"""


def _run_cell(page: Page, notebook: Locator, number: int) -> Locator:
    """Run one of the notebook's cells, and wait until it has ended."""
    cell = notebook.locator(".jp-CodeCell").nth(number)
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-InputPrompt")).to_have_text(
        re.compile(r"^\[\d+\]:$"), timeout=_OUTPUT_MILLISECONDS
    )
    return cell


def _readme_cell() -> str:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```js\n(.*?)\n```$", readme, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_launcher_is_as_in_the_picture(page: Page) -> None:
    """The launcher offers the kernel for notebooks and for consoles."""
    page.set_viewport_size({"width": 1000, "height": 500})
    for category in ("Notebook", "Console"):
        card = page.locator(f'.jp-LauncherCard[data-category="{category}"]')
        expect(card.filter(has_text=NAME)).to_be_visible()
    keep_picture(page, "launcher")


def test_a_notebook_that_is_closed_and_opened_again_goes_on(page: Page, lab: JupyterLab) -> None:
    """After closing the tab, the outputs are there, and the kernel with its variables."""
    write_notebook(lab, "again.ipynb", "const kept = 41;\nkept + 1", "kept")
    before = page.context.new_page()
    _run_cell(before, open_notebook(before, lab, "again.ipynb"), 0)
    before.keyboard.press("Control+s")
    expect(before.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
    before.close()
    notebook = open_notebook(page, lab, "again.ipynb")
    first = notebook.locator(".jp-CodeCell").first
    expect(first.locator(".jp-OutputArea-executeResult")).to_contain_text("42")
    cell = _run_cell(page, notebook, 1)
    expect(cell.locator(".jp-OutputArea-executeResult")).to_contain_text("41")
    expect(cell.locator(".jp-OutputPrompt")).to_have_text("[2]:")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_pictures_of_the_documentation_show_what_it_says(
    page: Page, lab: JupyterLab, theme: str
) -> None:
    """The README's cell, a table and an error, as in the pictures, in both themes."""
    use_theme(lab, theme)
    page.set_viewport_size({"width": 1000, "height": 800})
    name = f"planets-{theme.lower()}.ipynb"
    write_notebook(lab, name, _readme_cell(), _PLANETS, _ERROR)
    notebook = open_notebook(page, lab, name)
    page.keyboard.press("Control+b")  # more room for the notebook
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    cell = _run_cell(page, notebook, 0)
    expect(cell.locator(".jp-OutputArea")).to_contain_text("3 planets")
    expect(cell.locator(".jp-OutputArea-executeResult")).to_contain_text("[ 7, 5, 5 ]")
    table = _run_cell(page, notebook, 1)
    expect(table.locator("table tbody tr")).to_have_count(3)
    failed = _run_cell(page, notebook, 2)
    expect(failed.locator(".jp-OutputArea")).to_contain_text("radius.cubed is not a function")
    expect_idle(page)
    keep_picture(page, "jupyterlab" if theme == "Light" else "jupyterlab-dark")


def test_files_go_to_the_session_and_come_back(page: Page, lab: JupyterLab) -> None:
    """`%upload` takes a file from beside the notebook, `%download` puts one there."""
    use_theme(lab, "Light")
    folder = lab.root / "moving"
    folder.mkdir()
    (folder / "numbers.csv").write_text("1\n2\n39\n", encoding="utf-8")
    write_notebook(
        lab,
        "moving/files.ipynb",
        "%upload numbers.csv",
        'const { readFileSync, writeFileSync } = require("node:fs");\n'
        'const numbers = readFileSync("numbers.csv", "utf8").trim().split("\\n").map(Number);\n'
        'writeFileSync("sum.txt", String(numbers.reduce((sum, number) => sum + number)));',
        "%files",
        "%download sum.txt",
    )
    notebook = open_notebook(page, lab, "moving/files.ipynb")
    uploaded, _, listed, downloaded = (_run_cell(page, notebook, number) for number in range(4))
    expect(uploaded.locator(".jp-OutputArea")).to_contain_text("Uploaded 1 file")
    expect(listed.locator("table tbody tr")).to_have_count(2)
    expect(downloaded.locator(".jp-OutputArea")).to_contain_text("Downloaded 1 file")
    assert (folder / "sum.txt").read_text(encoding="utf-8") == "42"
    keep_picture(page, "files", uploaded, downloaded)


def test_magics_answer_as_in_the_picture(page: Page, lab: JupyterLab) -> None:
    """Commands of the session's shell, JavaScript and magics in one notebook."""
    use_theme(lab, "Light")
    write_notebook(
        lab,
        "magics.ipynb",
        "%env GREETING=hello\n"
        'await fs.promises.writeFile("planets.csv", "Mercury\\nEarth\\nMars\\n");\n'
        "!wc -l *.csv\n"
        "%time process.env.GREETING.toUpperCase()",
        "const moons = new Map([['Earth', 1], ['Mars', 2]]);\n%who",
    )
    notebook = open_notebook(page, lab, "magics.ipynb")
    first, second = (_run_cell(page, notebook, number) for number in range(2))
    expect(first.locator(".jp-OutputArea")).to_contain_text("3 planets.csv")
    expect(first.locator(".jp-OutputArea")).to_contain_text("Wall time")
    expect(second.locator("table")).to_contain_text("moons")
    keep_picture(page, "magics", first, second)


def test_a_page_made_without_a_browser_is_as_in_the_picture(page: Page, lab: JupyterLab) -> None:
    """`jupyter nbconvert --execute --to html` writes a page with cells and their outputs."""
    write_notebook(lab, "report.ipynb", _readme_cell(), _PLANETS)
    subprocess.run(
        [
            *(sys.executable, "-m", "jupyter", "nbconvert", "--execute", "--to", "html"),
            "report.ipynb",
        ],
        cwd=lab.root,
        check=True,
        timeout=100,
    )
    page.route(re.compile("^https?:"), lambda route: route.abort())  # what it loads for formulas
    page.set_viewport_size({"width": 900, "height": 600})
    page.goto((lab.root / "report.html").as_uri())
    cells = page.locator(".jp-CodeCell")
    expect(cells.first).to_contain_text("3 planets")
    expect(cells.nth(1).locator("table tbody tr")).to_have_count(3)
    keep_picture(page, "report", cells.first, cells.nth(1))
