"""Where Python looks for modules: not in the folder that it was started in.

`python -m` puts that folder before all else. A notebook's folder may be anybody's: a
`random.py` in it would be run as soon as the kernel, or a package that it needs, imports
`random`. The kernel specs keep the folder out from the beginning; this is for who starts us
with `-m`. Modules that are imported before its call import nothing but what Python has loaded
by then, not even `__future__`.
"""

import os
import sys

__all__ = ["leave_working_folder"]


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
