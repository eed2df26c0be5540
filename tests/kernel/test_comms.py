"""Comms and widgets through real messages: JavaScript on one side, a client on the other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from tests.kernel_client import Message, RunningKernel, running_kernel

_SECONDS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[RunningKernel]:
    """Start one kernel in rich mode for the tests that leave nothing behind."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    async with running_kernel(clean | {"ACAJS_RUNTIME": "rich"}) as running:
        yield running


def _post(
    kernel: RunningKernel,
    kind: str,
    content: dict[str, Any],
    *,
    metadata: dict[str, Any] | None = None,
    buffers: list[bytes] | None = None,
) -> str:
    """Send a comm message as a frontend does, and return its identifier."""
    session = kernel.client.session
    message = session.msg(kind, content, metadata=metadata or {})
    session.send(kernel.client.shell_channel.socket, message, buffers=buffers)
    identifier: str = message["header"]["msg_id"]
    return identifier


async def _exchange(
    kernel: RunningKernel, kind: str, content: dict[str, Any], **options: Any
) -> list[Message]:
    """Send a comm message, and return what is published under it until idle, without statuses."""
    ran = await kernel.collect(_post(kernel, kind, content, **options), reply=False)
    return [message for message in ran.messages if message["msg_type"] != "status"]


async def _say(
    kernel: RunningKernel, comm_id: str, data: Any, buffers: list[bytes] | None = None
) -> list[Message]:
    return await _exchange(kernel, "comm_msg", {"comm_id": comm_id, "data": data}, buffers=buffers)


async def _next(kernel: RunningKernel, kind: str) -> Message:
    """Return the next message of a type, whatever it belongs to."""

    async def look() -> Message:
        while True:
            message: Message = await kernel.client.get_iopub_msg(timeout=_SECONDS)
            if message["msg_type"] == kind:
                return message

    return await asyncio.wait_for(look(), _SECONDS)


def _only(messages: list[Message], kind: str) -> Message:
    found = [message for message in messages if message["msg_type"] == kind]
    assert len(found) == 1, [message["msg_type"] for message in messages]
    return found[0]


async def _info(kernel: RunningKernel, target: str | None = None) -> dict[str, Any]:
    request = kernel.client.comm_info(target)
    comms: dict[str, Any] = (await kernel.collect(request)).reply["comms"]
    return comms


async def test_a_comm_opened_in_javascript_reaches_the_frontend(kernel: RunningKernel) -> None:
    """Target, data, metadata and buffers arrive under the cell; the kernel knows the comm."""
    ran = await kernel.run(
        "const opened = Jupyter.comm('chart', {data: {a: [1, 'é']}, metadata: {m: 2},"
        " buffers: [new Uint8Array([0, 255]), new Float32Array([1.5]).buffer]});"
    )
    message = _only(ran.messages, "comm_open")
    comm_id = message["content"]["comm_id"]
    assert message["content"] == {
        "comm_id": comm_id,
        "target_name": "chart",
        "data": {"a": [1, "é"]},
    }
    assert message["metadata"] == {"m": 2}
    assert [bytes(buffer) for buffer in message["buffers"]] == [b"\x00\xff", b"\x00\x00\xc0?"]
    assert await _info(kernel) == {comm_id: {"target_name": "chart"}}
    assert await _info(kernel, "chart") == {comm_id: {"target_name": "chart"}}
    assert await _info(kernel, "other") == {}
    closed = await kernel.run("opened.close({bye: 1}); opened.isOpen")
    assert _only(closed.messages, "comm_close")["content"] == {
        "comm_id": comm_id,
        "data": {"bye": 1},
    }
    assert "false" in (closed.text or "")
    assert await _info(kernel) == {}
    assert "closed" in (await kernel.run("opened.send(1)")).error["evalue"]


async def test_messages_go_both_ways_while_nothing_runs(kernel: RunningKernel) -> None:
    """A callback's answer, display and print come under the frontend's message."""
    ran = await kernel.run(
        "const echo = Jupyter.comm('echo');\n"
        "echo.onMessage(({data, metadata, buffers}) => {\n"
        "  console.log('heard', data.text);\n"
        "  echo.send({metadata, sum: buffers[0].reduce((a, b) => a + b, 0)},"
        " {buffers: [buffers[0].reverse()]});\n"
        "});\n"
        "echo.onClose(({data}) => console.log('closed', data.why));"
    )
    comm_id = _only(ran.messages, "comm_open")["content"]["comm_id"]
    heard = await _exchange(
        kernel,
        "comm_msg",
        {"comm_id": comm_id, "data": {"text": "hi"}},
        metadata={"k": 1},
        buffers=[bytes([1, 2, 250])],
    )
    assert _only(heard, "stream")["content"]["text"] == "heard hi\n"
    answer = _only(heard, "comm_msg")
    assert answer["content"]["data"] == {"metadata": {"k": 1}, "sum": 253}
    assert [bytes(buffer) for buffer in answer["buffers"]] == [bytes([250, 2, 1])]
    closed = await _exchange(kernel, "comm_close", {"comm_id": comm_id, "data": {"why": "done"}})
    assert _only(closed, "stream")["content"]["text"] == "closed done\n"
    assert await _info(kernel) == {}


async def test_a_frontend_opens_a_comm(kernel: RunningKernel) -> None:
    """A registered target takes it; any other is closed at once, and errors are shown."""
    await kernel.run(
        "Jupyter.comm.register('mine', (comm, {data}) => {\n"
        "  comm.send({welcome: data.name});\n"
        "  comm.onMessage(() => { throw new RangeError('no'); });\n"
        "});"
    )
    opened = await _exchange(
        kernel, "comm_open", {"comm_id": "f1", "target_name": "mine", "data": {"name": "N"}}
    )
    assert _only(opened, "comm_msg")["content"] == {"comm_id": "f1", "data": {"welcome": "N"}}
    assert await _info(kernel) == {"f1": {"target_name": "mine"}}
    failed = await _say(kernel, "f1", {})
    text = _only(failed, "stream")["content"]["text"]
    assert "RangeError" in text
    assert "In[" in text
    assert "acajs:" not in text
    refused = await _exchange(
        kernel, "comm_open", {"comm_id": "f2", "target_name": "nobody", "data": {}}
    )
    assert _only(refused, "comm_close")["content"]["comm_id"] == "f2"
    await _exchange(kernel, "comm_close", {"comm_id": "f1", "data": {}})
    assert await _info(kernel) == {}


async def test_what_follows_an_await_in_a_callback_is_part_of_it(kernel: RunningKernel) -> None:
    """Nothing has to happen in the notebook for it to arrive, and it comes before idle."""
    ran = await kernel.run(
        "const waiting = Jupyter.comm('waiting');"
        "waiting.onMessage(async () => {"
        " await null; await Promise.all([1, 2]); waiting.send({after: 'await'}); });"
    )
    comm_id = _only(ran.messages, "comm_open")["content"]["comm_id"]
    answer = _only(await _say(kernel, comm_id, {}), "comm_msg")
    assert answer["content"]["data"] == {"after": "await"}
    await kernel.run("waiting.close()")


async def test_what_a_callback_does_much_later_arrives(kernel: RunningKernel) -> None:
    """A timer's message comes by itself, under the frontend's message, after its idle."""
    ran = await kernel.run(
        "const timed = Jupyter.comm('timed');"
        "timed.onMessage(() => setTimeout(() => timed.send({after: 'a while'}), 400));"
    )
    comm_id = _only(ran.messages, "comm_open")["content"]["comm_id"]
    request = _post(kernel, "comm_msg", {"comm_id": comm_id, "data": {}})
    answer = await _next(kernel, "comm_msg")
    assert answer["content"]["data"] == {"after": "a while"}
    assert answer["parent_header"]["msg_id"] == request
    await kernel.run("timed.close()")


async def test_without_a_session_comms_are_closed_at_once(environment: dict[str, str]) -> None:
    """In plain mode, and where a setting is wrong: closed, and idle again."""
    for settings in ({"ACAJS_RUNTIME": "plain"}, {"ACAJS_RUNTIME": "wrong"}):
        async with running_kernel(environment | settings) as other:
            opened = await _exchange(
                other, "comm_open", {"comm_id": "f", "target_name": "any", "data": {}}
            )
            assert _only(opened, "comm_close")["content"]["comm_id"] == "f"
            assert await _say(other, "f", {}) == []
            assert await _info(other) == {}


async def test_messages_reach_a_cell_that_awaits(kernel: RunningKernel) -> None:
    """A cell can await what the frontend sends, also while it is running."""
    request = kernel.client.execute(
        "const asked = Jupyter.comm('ask');\n"
        "const reply = await new Promise((done) => asked.onMessage(({data}) => done(data)));\n"
        "asked.close();\n"
        "reply.value + 1"
    )
    opened = await _next(kernel, "comm_open")
    _post(kernel, "comm_msg", {"comm_id": opened["content"]["comm_id"], "data": {"value": 41}})
    assert "42" in ((await kernel.collect(request)).text or "")


async def test_a_busy_cell_delays_messages_and_nothing_else(kernel: RunningKernel) -> None:
    """They wait until the main thread yields, in order; questions are answered meanwhile."""
    ran = await kernel.run(
        "const order = []; const late = Jupyter.comm('late');"
        "late.onMessage(({data}) => order.push(data.n));"
    )
    comm_id = _only(ran.messages, "comm_open")["content"]["comm_id"]
    request = kernel.client.execute("console.log('begun'); for (;;) {}")
    await kernel.until(request, "begun")
    posted = [_post(kernel, "comm_msg", {"comm_id": comm_id, "data": {"n": n}}) for n in range(20)]
    assert comm_id in await _info(kernel)
    await kernel.interrupt()
    assert (await kernel.collect(request)).error["ename"] == "KeyboardInterrupt"
    ran = await kernel.run("late.close(); order.join()")
    assert ",".join(str(n) for n in range(20)) in (ran.text or "")
    assert len(posted) == 20


async def test_a_stream_of_messages_goes_in_batches(kernel: RunningKernel) -> None:
    """Five hundred messages at once all arrive, in order, each once, before the next cell."""
    ran = await kernel.run(
        "let count = 0, inOrder = true; const many = Jupyter.comm('many');"
        "many.onMessage(({data}) => { inOrder &&= data.n === count; count += 1; });"
    )
    comm_id = _only(ran.messages, "comm_open")["content"]["comm_id"]
    for n in range(500):
        _post(kernel, "comm_msg", {"comm_id": comm_id, "data": {"n": n}})
    ran = await kernel.run("many.close(); `${count} ${inOrder}`")
    assert "500 true" in (ran.text or "")


async def test_an_interrupt_ends_a_callback_that_never_returns(kernel: RunningKernel) -> None:
    """With no cell running; variables are kept, and it is said what was interrupted."""
    ran = await kernel.run(
        "var kept = 7; const stuck = Jupyter.comm('stuck');"
        "stuck.onMessage(() => { console.log('in'); for (;;) {} });"
    )
    comm_id = _only(ran.messages, "comm_open")["content"]["comm_id"]
    message = _post(kernel, "comm_msg", {"comm_id": comm_id, "data": {}})
    await kernel.until(message, "in")
    await kernel.interrupt()
    rest = await kernel.collect(message, reply=False)
    assert "KeyboardInterrupt" in rest.stderr
    assert "7" in ((await kernel.run("stuck.close(); kept")).text or "")


async def test_comms_are_closed_when_the_runtime_ends(kernel: RunningKernel) -> None:
    """Frontends hear of it, and the kernel forgets them."""
    ran = await kernel.run("const lost = Jupyter.comm('lost');")
    comm_id = _only(ran.messages, "comm_open")["content"]["comm_id"]
    ended = await kernel.run("process.exit(3)")
    assert ended.reply["status"] == "error"
    assert _only(ended.messages, "comm_close")["content"]["comm_id"] == comm_id
    assert await _info(kernel) == {}
    assert await _say(kernel, comm_id, {}) == []  # and idle


# ---- widgets

_COUNTER = (
    "const counter = Jupyter.widget({esm: {render({model, el}) { el.textContent = 'x'; }},"
    " css: '.a {}', state: {count: 1, pixels: new Uint8Array([1, 2]),"
    " list: [new Uint8Array([3])]}});"
    "counter.on('change:count', (model, value) => {"
    " model.set('double', 2 * value); model.save_changes(); });"
    "counter.on('msg:custom', (content, buffers) =>"
    " counter.send({heard: content}, undefined, buffers));"
    "counter"
)


async def test_a_widget_speaks_the_widgets_protocol(kernel: RunningKernel) -> None:
    """Opened, shown, changed by either side, asked for its state, and closed."""
    ran = await kernel.run(_COUNTER)
    message = _only(ran.messages, "comm_open")
    content = message["content"]
    comm_id = content["comm_id"]
    state = content["data"]["state"]
    assert content["target_name"] == "jupyter.widget"
    assert message["metadata"]["version"] == "2.1.0"
    assert (state["_model_module"], state["_model_name"]) == ("anywidget", "AnyModel")
    assert (state["_view_module"], state["_view_name"]) == ("anywidget", "AnyView")
    assert state["_esm"].startswith("export default {")
    assert state["_css"] == ".a {}"
    assert (state["count"], state["list"]) == (1, [None])
    assert content["data"]["buffer_paths"] == [["pixels"], ["list", 0]]
    assert [bytes(buffer) for buffer in message["buffers"]] == [b"\x01\x02", b"\x03"]
    assert ran.data["application/vnd.jupyter.widget-view+json"] == {
        "version_major": 2,
        "version_minor": 1,
        "model_id": comm_id,
    }
    assert ran.data["text/plain"].startswith("Widget {")

    update = {"method": "update", "state": {"count": 5}, "buffer_paths": [["pixels"]]}
    answers = await _say(kernel, comm_id, update, [b"\x09\x08\x07"])
    echo, change = [m for m in answers if m["msg_type"] == "comm_msg"]
    assert echo["content"]["data"] == {**update, "method": "echo_update"}
    assert [bytes(buffer) for buffer in echo["buffers"]] == [b"\x09\x08\x07"]
    assert change["content"]["data"] == {
        "method": "update",
        "state": {"double": 10},
        "buffer_paths": [],
    }
    seen = await kernel.run("[counter.get('count'), ...counter.get('pixels')].join()")
    assert "5,9,8,7" in (seen.text or "")

    custom = await _say(kernel, comm_id, {"method": "custom", "content": {"a": 1}}, [b"zz"])
    answer = _only(custom, "comm_msg")
    assert answer["content"]["data"] == {"method": "custom", "content": {"heard": {"a": 1}}}
    assert [bytes(buffer) for buffer in answer["buffers"]] == [b"zz"]

    whole = _only(await _say(kernel, comm_id, {"method": "request_state"}), "comm_msg")
    assert whole["content"]["data"]["state"]["double"] == 10
    assert whole["content"]["data"]["buffer_paths"] == [["pixels"], ["list", 0]]

    changed = await kernel.run("counter.set({count: 6, pixels: new Uint8Array([4])})")
    assert [m for m in changed.messages if m["msg_type"] == "comm_msg"] != []  # its own callback
    ran = await kernel.run("counter.save_changes(); counter.save_changes()")
    assert [m for m in ran.messages if m["msg_type"] == "comm_msg"] == []


async def test_a_reloaded_page_is_given_all_widgets(kernel: RunningKernel) -> None:
    """Over the control comm, from what passed the kernel, also while a cell is busy."""
    _only((await kernel.run(_COUNTER)).messages, "comm_open")
    await kernel.run("counter.set('pixels', Buffer.from('ab')); counter.save_changes()")
    request = kernel.client.execute("console.log('begun'); for (;;) {}")
    await kernel.until(request, "begun")
    ids = list(await _info(kernel, "jupyter.widget"))
    assert (
        await _exchange(
            kernel,
            "comm_open",
            {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}},
            metadata={"version": "1.0.0"},
        )
        == []
    )
    reply = _only(await _say(kernel, "c", {"method": "request_states"}), "comm_msg")
    assert await _exchange(kernel, "comm_close", {"comm_id": "c", "data": {}}) == []
    await kernel.interrupt()
    await kernel.collect(request)
    data = reply["content"]["data"]
    assert data["method"] == "update_states"
    assert list(data["states"]) == ids
    latest = data["states"][ids[-1]]
    assert (latest["model_module"], latest["model_name"]) == ("anywidget", "AnyModel")
    assert latest["state"]["count"] == 1
    paths = [path[2:] for path in data["buffer_paths"] if path[0] == ids[-1]]
    assert sorted(paths, key=str) == sorted([["pixels"], ["list", 0]], key=str)
    where = data["buffer_paths"].index([ids[-1], "state", "pixels"])
    assert bytes(reply["buffers"][where]) == b"ab"
