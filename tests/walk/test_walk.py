"""A newcomer's walk: each page's commands and cells, pasted in order, do what the page says."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.checkout import REPOSITORY
from tests.notebook_files import write_notebook
from tests.walk.azure import stand_ins_for_azure
from tests.walk.conftest import Machine
from tests.walk.pages import (
    PAGES,
    REASONS,
    RUN_LANGUAGES,
    blocks_of,
    first_block,
    workflow_commands,
)
from tests.walk.reader import Reader
from tests.walk.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pages show a POSIX shell")

# They have made the machine; the pages that begin with one of them have the same text.
_MADE_THE_MACHINE = {first_block(page).text for page in ("docs/laptop.md", "README.md")}
_WALKED = [
    page
    for page in PAGES
    if any(b.language in RUN_LANGUAGES and not b.reason for b in blocks_of(page))
]
# Pages that work on the project's own files or its environment; the others suppose only programs.
_IN_THE_CHECKOUT = {
    "README.md",
    *(f"docs/{name}.md" for name in ("index", "laptop", "jupyterhub", "notebooks", "vscode")),
}


# Pages whose reader signs in to Azure, and those whose reader has a pool there already.
_SIGNING_IN = {"README.md", "docs/azure.md", "examples/jupyterhub/README.md"}
_WITH_A_POOL = {"docs/vscode.md", "docs/jupyterhub.md"}
_ENDPOINT = (
    "https://northcentralus.dynamicsessions.io/subscriptions/00000000-0000-0000-0000-000000000001"
    "/resourceGroups/mygroup/sessionPools/mypool"
)


def _give_files(page: str, work: Path) -> None:
    """Put into the working folder what a page supposes that its reader has."""
    if page == "docs/headless.md":
        (work / "script.js").write_text("console.log(6 * 7)\n", encoding="utf-8")
        declared = next(b.text for b in blocks_of(page) if b.language == "js")
        shown = "console.log(x, names.length)"
        write_notebook(work / "notebook.ipynb", declared, shown, tags=["parameters"])


@asynccontextmanager
async def _reading(
    page: str, machine: Machine, folder: Path, variables: dict[str, str]
) -> AsyncIterator[Reader]:
    """Give a reader of a page, in a folder and a home of their own."""
    work, logs = folder / "work", folder / "logs"
    work.mkdir()
    logs.mkdir()
    _give_files(page, work)
    with tempfile.TemporaryDirectory() as runtime:  # names of sockets have room for no long path
        variables = variables | {"JUPYTER_RUNTIME_DIR": runtime}
        terminal = Terminal(
            machine.environment(folder / "home") | variables,
            machine.checkout if page in _IN_THE_CHECKOUT else work,
            logs,
        )
        reader = Reader(terminal, machine.kernels)
        try:
            await terminal.open()
            yield reader
        finally:
            await reader.close()
            await terminal.close()


@asynccontextmanager
async def _azure(
    machine: Machine, environment: dict[str, str], folder: Path
) -> AsyncIterator[dict[str, str]]:
    """Give the variables of somebody who can sign in to what stands for Azure."""
    with stand_ins_for_azure(environment, folder) as (variables, programs):
        yield {**variables, "PATH": os.pathsep.join([machine.path, str(programs)])}


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", _WALKED)
async def test_what_a_page_shows_works_in_its_order(
    page: str, unchanged: Machine, environment: dict[str, str], tmp_path: Path
) -> None:
    """Every block that is not marked runs, and prints what the page shows."""
    variables = {"ACAJS_POOL_ENDPOINT": _ENDPOINT} if page in _WITH_A_POOL else {}
    async with AsyncExitStack() as stack:
        if page in _SIGNING_IN:
            variables = await stack.enter_async_context(
                _azure(unchanged, environment, tmp_path / "azure")
            )
        reader = await stack.enter_async_context(_reading(page, unchanged, tmp_path, variables))
        for block in blocks_of(page):
            if not block.reason and block.text not in _MADE_THE_MACHINE:
                await reader.paste(block)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(600)
@pytest.mark.parametrize("job", ["local", "azure"])
async def test_a_workflows_commands_run_the_notebooks_of_a_repository(
    job: str, unchanged: Machine, environment: dict[str, str], tmp_path: Path
) -> None:
    """What the example for GitHub Actions runs, runs here, on this machine and in a pool."""
    notebooks = tmp_path / "work" / "notebooks"
    notebooks.mkdir(parents=True)
    for name in ("quickstart", "azure"):
        shutil.copy(REPOSITORY / "notebooks" / f"{name}.ipynb", notebooks)
    (tmp_path / "logs").mkdir()
    async with _azure(unchanged, environment, tmp_path / "azure") as variables:
        terminal = Terminal(
            unchanged.environment(tmp_path / "home") | variables,
            tmp_path / "work",
            tmp_path / "logs",
        )
        await terminal.open()
        try:
            if job == "azure":  # the variable that the workflow reads, and its sign-in, stand
                await terminal.paste('eval "$(acajs azure create mypool -g mygroup)"\n')
            for command in workflow_commands(REPOSITORY / "examples" / "github-actions.yml", job):
                await terminal.paste(f"{command}\n")
        finally:
            await terminal.close()


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(600)
def test_the_first_commands_work_with_python_and_git_alone(machine: Machine) -> None:
    """A clone is installed and runs a notebook, in a new environment, on a machine without Node."""
    assert not (machine.programs / "node").exists()
    assert (machine.checkout / ".git").is_dir()
    assert "Executing notebook with kernel: acajs" in machine.log


def test_the_pages_that_a_newcomer_meets_first_begin_with_the_same_commands() -> None:
    """They need no release: what they show first is what makes the machine."""
    assert first_block("docs/index.md").text == first_block("docs/laptop.md").text
    assert first_block("docs/laptop.md").text.startswith("git clone ")


def test_every_block_is_run_or_says_why_not() -> None:
    """A block is a program that runs, its output, or has a mark with a known reason."""
    wrong = [
        f"{block.place} {block.language}: {block.reason or 'neither run nor marked'}"
        for page in PAGES
        for block in blocks_of(page)
        if (block.reason not in REASONS if block.reason else block.language not in RUN_LANGUAGES)
    ]
    assert wrong == []


def test_the_blocks_that_are_not_run_are_these() -> None:
    """Whoever marks one more adds it here, so that the list is looked at."""
    unrun = Counter(
        (page, block.reason) for page in PAGES for block in blocks_of(page) if block.reason
    )
    assert unrun == {
        ("README.md", "checks"): 1,
        ("docs/laptop.md", "release"): 1,
        ("docs/azure.md", "azure"): 7,
        ("docs/troubleshooting.md", "azure"): 4,
        ("docs/contributing.md", "checks"): 1,
        ("docs/contributing.md", "site"): 1,
        ("docs/contributing.md", "publish"): 1,
        ("examples/jupyterhub/README.md", "azure"): 2,
        ("examples/jupyterhub/README.md", "hub"): 2,
        ("CONTRIBUTING.md", "checks"): 1,
    }
