"""The kernel's process."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from ipykernel.kernelapp import IPKernelApp

from acajs_kernel.kernel.application import AcaJsKernelApp

_CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


def test_garbage_is_collected_again_once_the_kernel_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The launch puts collections off; a kernel that serves must make them."""
    collects = []
    monkeypatch.setattr(IPKernelApp, "start", lambda _app: collects.append(gc.isenabled()))
    gc.disable()
    try:
        AcaJsKernelApp().start()  # type: ignore[no-untyped-call] # ipykernel has no types here
    finally:
        gc.enable()
        gc.unfreeze()
    assert collects == [True]


@pytest.mark.parametrize("taken", ["shell_port", "iopub_port", "stdin_port", "control_port"])
def test_a_port_that_is_taken_ends_the_launch(
    taken: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """A kernel that cannot open one of its channels says so and ends, and does not hang."""
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.socket()) for name in _CHANNELS}
        for each in sockets.values():
            each.bind(("127.0.0.1", 0))
        ports = {name: each.getsockname()[1] for name, each in sockets.items()}
        sockets[taken].listen()
        for name in set(_CHANNELS) - {taken}:
            sockets[name].close()
        file = tmp_path / "connection.json"
        file.write_text(
            json.dumps({**ports, "ip": "127.0.0.1", "transport": "tcp", "key": "k" * 32})
        )
        ran = subprocess.run(
            [sys.executable, "-m", "acajs_kernel", "-f", str(file)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 1
    assert f"Address already in use (addr='tcp://127.0.0.1:{ports[taken]}')" in ran.stderr
