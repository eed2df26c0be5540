"""Magics where a session comes and goes: a served pool, plain mode, lost sessions."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.errors import NotFoundError
from acajs_kernel.pool import Endpoint, PoolClient, StaticToken
from tests.kernel_client import Ran, RunningKernel, running_kernel
from tests.pool_server import ServedPool, served_pool

_NAMED = "magics-session-0123456789"
_OTHER = "another-session-0123456789"


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve a pool."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean) as served:
        yield served


@pytest_asyncio.fixture
async def client(pool: ServedPool) -> AsyncIterator[PoolClient]:
    """Somebody else who may use the pool."""
    async with PoolClient(
        Endpoint.parse(pool.endpoint), tokens=StaticToken(pool.token)
    ) as connected:
        yield connected


def _settings(pool: ServedPool, **settings: str) -> dict[str, str]:
    return (
        {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
        | pool.environment
        | {f"ACAJS_{name.upper()}": value for name, value in settings.items()}
    )


def _text(ran: Ran) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", ran.text or "")


def _rows(ran: Ran) -> dict[str, str]:
    """Return the rows that `%session` shows."""
    (shown,) = [m["content"] for m in ran.messages if m["msg_type"] == "display_data"]
    lines: list[Any] = shown["data"]["text/plain"].splitlines()
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines)


async def test_the_session_is_described_stopped_and_replaced(kernel: RunningKernel) -> None:
    """Its identifier is never shown whole; after a stop the next cell has a fresh one."""
    ran = await kernel.run("%session")
    rows = _rows(ran)
    assert re.fullmatch(r"\w{4}…", rows["session"])
    assert rows["pool"] == "the embedded pool on the local Node"
    assert rows["mode"] == "rich (runtime rich)"
    assert re.match(r"\d+\.\d+\.\d+ on ", rows["Node.js"])
    assert re.match(r"\d+ MB of [\d,]+ MB", rows["memory"])
    assert re.fullmatch(r"\d+ ms", rows["round trip"])
    assert re.match(r"\d+ (?:s|min), since 20\d\d-", rows["age"])
    assert "was stopped" in (await kernel.run("var old = 1;\n%session stop")).stdout
    assert _text(await kernel.run("typeof old")) == "'undefined'"
    ran = await kernel.run("var old = 1;\n%session new\ntypeof old")
    assert "was opened" in ran.stdout
    assert _text(ran) == "'undefined'"
    ran = await kernel.run("%session attach abcdefgh")
    assert "lives in this kernel" in ran.traceback
    for wrong in ("foo", "keepalive", "keepalive x", "stop now"):
        assert (await kernel.run(f"%session {wrong}")).error["ename"] == "MagicError"


async def test_a_kernel_goes_from_session_to_session(pool: ServedPool, client: PoolClient) -> None:
    """Its own is stopped when it leaves; one that was named lives on, unless it is stopped."""
    await client.execute(_OTHER, "1")
    async with running_kernel(_settings(pool)) as kernel:
        own = _rows(await kernel.run("%session"))
        assert own["pool"] == pool.endpoint
        assert own["kept alive"] == "for 30 minutes without a cell"
        assert re.match(r"in \d+ min without use", own["expires"])
        ran = await kernel.run("%session keepalive 5")
        assert "for 5 minutes" in ran.stdout

        ran = await kernel.run(f"%session attach {_OTHER}")
        assert "lives on" in ran.stdout
        assert "this cell and the history now contain it" in ran.stderr
        assert _OTHER not in ran.stdout + ran.stderr
        await kernel.run("var attached = 1")

        request = kernel.client.execute("%session attach", allow_stdin=True)
        asked = await kernel.client.get_stdin_msg(timeout=30)
        assert asked["content"]["password"] is True
        kernel.client.input(_NAMED)
        ran = await kernel.collect(request)
        assert "a fresh one" in ran.stdout
        assert ran.stderr == ""
        assert _text(await kernel.run("typeof attached")) == "'undefined'"
        assert (await client.get_session(_OTHER)).etag

        await kernel.run(f"%session attach {_OTHER}")
        assert _text(await kernel.run("attached")) == "1"
        await kernel.run("%session stop")
        with pytest.raises(NotFoundError):
            await client.get_session(_OTHER)
        await kernel.run(f"%session attach {_NAMED}")
        ran = await kernel.run("%session new\nvar own = 1; own")
        assert "lives on" in ran.stdout
        assert (await client.get_session(_NAMED)).etag
        assert _rows(await kernel.run("%session"))["session"] == own["session"]
        assert "4 to 128" in (await kernel.run("%session attach abc")).traceback
        assert _text(await kernel.run("own")) == "1"
    await client.stop_session(_NAMED)


async def test_what_magics_did_is_done_again_on_a_fresh_session(
    pool: ServedPool, client: PoolClient
) -> None:
    """JavaScript, variables, files and commands in their order; what failed or only told, not."""
    settings = _settings(pool, on_session_loss="replay", session_id=_NAMED)
    async with running_kernel(settings) as kernel:
        await kernel.run("var base = 20;\n%env STEP=1\n%time var more = base + 1")
        await kernel.run("%%writefile made.txt\nten")
        await kernel.run("!cat made.txt made.txt > twice.txt; echo shown")
        await kernel.run("!exit 3")
        await kernel.run("%who")
        await client.stop_session(_NAMED)
        ran = await kernel.run(
            "[more, process.env.STEP, require('node:fs').readFileSync('twice.txt', 'utf8')]"
        )
        assert _text(ran) == r"[ 21, '1', 'ten\nten\n' ]"
        assert "shown" not in ran.stdout
        await client.stop_session(_NAMED)
        ran = await kernel.run("%who")
        (shown,) = [m["content"] for m in ran.messages if m["msg_type"] == "display_data"]
        assert "more\tnumber" in shown["data"]["text/plain"]
    await client.stop_session(_NAMED)


async def test_a_lost_session_ends_a_magic_as_it_ends_any_cell(
    pool: ServedPool, client: PoolClient
) -> None:
    """By default nothing of the cell runs on the fresh session."""
    async with running_kernel(_settings(pool, session_id=_NAMED)) as kernel:
        await kernel.run("1")
        await client.stop_session(_NAMED)
        ran = await kernel.run("!echo x\nglobalThis.behind = 1")
        assert ran.error["ename"] == "SessionLostError"
        assert _text(await kernel.run("typeof behind")) == "'undefined'"
    await client.stop_session(_NAMED)


async def test_what_the_kernel_does_alone_needs_no_session(environment: dict[str, str]) -> None:
    """A pool that cannot be reached holds up neither markup nor help, commands in them or not."""
    nowhere = {"ACAJS_POOL_ENDPOINT": "http://127.0.0.1:9", "ACAJS_TOKEN": "test-token"}
    async with running_kernel(environment | nowhere) as kernel:
        for code in ("%%html\n!ls\n", "%lsmagic", "%help time", "%env?"):
            assert (await kernel.run(code)).reply["status"] == "ok"


@pytest.mark.parametrize("runtime", ["plain", "auto"])
async def test_magics_work_in_plain_mode_as_far_as_they_can(
    shared_plain_kernel: RunningKernel, pool: ServedPool, runtime: str
) -> None:
    """The rest says what it needs. Chosen by setting, or by a magic on a served pool."""
    if runtime == "plain":
        await _check_plain(shared_plain_kernel)
        return
    async with running_kernel(_settings(pool, api_version="2025-10-02-preview")) as kernel:
        await kernel.run("%runtime plain")
        await _check_plain(kernel)


async def _check_plain(kernel: RunningKernel) -> None:
    ran = await kernel.run("var x = 1;\n%env MARK=here it is\n%time x + 1")
    assert ran.stdout.startswith("env: MARK=here it is\n")
    assert "Wall time" in ran.stdout
    assert ran.text == "2"
    assert (await kernel.run("!echo $MARK; echo bad >&2; exit 2")).stdout == "here it is\n"
    assert "exit status 3" in (await kernel.run("%%sh\nexit 3")).traceback
    ran = await kernel.run("%%script cat\nCOMMAND")
    assert ran.stdout == "COMMAND"
    await kernel.run("%%writefile plain.txt\nhello")
    (payload,) = (await kernel.run("%load plain.txt")).reply["payload"]
    assert payload["text"] == "// %load plain.txt\nhello\n"
    assert "ENOENT" in (await kernel.run("%load none.txt")).traceback
    assert (await kernel.run("!ls")).stdout == "plain.txt\n"
    assert _rows(await kernel.run("%session"))["mode"].startswith("plain")
    ran = await kernel.run("1;\n%time null.x")
    assert ":2:" in ran.traceback
    assert "%runtime rich" in (await kernel.run("%who")).traceback
    ran = await kernel.run("%restart\ntypeof x")
    assert ran.text == "'undefined'"
