"""The kernel's side of comms, without a session: statuses, and what is known of widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from acajs_kernel.comms import Comms
from acajs_kernel.session import CommHandled, CommMessage, CommsClosed
from acajs_kernel.widgets import WidgetStates


class _Frontend:
    """Sends messages of comms, and keeps what the kernel publishes."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.statuses: list[tuple[str, str]] = []
        self.sent: list[tuple[str, CommMessage]] = []
        self.comms = Comms(
            "k",
            publish=self._publish,
            publish_status=lambda status, parent: self.statuses.append(
                (status, parent["header"]["msg_id"])
            ),
            send=lambda key, message: self.sent.append((key, message)),
        )

    def _publish(
        self,
        kind: str,
        content: dict[str, Any],
        _metadata: Mapping[str, Any],
        _buffers: Sequence[bytes],
        _parent: Mapping[str, Any],
    ) -> None:
        self.published.append((kind, content))

    def say(self, number: int, kind: str, **content: Any) -> None:
        header = {"msg_id": str(number), "msg_type": kind}
        self.comms.receive({"header": header, "content": {"comm_id": "c", **content}})


def test_every_message_gets_its_idle_however_many_wait() -> None:
    """Its parent is kept until it was handled; a message is idle once."""
    frontend = _Frontend()
    frontend.say(0, "comm_open", target_name="t")
    for number in range(1, 1500):
        frontend.say(number, "comm_msg", data=number)
    assert [message.data for _, message in frontend.sent[1:]] == list(range(1, 1500))
    for key, _ in frontend.sent:
        parent = frontend.comms.parent(key)
        assert parent is not None
        frontend.comms.show(key, CommHandled(), parent)
        frontend.comms.show(key, CommHandled(), parent)
    idle = [identifier for status, identifier in frontend.statuses if status == "idle"]
    assert idle == [str(number) for number in range(1500)]
    # What comes late finds the places of the latest thousand.
    for number in range(1500, 1510):
        frontend.say(number, "comm_msg", data=number)
    assert frontend.comms.parent(frontend.sent[0][0]) is None
    assert frontend.comms.parent(frontend.sent[-1000][0]) is not None


def test_comms_of_code_that_is_gone_are_closed_for_frontends() -> None:
    """All but the control comm, which the kernel itself answers."""
    frontend = _Frontend()
    frontend.comms.receive(
        {
            "header": {"msg_id": "1", "msg_type": "comm_open"},
            "content": {"comm_id": "control", "target_name": "jupyter.widget.control"},
        }
    )
    frontend.comms.show("", CommMessage("open", "w", target="jupyter.widget"), {})
    frontend.comms.show("", CommsClosed(), {})
    assert frontend.published == [
        ("comm_open", {"comm_id": "w", "data": {}, "target_name": "jupyter.widget"}),
        ("comm_close", {"comm_id": "w", "data": {}}),
    ]
    assert set(frontend.comms.info(None)) == {"control"}


def test_the_state_of_widgets_is_that_of_the_latest_messages() -> None:
    """An update replaces values and the binary parts in them; echoes change nothing."""
    states = WidgetStates()
    opened = {
        "state": {"_model_name": "M", "a": 1, "b": {"x": 1}},
        "buffer_paths": [["b", "raw"], ["c"]],
    }
    states.open("w", opened, [b"1", b"2"])
    states.update("w", {"method": "update", "state": {"b": 5}, "buffer_paths": []}, [])
    states.update("w", {"method": "echo_update", "state": {"a": 9}}, [])
    states.update("w", {"method": "custom", "content": {"state": {"a": 9}}}, [])
    states.update("w", {"method": "update", "state": {}, "buffer_paths": [["a"]]}, [b"3"])
    states.update("other", {"method": "update", "state": {"a": 9}}, [])
    data, buffers = states.reply()
    assert data["states"]["w"]["state"] == {"_model_name": "M", "b": 5}
    assert data["states"]["w"]["model_name"] == "M"
    assert data["buffer_paths"] == [["w", "state", "c"], ["w", "state", "a"]]
    assert buffers == [b"2", b"3"]
    states.close("w")
    assert states.reply() == ({"method": "update_states", "states": {}, "buffer_paths": []}, [])


@pytest.mark.parametrize(
    "path",
    [
        ["__proto__", "x"],
        ["__proto__"],
        ["b", "__proto__"],
        ["constructor", "prototype", "x"],
        ["b", "x", "y"],
        ["list", 1],
        ["list", "push", "x"],
        ["none", "x"],
        [],
        [{}],
        [None, "x"],
        "b",
        7,
    ],
)
def test_a_path_that_leads_out_of_a_state_is_not_passed_on(path: object) -> None:
    """Frontends would follow it to what all objects inherit; the rest of the message counts."""
    states = WidgetStates()
    states.open("w", {"state": {"a": 1, "b": {"x": 1}, "list": [0]}}, [])
    update = {
        "method": "update",
        "state": {"b": {"x": 2}, "list": [None]},
        "buffer_paths": [path, ["b", "raw"], ["list", 0]],
    }
    states.update("w", update, [b"0", b"1", b"2"])
    data, buffers = states.reply()
    assert data["states"]["w"]["state"] == {"a": 1, "b": {"x": 2}, "list": [None]}
    assert data["buffer_paths"] == [["w", "state", "b", "raw"], ["w", "state", "list", 0]]
    assert buffers == [b"1", b"2"]
