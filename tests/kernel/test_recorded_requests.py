"""The requests of JupyterLab and VS Code, in the shapes in which they send them.

Where the shapes are from: JupyterLab's as its version 4.6 sends them, read out of the frontend
that its Python package installs (``createMessage`` and the callers of ``requestExecute``,
``requestComplete``, ``requestInspect``, ``requestHistory``, ``requestIsComplete`` and
``requestCommInfo``); VS Code's from microsoft/vscode-jupyter at 00593cb
(src/kernels/execution/cellExecution.ts, src/standalone/intellisense), which uses JupyterLab's
``@jupyterlab/services`` for the envelope; consoles' as jupyter_console and qtconsole send them.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from jupyter_kernel_test.msgspec_v5 import validate_message

from tests.kernel_client import RunningKernel, running_kernel

_SETUP = "const thing = { alpha: 1 }; /** Adds. */ function add(a, b) { return a + b }"
_VS_CODE_CELL = "vscode-notebook-cell:/home/someone/notes.ipynb#W2sZmlsZQ%3D%3D"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["rich", "plain"])
async def kernel(request: pytest.FixtureRequest) -> AsyncIterator[RunningKernel]:
    """Start one kernel for all requests, in each mode."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    async with running_kernel(clean | {"ACAJS_RUNTIME": request.param}) as running:
        await running.run(_SETUP)
        yield running


def _execute(code: str, **fields: Any) -> dict[str, Any]:
    """Return what ``requestExecute`` makes of its options."""
    defaults = {
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": True,
        "stop_on_error": False,
    }
    return defaults | {"code": code} | fields


_REQUESTS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "JupyterLab runs a cell",
        "execute_request",
        _execute("add(20, 22)", stop_on_error=True),
        {
            "deletedCells": [],
            "recordTiming": False,
            "cellId": "0b7d7f5c-8f1d-4c2e-9a53-2f2f1f7e3c11",
            "trusted": True,
            "tags": ["parameters"],
        },
    ),
    (
        "JupyterLab runs a cell after others were deleted",
        "execute_request",
        _execute("1", stop_on_error=True),
        {"deletedCells": ["f00", "ba4"], "recordTiming": True, "cellId": "c1"},
    ),
    (
        "JupyterLab's console runs a cell",
        "execute_request",
        _execute("console.log('x')", stop_on_error=True),
        {},
    ),
    ("VS Code runs a cell", "execute_request", _execute("add(1, 2)"), {"cellId": _VS_CODE_CELL}),
    (
        "VS Code runs a cell with metadata",
        "execute_request",
        _execute("add"),
        {"cellId": _VS_CODE_CELL, "vscode": {"languageId": "javascript"}, "collapsed": False},
    ),
    (
        "VS Code runs something unseen",
        "execute_request",
        _execute("1 + 1", silent=True, store_history=False, allow_stdin=False, stop_on_error=True),
        {},
    ),
    (
        "a console asks for its prompt",
        "execute_request",
        _execute("", silent=True, store_history=False, user_expressions={"n": "add(1, 1)"}),
        {},
    ),
    ("a cell fails", "execute_request", _execute("missing.name"), {"cellId": "c"}),
    ("Tab", "complete_request", {"code": "thing.al", "cursor_pos": 8}, {}),
    ("Tab in the middle", "complete_request", {"code": "thing.al; 1", "cursor_pos": 7}, {}),
    ("Tab in nothing", "complete_request", {"code": "", "cursor_pos": 0}, {}),
    ("Tab behind the end", "complete_request", {"code": "add", "cursor_pos": 99}, {}),
    ("Shift-Tab", "inspect_request", {"code": "add(", "cursor_pos": 4, "detail_level": 0}, {}),
    (
        "contextual help",
        "inspect_request",
        {"code": "x = add", "cursor_pos": 7, "detail_level": 1},
        {},
    ),
    ("VS Code hovers", "inspect_request", {"code": "add", "cursor_pos": 3, "detail_level": 0}, {}),
    ("no level", "inspect_request", {"code": "add", "cursor_pos": 3}, {}),
    ("nothing there", "inspect_request", {"code": "", "cursor_pos": 0, "detail_level": 0}, {}),
    ("Enter in a console", "is_complete_request", {"code": "if (a) {"}, {}),
    ("Enter after a whole", "is_complete_request", {"code": "add(1, 2)"}, {}),
    ("run line by line", "is_complete_request", {"code": "const a = 1;\n\n"}, {}),
    (
        "JupyterLab's console begins",
        "history_request",
        {"output": False, "raw": True, "hist_access_type": "tail", "n": 500},
        {},
    ),
    (
        "JupyterLab's inline completions",
        "history_request",
        {
            "output": False,
            "raw": True,
            "hist_access_type": "search",
            "pattern": "con*",
            "unique": True,
            "n": 10,
        },
        {},
    ),
    (
        "jupyter_console begins",
        "history_request",
        {
            "raw": True,
            "output": False,
            "hist_access_type": "tail",
            "n": 1000,
        },
        {},
    ),
    (
        "this session",
        "history_request",
        {
            "output": True,
            "raw": True,
            "hist_access_type": "range",
            "session": 0,
            "start": 1,
            "stop": None,
        },
        {},
    ),
    (
        "the session before, its last cells",
        "history_request",
        {
            "output": True,
            "raw": True,
            "hist_access_type": "range",
            "session": -1,
            "start": -5,
            "stop": -1,
        },
        {},
    ),
    ("no more than none", "history_request", {"hist_access_type": "tail", "n": -1}, {}),
    ("JupyterLab connects", "kernel_info_request", {}, {}),
    ("widgets", "comm_info_request", {"target_name": "jupyter.widget"}, {}),
    ("all comms", "comm_info_request", {}, {}),
]


@pytest.mark.parametrize(
    ("kind", "content", "metadata"),
    [pytest.param(*request, id=name) for name, *request in _REQUESTS],
)
async def test_a_recorded_request_has_a_valid_reply(
    kernel: RunningKernel, kind: str, content: dict[str, Any], metadata: dict[str, Any]
) -> None:
    """One reply of the protocol's schema, and everything published under it is valid too."""
    message = kernel.client.session.msg(kind, dict(content), metadata=metadata)
    # What JupyterLab's envelope has beside the fields that every client sends.
    message["header"]["subshell_id"] = None
    message["channel"] = "shell"
    identifier = message["header"]["msg_id"]
    kernel.client.shell_channel.send(message)
    published = (await kernel.collect(identifier, reply=False)).messages
    reply = await kernel.client.get_shell_msg(timeout=60)
    validate_message(reply, kind.replace("_request", "_reply"), identifier)
    for other in published:
        validate_message(other, other["msg_type"], identifier)
    states = [m["content"]["execution_state"] for m in published if m["msg_type"] == "status"]
    assert (states[0], states[-1]) == ("busy", "idle")
    fails = content.get("code") == "missing.name"
    if kind != "is_complete_request":
        assert reply["content"]["status"] == ("error" if fails else "ok"), reply["content"]


async def test_a_shutdown_of_jupyterlabs_shape_is_answered(environment: dict[str, str]) -> None:
    """On the control channel, with its reply."""
    async with running_kernel(environment | {"ACAJS_RUNTIME": "plain"}) as kernel:
        message = kernel.client.session.msg("shutdown_request", {"restart": False})
        kernel.client.control_channel.send(message)
        reply = await kernel.client.get_control_msg(timeout=60)
        validate_message(reply, "shutdown_reply", message["header"]["msg_id"])
