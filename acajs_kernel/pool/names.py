"""Names of files and folders: which of them the service's files API takes.

The rule is that of the vendor's page on code interpreter sessions. A name that breaks it is
refused here, before anything is sent, where the service would answer an error without it.
"""

from __future__ import annotations

import re

from acajs_kernel.errors import InvalidRequestError

__all__ = ["check_name", "check_path", "is_reachable"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAXIMUM_NAME_BYTES = 255
_SIGNS_OF_FOLDERS = frozenset("-_ @$&=;,#%^()")
_SIGNS_OF_FILES = _SIGNS_OF_FOLDERS | {"."}
_SHOWN_SIGNS = "- _ space @ $ & = ; , # % ^ ( )"
_FILE_RULE = (
    "Names of files are letters of any script, digits and "
    f"{_SHOWN_SIGNS.replace('space', 'space .')}: the service takes no others. Rename it."
)
_FOLDER_RULE = (
    f"Names of folders are letters of any script, digits and {_SHOWN_SIGNS}, without a period: "
    "the service takes no others. Rename it."
)


def check_name(name: str) -> str:
    """Return a file's name if the service takes it.

    Raises:
        InvalidRequestError: It is empty, a path, or no name that the service takes.
    """
    problem, remedy = "", "Give the name alone, and the folder separately."
    if not name:
        problem = "is empty"
    elif name in {".", ".."}:
        problem = "means a folder"
    elif "/" in name or "\\" in name:
        problem = "holds a path separator"
    elif _CONTROL.search(name):
        problem = "holds a control character"
    else:
        try:
            if len(name.encode()) > _MAXIMUM_NAME_BYTES:
                problem = f"is longer than {_MAXIMUM_NAME_BYTES} bytes"
        except UnicodeEncodeError:
            problem = "holds half of a surrogate pair"
    if not problem and (sign := _refused(name, _SIGNS_OF_FILES)):
        problem, remedy = f"holds {sign!a}", _FILE_RULE
    if problem:
        raise InvalidRequestError(
            f"The file name {_shown(name)} {problem}; nothing was sent.", remedy=remedy
        )
    return name


def check_path(path: str) -> str:
    """Return a folder's path, relative to the session's data folder, without outer slashes.

    Raises:
        InvalidRequestError: It leads out of the data folder, or holds what the service takes in
            no folder's name.
    """
    trimmed = path.strip("/")
    parts = trimmed.split("/") if trimmed else []
    bad = "\\" in path or _CONTROL.search(path) or any(part in {"", ".", ".."} for part in parts)
    try:
        path.encode()
    except UnicodeEncodeError:
        bad = True
    if bad:
        raise InvalidRequestError(
            f"The folder {_shown(path)} is not a path below the session's data folder; "
            "nothing was sent.",
            remedy="Give it relative to /mnt/data, with / between names, without . and ..",
        )
    for part in parts:
        if sign := _refused(part, _SIGNS_OF_FOLDERS):
            raise InvalidRequestError(
                f"The folder name {_shown(part)} holds {sign!a}; nothing was sent.",
                remedy=_FOLDER_RULE,
            )
    return trimmed


def is_reachable(name: str, folder: str = "") -> bool:
    """Tell whether the files API takes a file's name, and the path of the folder that it is in.

    Args:
        name: The file's name; empty for a question about the folder alone.
        folder: The folder's path, relative to the session's data folder.
    """
    try:
        check_path(folder)
        if name:
            check_name(name)
    except InvalidRequestError:
        return False
    return True


def _refused(name: str, signs: frozenset[str]) -> str:
    """Return the first character that a name must not hold, or an empty text."""
    return next(
        (
            character
            for character in name
            if not (character.isalpha() or character.isdecimal() or character in signs)
        ),
        "",
    )


def _shown(name: str) -> str:
    return f"{name[:80]!r}" if name[:80].isprintable() else f"{name[:80]!a}"
