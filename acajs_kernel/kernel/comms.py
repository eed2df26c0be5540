"""The kernel's side of comms: which are open, and the messages that frontends see of them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from acajs_kernel.kernel.widgets import CONTROL_TARGET, WIDGET_TARGET, WidgetStates
from acajs_kernel.session import CommEvent, CommHandled, CommMessage, CommsClosed

__all__ = ["COMM_TYPES", "Comms"]

_log = logging.getLogger("acajs_kernel")

COMM_TYPES: Mapping[str, Literal["open", "msg", "close"]] = {
    "comm_open": "open",
    "comm_msg": "msg",
    "comm_close": "close",
}
"""The protocol's message types, and what they do to the comm."""

_MESSAGES_KEPT = 1000  # whose late output still finds its place


class Comms:
    """The comms of one kernel.

    Args:
        name: Begins the keys of messages; unique among kernels of one session.
        publish: Publishes a message: its type, content, metadata, buffers and parent.
        publish_status: Publishes "busy" or "idle" under a message.
        send: Hands a message on to the session, with its key; None as long as there is none.
    """

    def __init__(
        self,
        name: str,
        *,
        publish: Callable[
            [str, dict[str, Any], Mapping[str, Any], Sequence[bytes], Mapping[str, Any]], None
        ],
        publish_status: Callable[[str, Mapping[str, Any]], None],
        send: Callable[[str, CommMessage], None],
    ) -> None:
        self._name = name
        self._publish = publish
        self._publish_status = publish_status
        self._send = send
        self._count = 0
        self._targets: dict[str, str] = {}
        self._widgets = WidgetStates()
        self._parents: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._busy: set[str] = set()

    def info(self, target: str | None) -> dict[str, dict[str, str]]:
        """Return the open comms as ``comm_info_reply`` has them: all, or those of a target."""
        return {
            comm_id: {"target_name": name}
            for comm_id, name in self._targets.items()
            if target in {None, name}
        }

    def parent(self, key: str) -> Mapping[str, Any] | None:
        """Return the frontend's message of this key: what its callbacks show goes under it."""
        return self._parents.get(key)

    def receive(self, message: Mapping[str, Any]) -> None:
        """Take a message of a frontend's, without waiting for what becomes of it."""
        content = message["content"]
        received = CommMessage(
            COMM_TYPES[message["header"]["msg_type"]],
            str(content["comm_id"]),
            target=str(content.get("target_name", "")),
            data=content.get("data", {}),
            metadata=message.get("metadata") or {},
            buffers=[bytes(buffer) for buffer in message.get("buffers") or ()],
        )
        self._publish_status("busy", message)
        self._note(received)
        target = self._targets.get(received.comm_id)
        if received.type == "close":
            target = self._targets.pop(received.comm_id, None)
        if target is None:
            _log.info("a message for a comm that is not open was passed over")
        if target in {None, CONTROL_TARGET}:
            self._answer_control(received, message)
            self._publish_status("idle", message)
            return
        self._count += 1
        key = f"{self._name}-comm-{self._count}"
        self._parents[key] = {"header": message["header"]}
        self._busy.add(key)
        while len(self._parents) > _MESSAGES_KEPT and next(iter(self._parents)) not in self._busy:
            self._parents.popitem(last=False)
        self._send(key, received)

    def show(self, key: str, event: CommEvent, parent: Mapping[str, Any]) -> None:
        """Publish what the session says of comms.

        Args:
            key: The cell or message behind it.
            event: What has happened.
            parent: The request of that key.
        """
        if isinstance(event, CommHandled):
            if key in self._busy:
                self._busy.remove(key)
                self._publish_status("idle", parent)
        elif isinstance(event, CommsClosed):
            self.close(parent)
        else:
            self._note(event)
            if event.type == "close":
                self._targets.pop(event.comm_id, None)
            self._publish_message(event, parent)

    def close(self, parent: Mapping[str, Any]) -> None:
        """Tell frontends that nothing more comes: the session's code is gone."""
        for comm_id, target in list(self._targets.items()):
            if target != CONTROL_TARGET:
                self._widgets.close(comm_id)
                del self._targets[comm_id]
                self._publish_message(CommMessage("close", comm_id, data={}), parent)

    def _note(self, message: CommMessage) -> None:
        """Keep up with what comms there are, and with the state of widgets."""
        if message.type == "open":
            self._targets[message.comm_id] = message.target
            if message.target == WIDGET_TARGET:
                self._widgets.open(message.comm_id, message.data, message.buffers)
        elif message.type == "msg":
            self._widgets.update(message.comm_id, message.data, message.buffers)
        else:
            self._widgets.close(message.comm_id)

    def _answer_control(self, received: CommMessage, parent: Mapping[str, Any]) -> None:
        """Answer a frontend that asks for all widgets."""
        asks = isinstance(received.data, Mapping) and received.data.get("method")
        if received.type == "msg" and asks == "request_states":
            data, buffers = self._widgets.reply()
            self._publish_message(
                CommMessage("msg", received.comm_id, data=data, buffers=buffers), parent
            )

    def _publish_message(self, message: CommMessage, parent: Mapping[str, Any]) -> None:
        content: dict[str, Any] = {
            "comm_id": message.comm_id,
            "data": {} if message.data is None else message.data,
        }
        if message.type == "open":
            content["target_name"] = message.target
        self._publish(f"comm_{message.type}", content, message.metadata, message.buffers, parent)
