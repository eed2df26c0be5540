"""The one private name of the HTTP library that this program counts on.

A test names it and says what is expected of it, so that a new version that has it no longer
is noticed.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

__all__ = ["COMMAND_LINE", "without_command_line"]

COMMAND_LINE = "httpx._main"
"""httpx's module that needs libraries for command lines."""


@contextlib.contextmanager
def without_command_line() -> Iterator[None]:
    """Let httpx be loaded without its command line, whose libraries take 60 ms.

    httpx does without where they are not installed
    (https://github.com/encode/httpx/blob/0.28.1/httpx/__init__.py#L15). Where it has no such
    module any more, this changes nothing.
    """
    is_first = "httpx" not in sys.modules and COMMAND_LINE not in sys.modules
    if is_first:
        sys.modules[COMMAND_LINE] = None  # type: ignore[assignment] # importing it fails then
    try:
        yield
    finally:
        if is_first:
            del sys.modules[COMMAND_LINE]
