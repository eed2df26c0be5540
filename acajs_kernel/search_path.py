"""Where modules and programs are looked for: not in the folder that Python was started in.

`python -m` puts that folder before all else. A notebook's folder may be anybody's: a
`random.py` in it would be run as soon as the kernel, or a package that it needs, imports
`random`. The kernel specs keep the folder out from the beginning; this is for who starts us
with `-m`. Modules that are imported before its call import nothing but what Python has loaded
by then, not even `__future__`.
"""

import os
import sys

__all__ = ["find_program", "leave_working_folder"]


def leave_working_folder() -> None:
    """Take the working folder out of the search path, where `-m` has put it.

    Only for a program's first step: what it imports later is then not looked for there.
    """
    if sys.flags.isolated or getattr(sys.flags, "safe_path", False):
        return  # it was not put there
    try:
        here = os.getcwd()  # noqa: PTH109 -- pathlib would be imported for it
    except OSError:  # the folder is gone
        here = ""
    if sys.path and sys.path[0] in {"", here}:
        del sys.path[0]


def find_program(name: str) -> str | None:
    """Return the whole path of a program on PATH, such as ``node.exe``; None if there is none.

    Not `shutil.which`: on Windows, and where PATH has a relative folder, that looks in the
    working folder as well.
    """
    for folder in os.get_exec_path():
        path = os.path.join(folder, name)  # noqa: PTH118 -- as above
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113, PTH117 -- as above
            return path
    return None
