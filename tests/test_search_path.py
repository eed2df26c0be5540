"""Opening somebody's folder runs nothing of it, whatever its files are called."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from tests.checkout import REPOSITORY
from tests.cli.command import acajs
from tests.kernel_client import running_kernel

_SPEC = json.loads((REPOSITORY / "kernelspec" / "kernel.json").read_text(encoding="utf-8"))
_VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# Files that other programs run when they find them where they are started.
_CONFIGURATIONS = (
    "acajs_config.py",
    "ipython_config.py",
    "ipython_kernel_config.py",
    "jupyter_config.py",
    "jupyter_kernel_config.py",
    "profile_default/acajs_config.py",
    "profile_default/ipython_config.py",
    "profile_default/startup/00.py",
    "sitecustomize.py",
    "usercustomize.py",
)


class _Poisoned:
    """A folder whose every file leaves its name in a list when it is run."""

    def __init__(self, folder: Path, ran: Path) -> None:
        self.folder = folder
        self._ran = ran
        for name in sorted(sys.stdlib_module_names | set(metadata.packages_distributions())):
            if name.isidentifier() and not name.startswith("_editable"):
                self._add(f"{name}.py", _in_python)
        for name in _CONFIGURATIONS:
            self._add(name, _in_python)
        for name in ("index.js", "evil.cjs", "node_modules/fs/index.js"):
            self._add(name, _in_javascript)
        for name in ("node", "npm", "python", "python3", "az", "sh"):
            self._add(name, _in_shell).chmod(stat.S_IRWXU)
        (folder / "package.json").write_text('{"type": "module", "main": "index.js"}')
        (folder / ".npmrc").write_text("node-options=--require ./evil.cjs\n")
        (folder / ".env").write_text("NODE_OPTIONS=--require ./evil.cjs\n")

    def _add(self, name: str, write: Callable[[str, str], str]) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(write(str(self._ran), name), encoding="utf-8")
        return file

    @property
    def ran(self) -> list[str]:
        """The files that were run."""
        return self._ran.read_text().split() if self._ran.exists() else []


def _in_python(ran: str, name: str) -> str:
    # As a script that was not meant to be imported: it does what it does, and ends in an error.
    return f"with open({ran!r}, 'a') as file: file.write({name + chr(10)!r})\n1 / 0\n"


def _in_javascript(ran: str, name: str) -> str:
    return f"require('node:fs').appendFileSync({json.dumps(ran)}, {json.dumps(name + chr(10))});\n"


def _in_shell(ran: str, name: str) -> str:
    return f"#!/bin/sh\necho {name} >> {ran}\n"


@pytest.fixture
def poisoned(tmp_path: Path) -> _Poisoned:
    """Make a folder of which nothing may be run."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return _Poisoned(folder, tmp_path / "ran")


def _specs(folder: Path, origin: str, environment: dict[str, str]) -> KernelSpecManager:
    """Install a kernel spec below a folder: the package's own, or the one of our command."""
    kernels = folder / "share" / "jupyter" / "kernels"
    if origin == "package":
        shutil.copytree(REPOSITORY / "kernelspec", kernels / "acajs")
    else:
        ran = acajs(environment, "install", "--prefix", str(folder))
        assert ran.returncode == 0, ran.stderr
    return KernelSpecManager(kernel_dirs=[str(kernels)])


@pytest.mark.parametrize("origin", ["package", "command"])
async def test_the_kernel_runs_nothing_that_lies_beside_the_notebook(
    origin: str, poisoned: _Poisoned, environment: dict[str, str], tmp_path: Path
) -> None:
    """From its launch through cells, questions, magics and an error to its end."""
    specs = _specs(tmp_path, origin, environment)
    environment.pop("PYTHONPATH", None)
    # Where a folder is looked for programs that is no folder's full name, it is the notebook's.
    environment["PATH"] = f":.:{environment['PATH']}"
    async with running_kernel(environment, specs=specs, cwd=str(poisoned.folder)) as kernel:
        assert (await kernel.run("console.log(await Promise.resolve('42'))")).stdout == "42\n"
        await kernel.run("import fs from 'node:fs'")
        assert "no such variable" not in (await kernel.run("%who")).stdout
        assert "hi" in (await kernel.run("!echo hi")).stdout
        assert (await kernel.run("null.x")).error["ename"] == "TypeError"
        assert (await kernel.run("%upload nothing")).error["ename"] == "TransferError"
        for question in (kernel.client.complete("fs.rea", 6), kernel.client.inspect("fs", 2)):
            await kernel.collect(question)
    assert poisoned.ran == []


def _python(version: str) -> str:
    """Find a Python of a version, or skip the test."""
    if version == ".".join(map(str, sys.version_info[:2])):
        return sys.executable
    # Not what is on PATH: it may be a shim that finds no such version.
    roots = [Path("/usr"), Path("/usr/local"), *Path.home().glob(f".pyenv/versions/{version}.*")]
    for program in (root / "bin" / f"python{version}" for root in roots):
        if program.is_file():
            return str(program)
    pytest.skip(f"there is no Python {version}")


def _output(command: list[str], environment: Mapping[str, str], cwd: Path | None = None) -> str:
    ran = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("version", _VERSIONS)
def test_the_kernel_spec_starts_any_python_so(
    version: str, poisoned: _Poisoned, tmp_path: Path
) -> None:
    """Not even Python itself imports something from the folder, before our first line or after."""
    package = tmp_path / "elsewhere" / "acajs_kernel"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "def main():\n"
        "    import json, linecache, runpy, random, sys\n"
        "    print(json.dumps([sys.argv[1:], sys.path]))\n"
    )
    command = [_python(version), *_SPEC["argv"][1:]]
    variables = {"PATH": os.defpath, "PYTHONPATH": str(package.parent)} | _SPEC["env"]
    arguments, path = json.loads(_output(command, variables, poisoned.folder))
    assert poisoned.ran == []
    assert arguments == ["-f", "{connection_file}"]
    assert path[0] == str(package.parent)
    assert not {"", ".", str(poisoned.folder)} & set(path)


@pytest.mark.parametrize("module", ["acajs_kernel", "acajs_kernel.cli"])
def test_what_is_started_by_its_name_leaves_the_folder(
    module: str, poisoned: _Poisoned, environment: dict[str, str]
) -> None:
    """`python -m` puts the folder first; we take it out before we import anything."""
    starting = _output([sys.executable, "-c", "import runpy, sys; print(*sys.modules)"], {})
    for name in starting.split():  # what Python itself imports for -m: nobody can help that
        (poisoned.folder / f"{name}.py").unlink(missing_ok=True)
    environment.pop("PYTHONPATH", None)
    shown = _output([sys.executable, "-m", module, "--help"], environment, poisoned.folder)
    assert poisoned.ran == []
    assert "options" in shown.lower()


@pytest.mark.parametrize(
    "arguments", [["--version"], ["exec", "-e", "1 + 1"], ["doctor"], ["files", "ls"]]
)
def test_the_command_runs_nothing_of_the_folder(
    arguments: list[str], poisoned: _Poisoned, environment: dict[str, str]
) -> None:
    """`acajs` may be called in any folder."""
    environment.pop("PYTHONPATH", None)
    ran = acajs(environment, *arguments, cwd=poisoned.folder)
    assert poisoned.ran == []
    assert "Traceback" not in ran.stderr
