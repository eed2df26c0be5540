"""Answers of the agent as they arrive: whole, cut, or something else.

The text is ASCII: ``acajs1 ANSWER TOTAL OFFSET LENGTH CHECKSUM TEXT``. It states its own
length and checksum because the service may cut what an execution returns, and says
nowhere when it does.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NamedTuple

__all__ = ["ABSENT", "Damaged", "Part", "decode_payload", "parse_part"]

ABSENT = "acajs1 absent"
"""What the stub answers when the interpreter holds no agent of this version."""

_HEADER = re.compile(r"acajs1 (\d+) (\d+) (\d+) (\d+) ([0-9a-f]{16}) ")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Part(NamedTuple):
    """A part of an answer that arrived whole.

    Attributes:
        answer: The answer's number within its agent.
        total: Characters of the whole answer.
        offset: Where this part begins.
        text: The part itself.
    """

    answer: int
    total: int
    offset: int
    text: str


class Damaged(NamedTuple):
    """An answer that was cut or changed on the way.

    Attributes:
        received: Characters that arrived, the header included; 0 when nothing of it did.
        header: Characters of the header, 0 when it did not arrive.
    """

    received: int
    header: int = 0


def checksum(text: str) -> str:
    """Return the checksum that the agent puts into a header: 16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode("ascii", "replace")).hexdigest()[:16]


def parse_part(text: str) -> Part | Damaged:
    """Read one answer text."""
    match = _HEADER.match(text)
    if match is None:
        return Damaged(len(text) if text.startswith("acajs1 ") else 0)
    answer, total, offset, length = map(int, match.groups()[:4])
    part = text[match.end() :]
    if len(part) == length and checksum(part) == match.group(5):
        return Part(answer, total, offset, part)
    return Damaged(min(len(part), length) + match.end(), match.end())


def decode_payload(text: str) -> dict[str, Any] | None:
    """Decode the JSON of a whole answer; None for what the agent cannot have sent.

    Half a surrogate pair, which JavaScript allows in a string, cannot be sent to Jupyter:
    it becomes U+FFFD, as a browser would show it.
    """
    try:
        payload = json.loads(text)
        if "\\ud" in text:
            payload = _without_lone_surrogates(payload)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _without_lone_surrogates(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_lone_surrogates(key): _without_lone_surrogates(item)
            for key, item in value.items()
        }
    return value
