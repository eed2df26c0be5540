"""The state of the notebook's widgets, so that a frontend that comes later can show them.

A page that is reloaded asks over a comm of target ``jupyter.widget.control``. It is answered
here, at once, whatever the session does: all changes of a widget's state pass the kernel.
Shapes: https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

__all__ = ["CONTROL_TARGET", "WIDGET_TARGET", "WidgetStates"]

WIDGET_TARGET = "jupyter.widget"
CONTROL_TARGET = "jupyter.widget.control"

_Path: TypeAlias = list[str | int]


class WidgetStates:
    """What every open widget's state is, as of the latest message."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, Any]] = {}
        self._buffers: dict[str, list[tuple[_Path, bytes]]] = {}

    def open(self, comm_id: str, data: Any, buffers: Sequence[bytes]) -> None:  # noqa: ANN401 -- JSON
        """Take the data with which a widget's comm was opened."""
        self._states[comm_id] = {}
        self._buffers[comm_id] = []
        self._merge(comm_id, data, buffers)

    def update(self, comm_id: str, data: Any, buffers: Sequence[bytes]) -> None:  # noqa: ANN401 -- JSON
        """Take the data of a message, of either side; those of other comms change nothing."""
        if isinstance(data, Mapping) and data.get("method") == "update":
            self._merge(comm_id, data, buffers)

    def close(self, comm_id: str) -> None:
        """Forget a widget."""
        self._states.pop(comm_id, None)
        self._buffers.pop(comm_id, None)

    def reply(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the data and buffers that answer ``request_states``."""
        states = {
            comm_id: {
                "model_name": state.get("_model_name"),
                "model_module": state.get("_model_module"),
                "model_module_version": state.get("_model_module_version"),
                "state": state,
            }
            for comm_id, state in self._states.items()
        }
        found = [
            ([comm_id, "state", *path], buffer)
            for comm_id, buffers in self._buffers.items()
            for path, buffer in buffers
        ]
        data = {
            "method": "update_states",
            "states": states,
            "buffer_paths": [path for path, _ in found],
        }
        return data, [buffer for _, buffer in found]

    def _merge(self, comm_id: str, data: Any, buffers: Sequence[bytes]) -> None:  # noqa: ANN401 -- JSON
        state = data.get("state") if isinstance(data, Mapping) else None
        if comm_id not in self._states or not isinstance(state, Mapping):
            return
        paths = data.get("buffer_paths")
        found = [
            (path, buffer)
            for path, buffer in zip(paths if isinstance(paths, list) else (), buffers, strict=False)
            if _leads_into(state, path)
        ]
        changed = {*state, *(path[0] for path, _ in found)}
        kept = [(path, b) for path, b in self._buffers[comm_id] if path[0] not in changed]
        self._buffers[comm_id] = [*kept, *found]
        for name in changed:
            # A value that is binary as a whole stands only in the buffers.
            self._states[comm_id].pop(name, None)
        self._states[comm_id].update(state)


def _leads_into(state: Mapping[str, Any], path: Any) -> bool:  # noqa: ANN401 -- JSON
    """Tell whether a path ends in what a state holds.

    Frontends follow it blindly: one over ``__proto__`` would change every object of the page.
    """
    if not isinstance(path, list) or not path:
        return False
    owner: Any = state
    for step in path[:-1]:
        if not _may_hold(owner, step) or (isinstance(owner, Mapping) and step not in owner):
            return False
        owner = owner[step]
    return _may_hold(owner, path[-1])


def _may_hold(owner: Any, step: Any) -> bool:  # noqa: ANN401 -- JSON
    if isinstance(owner, list):
        return type(step) is int and 0 <= step < len(owner)
    return isinstance(owner, Mapping) and isinstance(step, str) and step != "__proto__"
