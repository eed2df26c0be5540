"""What a session's process sees of the machine."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from acajs_kernel.local import LocalPool
from acajs_kernel.local.environment import MARKER_VARIABLE, session_environment

from .conftest import NEW, Api, client_of, new_identifier

SECRETS = [
    "ACAJS_TOKEN",
    "ACAJS_POOL_ENDPOINT",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "GITHUB_TOKEN",
    "MY_SECRET",
    "API_KEY",
    "PGPASSWORD",
    "JUPYTER_TOKEN",
    "JPY_PARENT_PID",
    "NODE_OPTIONS",
    "npm_config__authToken",
    "npm_config_registry_password",
    "LC_SECRET",
]
HARMLESS = {
    "LANG": "C.UTF-8",
    "LC_TIME": "C",
    "TZ": "Europe/Oslo",
    "https_proxy": "http://proxy.example:3128",
    "NO_PROXY": "localhost",
    "NODE_EXTRA_CA_CERTS": "/etc/ca.pem",
    "npm_config_registry": "https://packages.example/",
}


def build(source: dict[str, str], tmp_path: Path, **more: object) -> dict[str, str]:
    return session_environment(
        source,
        home=tmp_path / "home",
        temporary=tmp_path / "tmp",
        node=Path("/opt/node/bin/node"),
        marker="m",
        **more,  # type: ignore[arg-type] # any of its options
    )


def test_secrets_stay_out_and_harmless_variables_pass(tmp_path: Path) -> None:
    """The allow-list passes what it names, except what looks like a secret."""
    built = build(HARMLESS | dict.fromkeys(SECRETS, "hidden"), tmp_path)
    assert HARMLESS.items() <= built.items()
    assert "hidden" not in built.values()


def test_home_and_temporary_folder_are_the_sessions_own(tmp_path: Path) -> None:
    """HOME and TMPDIR are the session's, whatever the user's are."""
    built = build({"HOME": "/home/me", "TMPDIR": "/var/tmp"}, tmp_path)
    assert built["HOME"] == str(tmp_path / "home")
    assert built["TMPDIR"] == str(tmp_path / "tmp")


def test_npm_lies_beside_node_on_path(tmp_path: Path) -> None:
    """Node's folder is on PATH, once, and does not displace the user's order."""
    assert build({"PATH": "/usr/bin"}, tmp_path)["PATH"] == os.pathsep.join(
        ["/opt/node/bin", "/usr/bin"]
    )
    kept = os.pathsep.join(["/usr/bin", "/opt/node/bin"])
    assert build({"PATH": kept}, tmp_path)["PATH"] == kept
    assert build({}, tmp_path)["PATH"].startswith("/opt/node/bin" + os.pathsep)


def test_npm_keeps_the_users_settings_and_cache(tmp_path: Path) -> None:
    """Npm finds the user's .npmrc and cache, unless variables name others."""
    (tmp_path / ".npmrc").touch()
    (tmp_path / ".npm").mkdir()
    built = build({}, tmp_path, user_home=tmp_path)
    assert built["npm_config_userconfig"] == str(tmp_path / ".npmrc")
    assert built["npm_config_cache"] == str(tmp_path / ".npm")
    chosen = build({"NPM_CONFIG_CACHE": "/c"}, tmp_path, user_home=tmp_path)
    assert "npm_config_cache" not in chosen
    assert not [name for name in build({}, tmp_path, user_home=tmp_path / "x") if "npm" in name]


def test_forwarded_variables_pass_as_they_are_but_not_over_the_marker(tmp_path: Path) -> None:
    """What the caller names is handed over, even a secret; the marker is ours."""
    built = build({}, tmp_path, forwarded={"MY_TOKEN": "t", MARKER_VARIABLE: "other"})
    assert built["MY_TOKEN"] == "t"
    assert built[MARKER_VARIABLE] == "m"


async def test_real_session_sees_only_the_listed_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A session's own process.env holds no secret of the pool's process."""
    for name in SECRETS:
        monkeypatch.setenv(name, "hidden")
    async with (
        LocalPool(forward_environment={"GIVEN": "on purpose"}) as pool,
        client_of(pool) as client,
    ):
        api = Api(client, NEW, new_identifier())
        code = "$$.text(JSON.stringify({env: process.env, cwd: process.cwd()}))"
        seen = (await api.run(code))["executionResult"]
    assert seen["env"]["GIVEN"] == "on purpose"
    assert "hidden" not in json.dumps(seen)
    assert seen["env"]["HOME"] != os.environ.get("HOME")
    assert Path(seen["env"]["HOME"]).parent == Path(seen["cwd"]).parent


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_standard_descriptors_are_null_devices_and_the_channel_is_not_inherited() -> None:
    """As on the service fds 0 to 2 are null; a child process cannot reach the channel."""
    code = """
      const { execFileSync } = require("child_process");
      const own = [0, 1, 2].map((n) => fs.readlinkSync(`/proc/self/fd/${n}`));
      const child = execFileSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8" });
      $$.text(JSON.stringify({ own, sockets: child.split("socket:").length - 1 }));
    """
    async with LocalPool() as pool, client_of(pool) as client:
        api = Api(client, NEW, new_identifier())
        seen = (await api.run("var fs = require('fs');" + code))["executionResult"]
    assert seen["own"] == ["/dev/null"] * 3
    # execFileSync gives the child a socket for each of its three standard streams.
    assert seen["sockets"] <= 3
