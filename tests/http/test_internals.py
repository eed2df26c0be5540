"""What this program counts on in the HTTP library beyond its documented interface."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import httpx

import acajs_kernel
from acajs_kernel.http.internals import COMMAND_LINE, without_command_line

_PRIVATE = re.compile(r"\b(?:httpx|httpcore)(?:\.\w+)*\._\w+|\bfrom (?:httpx|httpcore)[\w.]*\._\w+")
_LOADING = """
import sys
from acajs_kernel.http.internals import without_command_line
with without_command_line():
    import httpx
print(sorted({"click", "rich", "pygments", "httpx._main"} & set(sys.modules)), callable(httpx.main))
"""


def test_one_private_name_is_used_in_one_module() -> None:
    """No other name of the library that begins with an underscore stands in the package."""
    found = {
        (path.name, name)
        for path in Path(acajs_kernel.__file__).parent.rglob("*.py")
        for name in _PRIVATE.findall(path.read_text("utf-8"))
    }
    assert found == {("internals.py", COMMAND_LINE)}


def test_the_library_has_the_module_that_is_held_back() -> None:
    """It is a module of its own, imported where httpx is; without it httpx has a stand-in."""
    assert importlib.util.find_spec(COMMAND_LINE) is not None
    assert callable(httpx.main)


def test_httpx_loads_without_its_command_line() -> None:
    """None of the command line's libraries is loaded, and nothing is left behind."""
    ran = subprocess.run(
        [sys.executable, "-c", _LOADING], check=True, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout.strip() == "[] True"


def test_what_is_loaded_already_is_left_alone() -> None:
    """Where an application has httpx with its command line, that stays."""
    before = sys.modules.get(COMMAND_LINE)
    with without_command_line():
        assert sys.modules.get(COMMAND_LINE) is before
    assert sys.modules.get(COMMAND_LINE) is before
