"""What to do about a file that lies beside the notebook, but not in the session.

Node says which file it lacks in the message of the error, and nowhere else that reaches the
kernel. The texts are those of Node's system errors (`uvException` in its
lib/internal/errors.js) and of its two module loaders.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["explain_missing", "upload_command"]

_DATA_FOLDER = "/mnt/data"
_NO_FILE = re.compile(r"ENOENT: no such file or directory, \w+ '(?P<path>[^']+)'")
_NO_MODULE = re.compile(r"Cannot find module '(?P<path>[^']+)'(?: imported from (?P<from>[^\n]+))?")
_REQUIRED_BY = re.compile(r"^- (?P<path>.+)$", re.MULTILINE)
_ENDINGS = ("", ".js", ".json", ".ts", "/index.js", "/index.json")


def upload_command(path: str) -> str:
    """Return the magic that sends a file beside the notebook to the same place in the session."""
    name = shlex.quote(path)
    return f"%upload {name} --to {name}" if "/" in path else f"%upload {name}"


def explain_missing(
    message: str,
    *,
    workspace: Path,
    session_folder: str,
    why_not: Callable[[str], str] = lambda _: "",
    command: Callable[[str], str] = upload_command,
    otherwise: str = "",
) -> str:
    """Return what to do about an error; empty where no file beside the notebook would help.

    Args:
        message: The error's.
        workspace: The folder of the notebook.
        session_folder: The session's own folder; empty where that is unknown.
        why_not: Returns why a path is not copied; empty where nothing is copied at all.
        command: Returns what sends a path.
        otherwise: Another way, a sentence.
    """
    for path in _missing(message, session_folder or _DATA_FOLDER):
        found = next((path + end for end in _ENDINGS if _is_there(workspace, path + end)), "")
        if found:
            reason = why_not(found)
            left_out = f" It is left out of what is copied: {reason}." if reason else ""
            return (
                f"{found} lies beside the notebook, in {workspace}, but not in the session."
                f"{left_out}\nSend it: {command(found)}" + (f"\n{otherwise}" if otherwise else "")
            )
    return ""


def _is_there(workspace: Path, path: str) -> bool:
    try:
        return path not in {"", "."} and (workspace / path).exists()
    except (OSError, ValueError):  # no name at all
        return False


def _missing(message: str, folder: str) -> Iterator[str]:
    """Yield the paths below the session's folder that a message may mean, with slashes."""
    base = folder
    if found := _NO_FILE.search(message):
        path = found["path"]
    elif found := _NO_MODULE.search(message):
        path = found["path"]
        required_by = _REQUIRED_BY.findall(message, found.end())
        if not path.startswith((".", "/")):
            return  # a package
        if required_by:
            # The last one is the notebook itself, which lies at the top.
            base = posixpath.dirname(required_by[0])
            folder = posixpath.dirname(required_by[-1])
        elif found["from"] and posixpath.basename(found["from"]).startswith("[eval"):
            folder = posixpath.dirname(found["from"])
    else:
        return
    whole = posixpath.normpath(posixpath.join(base, path.replace("\\", "/")))
    for root in dict.fromkeys((folder, _DATA_FOLDER)):
        relative = posixpath.relpath(whole, root) if whole.startswith("/") else whole
        if not relative.startswith("../") and relative != "..":
            yield relative
