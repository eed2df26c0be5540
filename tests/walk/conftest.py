"""What a newcomer has: a checkout, the README's first command run in it, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout import clean_environment, copy_repository
from tests.walk.pages import blocks_of

_INSTALL_SECONDS = 500
# What pages call beside their own programs. There is no Node among it: `[node]` brings one.
_PROGRAMS = (
    *("basename", "cat", "cp", "curl", "dirname", "env", "git", "ls", "mkdir", "openssl"),
    *("rm", "sh", "uname", "wc"),
)
_JUPYTER = {"ServerApp": {"allow_root": True, "ip": "127.0.0.1", "open_browser": False, "port": 0}}


@dataclass(frozen=True)
class Machine:
    """A newcomer's machine, on which the README's first command has been run.

    Attributes:
        checkout: The copy of the repository.
        programs: A folder with the programs of the system.
        kernels: A folder with a kernel spec of the newcomer's Python, by its whole path.
        log: What the command printed.
    """

    checkout: Path
    programs: Path
    kernels: Path
    log: str

    @property
    def virtual_environment(self) -> Path:
        """The environment that the command made."""
        return self.checkout / ".venv"

    @property
    def path(self) -> str:
        """The folders of programs, the environment's first."""
        return os.pathsep.join([str(self.virtual_environment / "bin"), str(self.programs)])

    def environment(self, home: Path) -> dict[str, str]:
        """Make a home with Jupyter's settings for a test; return the variables of a shell."""
        settings = home / ".jupyter" / "jupyter_server_config.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(_JUPYTER), encoding="utf-8")
        environment = clean_environment(self.programs, home) | {"PATH": self.path}
        return {name: text for name, text in environment.items() if not name.startswith("XDG_")}


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Run the README's first command in a copy of the repository."""
    folder = tmp_path_factory.mktemp("machine")
    programs = folder / "bin"
    programs.mkdir()
    python = Path(sys.base_prefix, "bin", "python3")
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', encoding="utf-8")
    (programs / "python3").chmod(0o755)
    for name in _PROGRAMS:
        found = shutil.which(name)
        if found is not None:  # a page that needs one that is missing says so by failing
            (programs / name).symlink_to(found)
    checkout = copy_repository(folder / "checkout")
    ran = subprocess.run(
        ["/bin/sh", "-c", blocks_of("README.md")[0].text],
        cwd=checkout,
        env=clean_environment(programs, folder),
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
    installed = Machine(
        checkout, programs, folder / "share" / "jupyter" / "kernels", ran.stdout + ran.stderr
    )
    subprocess.run(
        [str(installed.virtual_environment / "bin" / "acajs"), "install", "--prefix", str(folder)],
        env=clean_environment(programs, folder),
        timeout=60,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return installed


@pytest.fixture
def unchanged(machine: Machine) -> Iterator[Machine]:
    """Take away afterwards what a page has installed, so that no page lives on another's."""
    environment = machine.virtual_environment
    packages = next(environment.glob("lib/python*/site-packages"))
    kernels = environment / "share" / "jupyter" / "kernels"
    kept = machine.checkout.parent / "kernels-before"
    shutil.copytree(kernels, kept)
    before = set(packages.glob("*.dist-info"))
    try:
        yield machine
    finally:
        shutil.rmtree(kernels)
        kept.rename(kernels)
        names = [
            path.name.partition("-")[0]
            for path in sorted(set(packages.glob("*.dist-info")) - before)
        ]
        if names:
            subprocess.run(
                [environment / "bin" / "python", "-m", "pip", "uninstall", "-qy", *names],
                env=clean_environment(machine.programs, machine.checkout.parent),
                check=True,
                timeout=120,
            )
