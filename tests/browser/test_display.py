"""What the runtime shows, drawn by JupyterLab in its light and its dark theme."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    CONTRAST,
    JupyterLab,
    open_notebook,
    run_all,
    use_theme,
    write_notebook,
)
from tests.browser.pictures import ARTIFACTS, keep_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_GALLERY = Path(__file__).parent.parent.parent / "notebooks" / "gallery.ipynb"
_CELL_MILLISECONDS = 60_000
_INSTALL_MILLISECONDS = 240_000


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_what_is_shown_can_be_read_in_both_themes(page: Page, lab: JupyterLab, theme: str) -> None:
    """Tables, notes, bytes and progress have the theme's colours; images are drawn."""
    use_theme(lab, theme)
    page.set_viewport_size({"width": 1000, "height": 2600})  # cells out of view are not drawn
    write_notebook(
        lab,
        "shown.ipynb",
        "Array.from({ length: 60 }, (_, n) => ({ n, text: '<b>' + n }))",
        "Buffer.from('some bytes')",
        "for (const n of Jupyter.progress([1, 2], { label: 'steps' })) await n;",
        "({ getAttribute() {}, cloneNode() {}, outerHTML: "
        '\'<svg width="40" height="20"><text y="15" fill="currentColor">ink</text></svg>\' })',
    )
    notebook = open_notebook(page, lab, "shown.ipynb")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}")
    run_all(page, notebook, _CELL_MILLISECONDS)
    outputs = notebook.locator(".jp-CodeCell .jp-OutputArea-output")
    expect(outputs.locator("tbody tr")).to_have_count(50)
    for locator in (
        outputs.locator("tbody td").nth(1),
        outputs.locator("tbody td").nth(3),
        outputs.get_by_text("50 of 60 rows"),
        outputs.locator("pre", has_text="some bytes"),
        outputs.get_by_text("100% · 2 of 2"),
    ):
        assert locator.evaluate(CONTRAST) > 4.5
    bars = outputs.locator("p > span > span")
    expect(bars).to_have_count(1)  # updated in place
    box = bars.bounding_box()
    assert box is not None
    assert box["width"] > 100
    assert outputs.locator("img").evaluate("image => image.naturalWidth") == 40
    page.screenshot(path=ARTIFACTS / f"display-{theme.lower()}.png")


@pytest.mark.network
@pytest.mark.timeout(400)
def test_the_gallery_is_drawn_in_both_themes(page: Page, lab: JupyterLab) -> None:
    """Every output of the gallery is drawn; pictures of both themes are kept to be looked at."""
    shutil.copy(_GALLERY, lab.root)
    use_theme(lab, "Light")
    page.set_viewport_size({"width": 1280, "height": 7000})
    notebook = open_notebook(page, lab, "gallery.ipynb")
    run_all(page, notebook, _INSTALL_MILLISECONDS)
    expect(
        notebook.locator(".jp-RenderedVegaCommonHTML5, .jp-RenderedVegaLite").first
    ).to_be_visible()
    expect(
        notebook.locator(".jp-RenderedVegaLite svg, .jp-RenderedVegaLite canvas").first
    ).to_be_visible()
    expect(notebook.locator(".jp-OutputArea-output table")).to_have_count(6)
    assert notebook.locator('.jp-OutputArea-output[data-mime-type*="stderr"]').count() == 0
    for image in notebook.locator(".jp-OutputArea-output img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    page.screenshot(path=ARTIFACTS / "gallery-light.png")
    waves = notebook.locator(".jp-CodeCell").filter(has_text='title: "Waves"')
    keep_picture(page, "charts", waves, notebook.locator(".jp-CodeCell:has(.jp-RenderedVegaLite)"))
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    page.get_by_role("menuitem", name="JupyterLab Dark", exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", "JupyterLab Dark")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)  # it shades the page
    page.screenshot(path=ARTIFACTS / "gallery-dark.png")
