"""``%session``: what the notebook's session is, and another one in its place."""

from __future__ import annotations

import asyncio
import html
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from acajs_kernel.errors import AcaJsError, NotFoundError, SessionError
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.runtime import programs

if TYPE_CHECKING:
    from acajs_kernel.pool import SessionInfo
    from acajs_kernel.session import SessionAccess

__all__ = ["MAGIC"]

_ASKING_SECONDS = 5.0
_NEVER_YEAR = 9999  # of the pool inside the kernel, whose sessions do not cool down
_MINUTE = 60
_HOUR = 3600
_MEGABYTE = 1024 * 1024


async def _show(call: Call) -> None:
    access = await call.access()
    begun = time.monotonic()
    facts = await call.evaluate(programs.call("facts"))
    round_trip = time.monotonic() - begun
    notebook = call.notebook
    rows = {
        "session": _short(access),
        **await _life(access),
        "pool": notebook.pool_name,
        "mode": f"{notebook.mode} (runtime {notebook.settings.runtime})",
        "Node.js": f"{facts['node'].removeprefix('v')} on {facts['system']}",
        "memory": (
            f"{_megabytes(facts['resident'])} of {_megabytes(facts['total'])}, of it "
            f"{_megabytes(facts['heap'])} of JavaScript objects"
        ),
        "CPU": (
            f"{facts['processorSeconds']:.1f} s in {_duration(facts['uptime'])} of the runtime, "
            f"on {facts['processors']} processors"
        ),
        "round trip": f"{round_trip * 1000:.0f} ms",
        "kept alive": _kept_alive(call),
    }
    call.show(_table(rows))


async def _life(access: SessionAccess) -> Mapping[str, str]:
    """Return the rows that the service knows."""
    try:
        asking = access.pool.get_session(access.identifier)
        info: SessionInfo = await asyncio.wait_for(asking, _ASKING_SECONDS)
    except AcaJsError as error:
        return {"age": f"unknown: {error.message}"}
    except asyncio.TimeoutError:
        return {"age": f"unknown: the pool did not say within {_ASKING_SECONDS:g} s"}
    now = datetime.now(timezone.utc)
    rows = {}
    if info.created_at is not None:
        age = _duration((now - info.created_at).total_seconds())
        rows["age"] = f"{age}, since {info.created_at:%Y-%m-%d %H:%M:%S} UTC"
    if info.expires_at is not None and info.expires_at.year < _NEVER_YEAR:
        left = _duration((info.expires_at - now).total_seconds())
        rows["expires"] = f"in {left} without use, at {info.expires_at:%H:%M:%S} UTC"
    return rows


def _short(access: SessionAccess) -> str:
    from acajs_kernel.pool import shorten_identifier  # noqa: PLC0415 -- loaded with the session

    return shorten_identifier(access.identifier)


def _kept_alive(call: Call) -> str:
    settings = call.notebook.settings
    if not settings.endpoint:
        return "as long as the kernel"
    return f"for {settings.keepalive_minutes:g} minutes without a cell"


def _megabytes(count: float) -> str:
    return f"{count / _MEGABYTE:,.0f} MB"


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{max(seconds, 0):.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"


def _table(rows: Mapping[str, str]) -> dict[str, Any]:
    width = max(map(len, rows))
    cells = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:left">{html.escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return {
        "text/html": f"<table>{cells}</table>",
        "text/plain": "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items()),
    }


async def _stop(call: Call) -> None:
    await call.notebook.stop()
    call.print("The session was stopped. The next cell opens a fresh one.\n")


async def _new(call: Call) -> None:
    named = call.notebook.settings.session_id
    await call.notebook.change(session_id="")
    access = await call.access()
    before = "The named session lives on" if named else "The session before it was stopped"
    call.print(f"Session {_short(access)} was opened. {before}; variables are gone.\n")


async def _attach(call: Call) -> None:
    from acajs_kernel.pool import check_identifier  # noqa: PLC0415 -- loaded with the session

    if not call.notebook.settings.endpoint:
        raise SessionError(
            "The embedded pool lives in this kernel, and has no other session to attach to.",
            remedy="Set ACAJS_POOL_ENDPOINT to a pool, and restart the kernel.",
        )
    given = call.words()[1:]
    if len(given) > 1:
        raise call.misuse("It takes one identifier.")
    identifier = given[0] if given else await call.ask("Session identifier: ", password=True)
    check_identifier(identifier)
    existed = True
    try:
        access = await call.access()
        await access.pool.get_session(identifier)
    except NotFoundError:
        existed = False
    except AcaJsError:
        pass  # the pool does not say; opening it tells more
    await call.notebook.change(session_id=identifier)
    access = await call.access()
    call.print(
        f"Attached to session {_short(access)}"
        + (". It lives on when the kernel ends.\n" if existed else ", which is a fresh one.\n")
    )
    if given:
        call.print(
            "The identifier opens the session, and this cell and the history now contain it. "
            "%session attach without it asks for it instead.\n",
            is_error=True,
        )


async def _keep_alive(call: Call) -> None:
    words = call.words()[1:]
    try:
        (minutes,) = map(float, words)
    except ValueError:
        raise call.misuse("It takes a number of minutes.") from None
    if not 0 <= minutes < float("inf"):
        raise call.misuse("It takes 0 or more minutes.")
    call.notebook.keep_alive_for(minutes)
    call.print(f"The session is kept alive {_kept_alive(call)}.\n")


_COMMANDS: Mapping[str, Callable[[Call], Awaitable[None]]] = {
    "stop": _stop,
    "new": _new,
    "attach": _attach,
    "keepalive": _keep_alive,
}


async def _session(call: Call) -> None:
    words = call.words()
    if not words:
        await _show(call)
        return
    command = _COMMANDS.get(words[0])
    if command is None:
        raise call.misuse(f"There is no {words[0]!r}.")
    if len(words) > 1 and words[0] in {"stop", "new"}:
        raise call.misuse(f"{words[0]} takes no arguments.")
    await command(call)


MAGIC = Magic(
    name="session",
    usage=(
        "%session",
        "%session stop",
        "%session new",
        "%session attach [ID]",
        "%session keepalive MINUTES",
    ),
    summary="Describe the notebook's session; stop it, open another, or keep it alive longer.",
    run=_session,
    where="kernel",
    details=(
        "`stop` ends the session with its variables and files; the next cell opens a fresh one. "
        "`new` opens a fresh one at once. `attach` continues in a session whose identifier you "
        "know: it asks for the identifier, without showing it, unless you give it. That session "
        "lives on when the kernel ends; the notebook's own one is stopped. `keepalive` sets how "
        "long the kernel keeps the session alive while no cell runs."
    ),
    words=tuple(_COMMANDS),
)
