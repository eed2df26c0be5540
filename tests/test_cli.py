"""The command ``acajs``: installing kernel specs."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from acajs_kernel import __version__
from tests.kernel_client import running_kernel

_ENDPOINT = "https://northeurope.dynamicsessions.io/subscriptions/S/resourceGroups/G/sessionPools/P"
_LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")
_REPOSITORY = Path(__file__).parent.parent


def _acajs(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command as a user does."""
    command = Path(sysconfig.get_path("scripts"), "acajs")
    return subprocess.run(
        [str(command), *arguments],
        env=environment | {"NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _install(environment: dict[str, str], prefix: Path, *options: str) -> Path:
    """Install a kernel spec below a folder, and return the folder that holds the specs."""
    ran = _acajs(environment, "install", "--prefix", str(prefix), *options)
    assert ran.returncode == 0, ran.stderr
    return prefix / "share" / "jupyter" / "kernels"


def _spec(folder: Path) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    return spec


def test_the_version_is_printed(environment: dict[str, str]) -> None:
    """``--version`` prints name and version, and nothing else."""
    ran = _acajs(environment, "--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"acajs {__version__}\n", "")


def test_install_writes_a_whole_kernel_spec(environment: dict[str, str], tmp_path: Path) -> None:
    """The spec starts this very Python, interrupts by message, and has its three logos."""
    folder = _install(environment, tmp_path) / "acajs"
    spec = _spec(folder)
    interpreter = spec["argv"].pop(0)
    assert Path(interpreter).parent == Path(sys.executable).parent  # it may be python3
    assert Path(interpreter).samefile(sys.executable)
    packaged = _spec(_REPOSITORY / "kernelspec")
    assert packaged["argv"].pop(0) == "python"  # Jupyter puts its own Python there
    assert spec == packaged
    assert Path(_spec(folder)["argv"][0]).is_absolute()
    assert sorted(file.name for file in folder.iterdir()) == sorted([*_LOGOS, "kernel.json"])
    for logo in _LOGOS:
        assert (folder / logo).read_bytes() == (_REPOSITORY / "kernelspec" / logo).read_bytes()


def test_the_kernel_spec_says_what_the_kernel_can() -> None:
    """It is interrupted by a message, has CurveZMQ, and follows a version of the protocol."""
    packaged = _spec(_REPOSITORY / "kernelspec")
    del packaged["argv"], packaged["env"]  # test_search_path.py starts it
    assert packaged == {
        "display_name": "JavaScript (ACA)",
        "language": "javascript",
        "interrupt_mode": "message",
        "kernel_protocol_version": "5.5",  # with a welcome on the channel of outputs
        "metadata": {"debugger": False, "supported_encryption": ["curve"]},
    }


@pytest.mark.parametrize("options", [[], ["--user"]])
def test_install_goes_to_the_user_by_default(
    environment: dict[str, str], tmp_path: Path, options: list[str]
) -> None:
    """Without a place named, the spec goes where Jupyter keeps the user's."""
    data = tmp_path / "data"
    ran = _acajs(environment | {"JUPYTER_DATA_DIR": str(data)}, "install", *options)
    assert ran.returncode == 0, ran.stderr
    assert (data / "kernels" / "acajs" / "kernel.json").is_file()
    assert str(data / "kernels" / "acajs") in ran.stdout
    assert "embedded" in ran.stdout


def test_install_into_the_python_environment(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--sys-prefix`` installs below the running Python's own prefix."""
    program = (
        "import sys; sys.prefix = sys.argv.pop(1)\nfrom acajs_kernel.cli import main\nmain()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), "install", "--sys-prefix"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "share" / "jupyter" / "kernels" / "acajs" / "kernel.json").is_file()


def test_name_and_display_name_can_be_chosen(environment: dict[str, str], tmp_path: Path) -> None:
    """Several specs, say one per pool, can stand side by side."""
    kernels = _install(environment, tmp_path)
    _install(environment, tmp_path, "--name", "acajs-test", "--display-name", "JavaScript (test)")
    assert _spec(kernels / "acajs")["display_name"] == "JavaScript (ACA)"
    assert _spec(kernels / "acajs-test")["display_name"] == "JavaScript (test)"


def test_installing_again_replaces_the_spec(environment: dict[str, str], tmp_path: Path) -> None:
    """The settings of the last installation hold."""
    _install(environment, tmp_path, "--endpoint", _ENDPOINT)
    kernels = _install(environment, tmp_path)
    assert "ACAJS_POOL_ENDPOINT" not in _spec(kernels / "acajs")["env"]


@pytest.mark.parametrize(
    "given",
    [_ENDPOINT, f" {_ENDPOINT}/ ", f"{_ENDPOINT}/code/execute?api-version=2024-02-02-preview"],
)
def test_the_endpoint_is_baked_in_normalised(
    environment: dict[str, str], tmp_path: Path, given: str
) -> None:
    """However the endpoint was pasted, the spec holds it in one form."""
    kernels = _install(environment, tmp_path, "--endpoint", given)
    assert _spec(kernels / "acajs")["env"]["ACAJS_POOL_ENDPOINT"] == _ENDPOINT


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("northeurope.dynamicsessions.io", "https"),
        ("http://northeurope.dynamicsessions.io/subscriptions/S", "not encrypted"),
        ("ftp://pool.example", "https"),
        ("https://user:secret@pool.example/", "password"),
        ("", "--endpoint is empty"),
    ],
)
def test_a_bad_endpoint_is_refused(
    environment: dict[str, str], tmp_path: Path, endpoint: str, words: str
) -> None:
    """Nothing is installed, and one message says what is wrong and what the form is."""
    ran = _acajs(environment, "install", "--prefix", str(tmp_path), "--endpoint", endpoint)
    assert ran.returncode == 1
    assert ran.stderr.startswith("acajs: ")
    assert words in ran.stderr
    assert "https://" in ran.stderr.partition("More: ")[0]
    assert "Traceback" not in ran.stderr
    assert "secret" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def packaged(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give an environment whose package says that pip wrote the spec below `tmp_path`."""
    record = tmp_path / "site" / f"acajs_kernel-{__version__}.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(f"Name: acajs-kernel\nVersion: {__version__}\n", "utf-8")
    (record / "RECORD").write_text("../share/jupyter/kernels/acajs/kernel.json,,\n", "utf-8")
    return environment | {"PYTHONPATH": str(record.parent)}


def test_an_endpoint_in_the_packages_own_spec_is_warned_of(
    packaged: dict[str, str], tmp_path: Path
) -> None:
    """The next `pip install` would take it away; the command that is shown makes one that stays."""
    ran = _acajs(packaged, "install", "--prefix", str(tmp_path), "--endpoint", _ENDPOINT)
    assert ran.returncode == 0
    warning, _, command = ran.stderr.strip().partition("\nGive it another name: ")
    assert "belongs to the package" in warning
    again = _acajs(packaged, *shlex.split(command)[1:])
    assert (again.returncode, again.stderr) == (0, "")
    kernels = tmp_path / "share" / "jupyter" / "kernels"
    assert _spec(kernels / "acajs-azure")["env"]["ACAJS_POOL_ENDPOINT"] == _ENDPOINT


@pytest.mark.parametrize("options", [[], ["--name", "acajs-azure", "--endpoint", _ENDPOINT]])
def test_what_pip_does_not_take_away_is_not_warned_of(
    packaged: dict[str, str], tmp_path: Path, options: list[str]
) -> None:
    """Neither a spec without a pool nor one of another name."""
    ran = _acajs(packaged, "install", "--prefix", str(tmp_path), *options)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_bad_name_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    """A name that Jupyter does not allow is refused with the rule."""
    ran = _acajs(environment, "install", "--prefix", str(tmp_path), "--name", "a name")
    assert ran.returncode == 1
    assert ran.stderr == (
        "acajs: Jupyter does not allow a kernel spec to be named 'a name'.\n"
        "Use --name with letters, digits, '.', '-' and '_' only.\n"
        "More: https://acajs.github.io/acajs-kernel/troubleshooting#configuration\n"
    )


def test_a_folder_that_cannot_be_written_is_reported(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The system's own reason is named, and where else the spec could go."""
    file = tmp_path / "file"
    file.touch()
    ran = _acajs(environment, "install", "--prefix", str(file))
    assert ran.returncode == 1
    assert "could not be written" in ran.stderr
    assert "--sys-prefix" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_only_one_place_can_be_chosen(environment: dict[str, str], tmp_path: Path) -> None:
    """Two places are a mistake in the command, status 2."""
    ran = _acajs(environment, "install", "--user", "--prefix", str(tmp_path))
    assert ran.returncode == 2
    assert "--sys-prefix" in ran.stderr
    assert list(tmp_path.iterdir()) == []


async def test_an_installed_spec_starts_a_kernel(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter finds the installed spec by its name, and a cell runs in it."""
    kernels = _install(environment, tmp_path, "--name", "acajs-installed")
    monkeypatch.setenv("JUPYTER_PATH", str(kernels.parent))
    async with running_kernel(
        environment | {"ACAJS_RUNTIME": "plain"}, kernel_name="acajs-installed"
    ) as kernel:
        assert (await kernel.run("1 + 1")).text == "2"
