"""Halves of surrogate pairs, which JavaScript allows in a string and Jupyter cannot carry."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["without_lone_surrogates"]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def without_lone_surrogates(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    """Return a JSON value with U+FFFD for each lone half, as a browser would show it."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            without_lone_surrogates(key): without_lone_surrogates(item)
            for key, item in value.items()
        }
    return value
