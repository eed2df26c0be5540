"""What a newcomer has: a clone, installed by the first commands of the pages, and nothing else."""

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
import yaml

from tests.checkout import REPOSITORY, clean_environment, copy_repository
from tests.walk.pages import first_block

_INSTALL_SECONDS = 500
# What pages call beside their own programs. There is no Node among it: `[node]` brings one.
_PROGRAMS = (
    *("basename", "cat", "cp", "curl", "dirname", "env", "git", "ls", "mkdir", "openssl"),
    *("rm", "sh", "uname", "wc"),
)
_JUPYTER = {"ServerApp": {"allow_root": True, "ip": "127.0.0.1", "open_browser": False, "port": 0}}


@dataclass(frozen=True)
class Machine:
    """A newcomer's machine, on which the first commands of the pages have been run.

    Attributes:
        checkout: The clone of the repository.
        programs: A folder with the programs of the system.
        kernels: A folder with a kernel spec of the newcomer's Python, by its whole path.
        git: A file with git's settings, by which the repository is found on this machine.
        log: What the commands printed.
    """

    checkout: Path
    programs: Path
    kernels: Path
    git: Path
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
        environment = clean_environment(self.programs, home) | {
            "PATH": self.path,
            "GIT_CONFIG_GLOBAL": str(self.git),
        }
        return {name: text for name, text in environment.items() if not name.startswith("XDG_")}


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Clone the repository as the pages say, and run the README's first command in it."""
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
    git = _publish(copy_repository(folder / "published"), folder / "gitconfig")
    environment = clean_environment(programs, folder) | {"GIT_CONFIG_GLOBAL": str(git)}
    ran = subprocess.run(
        # One environment for both, since making one is slow. The clone's is new.
        ["/bin/sh", "-ec", first_block("docs/laptop.md").text + first_block("README.md").text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
    installed = Machine(
        folder / "acajs-kernel",
        programs,
        folder / "share" / "jupyter" / "kernels",
        git,
        ran.stdout + ran.stderr,
    )
    subprocess.run(
        [str(installed.virtual_environment / "bin" / "acajs"), "install", "--prefix", str(folder)],
        env=environment,
        timeout=60,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return installed


def _publish(repository: Path, settings: Path) -> Path:
    """Commit a copy; return git's settings, with which its public address leads to the copy."""
    address = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))["repo_url"]
    settings.write_text(
        "[user]\nname = Nobody\nemail = nobody@example.org\n"
        f'[url "{repository.as_uri()}"]\ninsteadOf = {address}\n',
        encoding="utf-8",
    )
    for arguments in (("init", "-q"), ("add", "--all"), ("commit", "-qm", "A copy")):
        subprocess.run(
            ["git", *arguments],
            cwd=repository,
            env=os.environ | {"GIT_CONFIG_GLOBAL": str(settings)},
            check=True,
            timeout=60,
        )
    return settings


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
