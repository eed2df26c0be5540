"""A JupyterLab server and a Chromium, for the tests of this folder."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.pictures import ARTIFACTS

_REPOSITORY = Path(__file__).parent.parent.parent
_QUICKSTART = _REPOSITORY / "notebooks" / "quickstart.ipynb"

NAME = "JavaScript (ACA)"
"""The kernel's name in the launcher."""

PLAIN_NAME = "JavaScript (plain)"
"""The name of the same kernel with ``ACAJS_RUNTIME=plain``."""

CONTRAST = """element => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((value) => value / 255).map(
      (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let owner = element;
  const isClear = (color) => color.length === 4 && color[3] === 0;
  while (owner !== null && isClear(parse(getComputedStyle(owner).backgroundColor))) {
    owner = owner.parentElement;
  }
  const back = luminance(parse(getComputedStyle(owner ?? document.body).backgroundColor));
  const front = luminance(parse(getComputedStyle(element).color));
  return (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
}"""
"""Gives the contrast of an element's text: W3C's relative luminance, WCAG 2.2, section 1.4.3."""

_START_SECONDS = 60
_KERNEL_MILLISECONDS = 60_000
_STOP_SECONDS = 20
_ACTION_MILLISECONDS = 30_000
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium's sandbox refuses root, and its own services would call home.
_CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=_ACTION_MILLISECONDS)  # five seconds are little for a busy machine


@dataclass(frozen=True)
class JupyterLab:
    """A running JupyterLab.

    Attributes:
        url: Where it listens, with a trailing slash.
        token: What a browser must bring.
        root: The folder that it serves.
    """

    url: str
    token: str
    root: Path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """Start JupyterLab with settings of its own, that never asks the network for anything."""
    folder = tmp_path_factory.mktemp("lab")
    root, runtime, settings = folder / "root", folder / "runtime", folder / "settings"
    for path in (root, runtime, settings):
        path.mkdir()
    plugin = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    plugin.parent.mkdir(parents=True)
    plugin.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    shutil.copy(_QUICKSTART, root)
    _write_plain_spec(folder / "data" / "kernels" / "acajs-plain")
    token = secrets.token_urlsafe(16)
    ours = ("ACAJS_", "AZURE_", "JUPYTER")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    environment |= {
        "ACAJS_WORKSPACE": "off",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_TOKEN": token,
    }
    with (folder / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
                f"--ServerApp.root_dir={root}",
                "--LabApp.news_url=None",
                "--LabApp.extension_manager=readonly",
                "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
            ],
            env=environment,
            cwd=root,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = _wait_until_ready(process, runtime, folder / "lab.log")
        yield JupyterLab(url, token, root)
    finally:
        process.terminate()  # it stops its kernels first
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_SECONDS)


def _write_plain_spec(folder: Path) -> None:
    """Install a second kernel, which runs cells in plain mode."""
    spec = json.loads((_REPOSITORY / "kernelspec" / "kernel.json").read_text(encoding="utf-8"))
    spec |= {"display_name": PLAIN_NAME, "env": spec["env"] | {"ACAJS_RUNTIME": "plain"}}
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _wait_until_ready(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait for the file in which a Jupyter server says where it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                information: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            except ValueError:
                continue  # still being written
            return str(information["url"])
        time.sleep(0.05)  # a file's appearance is no event
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium; without one the tests are skipped, except in CI."""
    executable = next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, lab: JupyterLab, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open JupyterLab's launcher in an empty workspace; keep a picture of how the test ended."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(_ACTION_MILLISECONDS)
    page = context.new_page()
    page.goto(f"{lab.url}lab?token={lab.token}&reset")
    try:
        yield page
    finally:
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{request.node.name}.png")
        context.close()


def expect_idle(page: Page, name: str = NAME) -> None:
    """Wait until the kernel of this name is connected and has nothing to do.

    The status bar says so. The notebook's own indicator says "idle" from the beginning,
    and a cell that is run before the kernel is there is dropped without a word.
    """
    expect(page.get_by_role("button", name=f"{name} | Idle")).to_be_visible(
        timeout=_KERNEL_MILLISECONDS
    )


def use_theme(lab: JupyterLab, theme: str) -> None:
    """Set the theme that pages have when they are loaded."""
    folder = lab.root.parent / "settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"theme": f"JupyterLab {theme}"})
    (folder / "themes.jupyterlab-settings").write_text(text, encoding="utf-8")


def open_notebook(page: Page, lab: JupyterLab, name: str) -> Locator:
    """Open a file of the lab in an empty workspace; return its panel once its kernel is there."""
    page.goto(f"{lab.url}lab/tree/{name}?token={lab.token}&reset")
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect_idle(page)
    return notebook


def run_all(page: Page, notebook: Locator, milliseconds: int) -> None:
    """Run every cell, and wait until each has ended."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
    for cell in notebook.locator(".jp-CodeCell").all():
        expect(cell.locator(".jp-InputPrompt")).to_have_text(
            re.compile(r"^\[\d+\]:$"), timeout=milliseconds
        )


def write_notebook(lab: JupyterLab, name: str, *cells: str) -> None:
    """Write a notebook without outputs into the folder that JupyterLab serves."""
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": cell,
            }
            for number, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "acajs", "display_name": NAME}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (lab.root / name).write_text(json.dumps(notebook), encoding="utf-8")
