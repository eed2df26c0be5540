"""What kernel and commands make of the service's ways: versions that end, sessions that are new."""

from __future__ import annotations

import httpx
import pytest

from tests.cli.command import acajs
from tests.kernel_client import running_kernel
from tests.pool_server import served_pool

_ENDED = "2023-01-01-preview"
_NEWEST = "2025-10-02-preview"


@pytest.mark.parametrize("runtime", ["rich", "plain"])
async def test_a_version_that_has_ended_is_replaced_with_a_notice(
    environment: dict[str, str], runtime: str
) -> None:
    """The first cell runs, and one line says which setting to change; later cells say nothing."""
    settings = {"ACAJS_API_VERSION": _ENDED, "ACAJS_RUNTIME": runtime}
    async with running_kernel(environment | settings) as kernel:
        first = await kernel.run("6 * 7")
        assert "42" in (first.text or "")
        assert first.stderr.count("\n") == 1
        assert f"refuses API version {_ENDED}" in first.stderr
        assert f"Set ACAJS_API_VERSION={_NEWEST}" in first.stderr
        assert (await kernel.run("console.log('on')")).stderr == ""


async def test_a_plain_cell_says_that_the_session_was_replaced(
    environment: dict[str, str],
) -> None:
    """A real pool's answer tells it: the cell ran on a session without the variables."""
    with served_pool(environment) as pool:
        settings = environment | pool.environment | {"ACAJS_RUNTIME": "plain"}
        async with running_kernel(settings) as kernel:
            assert (await kernel.run("var kept = 1")).stderr == ""
            assert (await kernel.run("kept")).text == "1"
            (session,) = await pool.sessions()
            async with httpx.AsyncClient(base_url=pool.endpoint) as client:
                stopped = await client.post(
                    "/.management/stopSession",
                    params={"api-version": _NEWEST, "identifier": session["identifier"]},
                    headers={"authorization": f"Bearer {pool.token}"},
                )
            assert stopped.status_code == 200
            ran = await kernel.run("typeof kept")
            assert ran.text == "'undefined'"
            assert "The session was replaced by a fresh one" in ran.stderr
            assert "Variables are gone" in ran.stderr
            assert (await kernel.run("1")).stderr == ""


def test_commands_go_on_with_the_newest_version(environment: dict[str, str]) -> None:
    """`acajs files`, `exec` and the doctor say it on standard error, or as a finding."""
    with served_pool(environment) as pool:
        settings = {
            **environment,
            **pool.environment,
            "ACAJS_API_VERSION": _ENDED,
            "ACAJS_SESSION_ID": "session-0123456789",
        }
        ran = acajs(settings, "exec", "-e", "console.log('ran')")
        assert (ran.returncode, ran.stdout) == (0, "ran\n")
        assert f"refuses API version {_ENDED}" in ran.stderr
        listed = acajs(settings, "files", "ls")
        assert listed.returncode == 0
        assert f"refuses API version {_ENDED}" in listed.stderr
        examined = acajs(settings, "doctor")
        assert examined.returncode == 0
        assert f"Set ACAJS_API_VERSION={_NEWEST}" in examined.stdout
