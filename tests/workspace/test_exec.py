"""`acajs exec` and the files in the folder that it is started in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.pool_server import served_pool
from tests.workspace.notebook import names_in, write_files

_SCRIPT = 'console.log(require("./helper.js").x, require("fs").readFileSync("data.csv", "utf8"))'


def _exec(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "acajs_kernel.cli", "exec", "-e", _SCRIPT]
        if sys.version_info >= (3, 11)
        else [sys.executable, "-m", "acajs_kernel.cli", "exec", "-e", _SCRIPT],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_script_works_in_the_current_folder(environment: dict[str, str], tmp_path: Path) -> None:
    """On the embedded pool, without leaving anything behind."""
    write_files(tmp_path, {"helper.js": "exports.x = 1", "data.csv": "a,b"})
    ran = _exec(tmp_path, environment | {"ACAJS_WORKSPACE": "auto"})
    assert ran.stdout == "1 a,b\n", ran.stderr
    assert names_in(tmp_path) == ["data.csv", "helper.js"]


def test_a_script_elsewhere_gets_copies_or_says_how(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The error names the file and the setting, and the setting helps."""
    write_files(tmp_path, {"helper.js": "exports.x = 1", "data.csv": "a,b"})
    with served_pool(environment) as pool:
        ran = _exec(tmp_path, environment | pool.environment | {"ACAJS_WORKSPACE": "auto"})
        assert ran.returncode == 1
        assert "helper.js lies beside" in ran.stderr
        assert "ACAJS_WORKSPACE=copy" in ran.stderr
        ran = _exec(tmp_path, environment | pool.environment | {"ACAJS_WORKSPACE": "copy"})
        assert ran.stdout == "1 a,b\n", ran.stderr
