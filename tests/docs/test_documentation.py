"""The documentation says what is so: its settings, errors, links, examples."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import runpy
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from traitlets.config import Config
from typer.testing import CliRunner

import acajs_kernel
from acajs_kernel import errors
from acajs_kernel.cli import application
from acajs_kernel.config import Settings
from acajs_kernel.messages import own_error
from tests.browser.pictures import IMAGES, pictures
from tests.checkout import REPOSITORY
from tests.kernel_client import running_kernel

_DOCUMENTATION = REPOSITORY / "docs"
_PAGES = sorted(path.name for path in _DOCUMENTATION.glob("*.md"))


def _text(page: str) -> str:
    return (_DOCUMENTATION / page).read_text(encoding="utf-8")


_TEXTS = [
    *map(_text, _PAGES),
    *(
        (REPOSITORY / name).read_text(encoding="utf-8")
        for name in ("README.md", "examples/jupyterhub/README.md")
    ),
]
# Those in blocks are run: see tests/walk.
_OWN_COMMANDS = sorted(
    {
        " ".join(command.split())
        for text in _TEXTS
        for command in re.findall(r"`(acajs [a-z][^`]*)`", text)
    }
)


@pytest.mark.parametrize("line", _OWN_COMMANDS)
def test_a_command_of_ours_has_the_options_that_are_written(line: str) -> None:
    """Every `acajs …` that a page shows exists, with its options."""
    words = re.split(r"\s+", re.sub(r"\"[^\"]*\"|'[^']*'", "TEXT", line))[1:]
    names: list[str] = []
    for word in words:
        if not re.fullmatch(r"[a-z]+", word):
            break
        names.append(word)
    shown = CliRunner().invoke(
        application.application, [*names, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}
    )
    assert shown.exit_code == 0, shown.output
    written = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert written <= set(re.findall(r"--[a-z-]+", shown.output))


def test_commands_of_ours_are_found() -> None:
    """The pages show the commands that a reader needs first."""
    shown = {" ".join(line.split()[:2]) for line in _OWN_COMMANDS}
    assert shown >= {"acajs azure", "acajs exec", "acajs install", "acajs pool"}


@pytest.mark.parametrize("name", errors.__all__)
def test_an_errors_last_line_leads_to_its_heading(name: str) -> None:
    """Each class of error has a heading of its own, to which its message links."""
    # Some classes have arguments of their own, which do not matter here.
    kind: type[errors.AcaJsError] = getattr(errors, name)
    error = kind.__new__(kind)
    errors.AcaJsError.__init__(error, "what happened", remedy="what to do")
    last = own_error(error).traceback[-1]
    assert last == f"More: {error.more}"
    assert len(last) < 90
    page, _, anchor = error.more.removeprefix("More: ").rpartition("/")[2].partition("#")
    assert re.search(rf"^#+ {name} {{ #{anchor} }}$", _text(f"{page}.md"), re.MULTILINE)


def test_every_error_that_a_user_can_see_is_among_the_public_ones() -> None:
    """None is raised under a name of a module's own, whose link would lead nowhere."""
    importlib.import_module("papermill.execute")  # which loads our engine, and wants to be first
    for module in pkgutil.walk_packages(acajs_kernel.__path__, "acajs_kernel."):
        if not module.name.endswith(("__main__", "platform_windows", "platform_posix")):
            importlib.import_module(module.name)
    kinds: list[type[errors.AcaJsError]] = [errors.AcaJsError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    found = {f"{kind.__module__}.{kind.__name__}" for kind in kinds}
    assert found == {f"{errors.__name__}.{name}" for name in errors.__all__}


def test_every_picture_is_taken_by_a_browser_test() -> None:
    """The pages show what a test has seen; a drawing is an SVG file."""
    shown = {
        Path(name).stem for text in _TEXTS for name in re.findall(r"images/([^)\"#]+\.png)", text)
    }
    assert shown == {file.stem for file in IMAGES.glob("*.png")}
    assert shown == set(pictures()), "see python -m tests.browser.pictures"


def test_pictures_are_small() -> None:
    """No picture is a burden for who reads or clones; each is shown somewhere."""
    shown = "".join(_text(page) for page in _PAGES) + (REPOSITORY / "mkdocs.yml").read_text("utf-8")
    for file in (_DOCUMENTATION / "images").iterdir():
        assert file.stat().st_size < 150_000, file.name
        assert f"images/{file.name}" in shown


def test_the_pages_that_are_written_from_the_code_are_current() -> None:
    """`python scripts/write_reference.py` would change nothing."""
    script = runpy.run_path(str(REPOSITORY / "scripts" / "write_reference.py"))
    for name, write in script["PAGES"].items():
        assert write() == _text(name), f"run python scripts/write_reference.py for {name}"


async def test_the_configuration_file_named_is_the_one_that_is_read(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """`acajs_config.py` in IPython's default profile sets a trait."""
    assert "`acajs_config.py`, in the folder `profile_default`" in _text("configuration.md")
    file = tmp_path / "profile_default" / "acajs_config.py"
    file.parent.mkdir()
    file.write_text('c.AcaJsKernel.runtime = "plain"\n', encoding="utf-8")
    async with running_kernel(environment | {"IPYTHONDIR": str(tmp_path)}) as plain:
        ran = await plain.run("import 'node:fs'")
    assert ran.error["ename"] == "SyntaxError"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no Unix sockets")
@pytest.mark.parametrize("way", ["neither", "sockets", "encryption", "level"])
def test_the_warning_of_tcp_is_silenced_as_written(
    way: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Each way silences it, and without them it is there."""
    page = _text("headless.md")
    setting, sockets = 'c.AcaJsKernelApp.log_level = "ERROR"', ["--transport", "ipc"]
    encryption = "--KernelManager.transport_encryption=required"
    assert f"`{setting}`" in page
    assert f"jupyter run --kernel acajs {' '.join(sockets)} script.js" in page
    assert f"`{encryption}`" in page
    options = {"sockets": sockets, "encryption": [encryption]}.get(way, [])
    (tmp_path / "script.js").write_text("console.log(42)", encoding="utf-8")
    if way == "level":
        (tmp_path / "profile_default").mkdir()
        file = tmp_path / "profile_default" / "acajs_config.py"
        file.write_text(setting, encoding="utf-8")
    with tempfile.TemporaryDirectory() as runtime:  # names of sockets have room for no long path
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "jupyter", "run", "--kernel", "acajs"),
                *options,
                "script.js",
            ],
            cwd=tmp_path,
            env=environment | {"IPYTHONDIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": runtime},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert ran.stdout == "42\n"
    assert ("without encryption" in ran.stderr) == (way == "neither")


def test_the_hubs_example_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterHub's file runs, and hands the pool and its limits to the students' servers."""
    monkeypatch.setenv("ACAJS_POOL_ENDPOINT", "https://example.dynamicsessions.io/pool")
    monkeypatch.setenv("COURSE_STUDENTS", "ada grace")
    config = Config()
    file = REPOSITORY / "examples" / "jupyterhub" / "jupyterhub_config.py"
    runpy.run_path(str(file), {"get_config": lambda: config})
    given = config.Spawner.environment
    assert given["ACAJS_POOL_ENDPOINT"] == "https://example.dynamicsessions.io/pool"
    for name, value in given.items():  # each is a variable that the kernel reads
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.settings_error() is None
    assert (settings.endpoint, settings.keepalive_minutes) == (given["ACAJS_POOL_ENDPOINT"], 10)
    assert config.Authenticator.allowed_users == {"ada", "grace"}
    # JupyterHub's default spawner ignores limits; tests/walk/test_hub.py looks at their effect.
    assert config.JupyterHub.spawner_class == "systemd"
    assert (config.Spawner.mem_limit, config.Spawner.cpu_limit) == ("512M", 0.5)
    assert not any("TOKEN" in name for name in given)
    monkeypatch.delenv("ACAJS_POOL_ENDPOINT")  # a hub that has lost it runs nothing on itself
    error = Settings().settings_error()
    assert error is not None
    assert "ACAJS_EMBEDDED_POOL" in error.message


def test_the_workflow_runs_commands_that_exist() -> None:
    """The example for GitHub Actions installs the kernel and runs notebooks, here and on Azure."""
    text = (REPOSITORY / "examples" / "github-actions.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    for job in jobs.values():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        assert commands[-1] == "jupyter execute notebooks/*.ipynb"
        assert job["timeout-minutes"] <= 30
    assert "ACAJS_POOL_ENDPOINT" in jobs["azure"]["env"]


class _Loaded(HTMLParser):
    """Collects what a browser loads for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and given.get("src"):
            self.addresses.append(given["src"])
        if tag == "link" and given.get("rel") in {"stylesheet", "icon", "preload", "preconnect"}:
            self.addresses.append(given["href"])


@pytest.mark.slow
def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """No link is broken, every page is reached from the navigation, and it works offline."""
    site = tmp_path / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=REPOSITORY,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert "not included in the" not in built.stderr, built.stderr
    assert {f"{Path(page).stem}.html" for page in _PAGES} <= {file.name for file in site.iterdir()}
    for file in site.glob("*.html"):
        loaded = _Loaded()
        loaded.feed(file.read_text(encoding="utf-8"))
        assert [address for address in loaded.addresses if "//" in address] == [], file.name
