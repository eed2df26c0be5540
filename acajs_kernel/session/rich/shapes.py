"""The shapes of the agent's events, looked at before anything is done with one.

User code may run in the agent's own process, and a pool may answer anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

__all__ = ["RESERVED_TYPES", "is_event"]

_Check: TypeAlias = Callable[[Any], bool]

RESERVED_TYPES = frozenset(
    {
        "status",
        "execute_input",
        "execute_result",
        "error",
        "iopub_welcome",
        "shutdown_reply",
        "comm_open",
        "comm_msg",
        "comm_close",
    }
)
"""Messages that the kernel alone publishes: frontends wait for them, or keep count by them."""


def is_event(value: Any) -> bool:  # noqa: ANN401 -- JSON
    """Tell whether an entry of an answer is an event; of a kind that is not known any object is."""
    if not isinstance(value, dict) or not _is_number(value.get("seq")):
        return False
    if not isinstance(value.get("kind"), str) or not isinstance(value.get("cell", ""), str):
        return False
    return all(check(value.get(name)) for name, check in _SHAPES.get(value["kind"], {}).items())


def _is_text(value: Any) -> bool:  # noqa: ANN401 -- JSON, as below
    return isinstance(value, str)


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, bool)


def _is_texts(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_object(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, dict)


def _is_type(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, str) and value not in RESERVED_TYPES


def _maybe(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _one_of(*words: str) -> _Check:
    return lambda value: isinstance(value, str) and value in words


_SHOWN: Mapping[str, _Check] = {"data": _is_object, "metadata": _maybe(_is_object)}

_SHAPES: Mapping[str, Mapping[str, _Check]] = {
    "stream": {"name": _is_text, "text": _is_text},
    "display": {**_SHOWN, "display_id": _maybe(_is_text)},
    "result": _SHOWN,
    "message": {"type": _is_type, "content": _maybe(_is_object)},
    "comm": {
        "message": _one_of("open", "msg", "close"),
        "comm": _is_text,
        "target": _maybe(_is_text),
        "metadata": _maybe(_is_object),
        "buffers": _maybe(_is_texts),
    },
    "error": {
        "ename": _is_text,
        "evalue": _is_text,
        "traceback": _is_texts,
        "compiled": _maybe(_is_flag),
    },
    "input": {"token": _is_text, "prompt": _maybe(_is_text)},
    "restarted": {"reason": _is_text, "code": _maybe(_is_number)},
    "done": {"status": _is_text, "expressions": _maybe(_is_object)},
}
