"""Reading values out of what Azure Resource Manager answers.

Resource Manager compares names without regard to case and does not promise that a member
is there, so nothing here fails on one that is missing or of another type.
"""

from __future__ import annotations

from acajs_kernel.pool import JsonValue

__all__ = ["integer_at", "items_at", "member", "text_at"]


def member(value: JsonValue, *names: str) -> JsonValue:
    """Return the member of a nested object, or None where a step of the way is missing."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text_at(value: JsonValue, *names: str) -> str:
    """Return a nested text, or an empty one."""
    found = member(value, *names)
    return found if isinstance(found, str) else ""


def integer_at(value: JsonValue, *names: str) -> int | None:
    """Return a nested whole number, or None."""
    found = member(value, *names)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return int(found)


def items_at(value: JsonValue, *names: str) -> list[JsonValue]:
    """Return a nested list, or an empty one."""
    found = member(value, *names)
    return found if isinstance(found, list) else []
