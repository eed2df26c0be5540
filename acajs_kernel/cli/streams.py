"""What the standard streams of a command can show."""

from __future__ import annotations

import os
from typing import TextIO

__all__ = ["can_show", "is_fancy"]


def is_fancy(stream: TextIO) -> bool:
    """Tell whether colours and lines that change belong on a stream.

    NO_COLOR (https://no-color.org) counts when it is set to anything but an empty text.
    """
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def can_show(stream: TextIO, text: str) -> bool:
    """Tell whether a stream's encoding has every character of a text."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
