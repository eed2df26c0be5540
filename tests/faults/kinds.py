"""The faults: everything that may happen to a request on its way to a pool and back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults.proxy import Fault, Passage, http_answer

__all__ = ["FAULTS", "FOR_GOOD", "NOT_RUN", "PASSED"]

_HOLD_SECONDS = 0.15
_LONG_HOLD_SECONDS = 0.5
_REFUSED_SECONDS = 0.1
_DELAY_SECONDS = 0.05
_DRIP_PIECES = 12
_DRIP_SECONDS = 0.002

# What Envoy, a gateway, answers when the session's connection ended before the answer.
_ENVOY = (
    b"upstream connect error or disconnect/reset before headers. "
    b"reset reason: connection termination"
)

Act = Callable[[Passage], Awaitable[None]]


async def _drop_before(passage: Passage) -> None:
    passage.close()


async def _drop_after(passage: Passage) -> None:
    await passage.forward()
    passage.close()


async def _reset_before(passage: Passage) -> None:
    passage.reset()


async def _reset_after(passage: Passage) -> None:
    await passage.forward()
    passage.reset()


async def _refuse_next(passage: Passage) -> None:
    """Answer this one, and refuse the connection of the next, for a moment."""
    answer = await passage.forward()
    passage.proxy.refuse()

    async def end() -> None:
        await asyncio.sleep(_REFUSED_SECONDS)
        await passage.proxy.listen()

    passage.proxy.after(end())
    await passage.answer(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
    passage.close()


def _cut(*, reset: bool) -> Act:
    async def act(passage: Passage) -> None:
        answer = await passage.forward()
        head = answer.index(b"\r\n\r\n") + 4
        await passage.answer(answer[: head + (len(answer) - head) // 2])
        if reset:
            # The bytes before it must not be lost with the connection.
            await asyncio.sleep(0.01)
            passage.reset()
        else:
            passage.close()

    return act


async def _delay_request(passage: Passage) -> None:
    await asyncio.sleep(_DELAY_SECONDS)
    await passage.answer(await passage.forward())


async def _delay_answer(passage: Passage) -> None:
    answer = await passage.forward()
    await asyncio.sleep(_DELAY_SECONDS)
    await passage.answer(answer)


async def _drip(passage: Passage) -> None:
    answer = await passage.forward()
    size = max(len(answer) // _DRIP_PIECES, 1)
    for start in range(0, len(answer), size):
        await passage.answer(answer[start : start + size])
        await asyncio.sleep(_DRIP_SECONDS)


async def _request_overtaken(passage: Passage) -> None:
    """Another request reaches the pool first."""
    passage.proxy.on_held()
    await passage.proxy.others_passed(1, _HOLD_SECONDS)
    await passage.answer(await passage.forward())


async def _answer_overtaken(passage: Passage) -> None:
    """Another request, which runs later, is answered first."""
    answer = await passage.forward()
    passage.proxy.on_held()
    await passage.proxy.others_passed(1, _HOLD_SECONDS)
    await passage.answer(answer)


def _dropped_comes_after(others: int) -> Act:
    """The client sees a broken connection, yet its request arrives after some others."""

    async def act(passage: Passage) -> None:
        async def later() -> None:
            await passage.proxy.others_passed(others, _LONG_HOLD_SECONDS)
            await passage.forward()

        passage.proxy.after(later())
        passage.close()

    return act


def _instead(status: int, body: bytes, *headers: tuple[str, str]) -> Act:
    async def act(passage: Passage) -> None:
        await passage.answer(http_answer(status, body, *headers))

    return act


def _afterwards(status: int, body: bytes, *headers: tuple[str, str]) -> Act:
    async def act(passage: Passage) -> None:
        await passage.forward()
        await passage.answer(http_answer(status, body, *headers))

    return act


def _shorten(limit: int, *names: str) -> Act:
    """Cut texts of the answer, so that it stays valid JSON."""

    async def act(passage: Passage) -> None:
        head, _, body = (await passage.forward()).partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        answer: Any = json.loads(body)
        for result in (answer.get("properties"), answer.get("result")):
            for name in names:
                if result is not None and isinstance(result.get(name), str):
                    result[name] = result[name][:limit]
        await passage.answer(
            http_answer(status, json.dumps(answer).encode(), ("Content-Type", "application/json"))
        )

    return act


def _error(code: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": "Injected by a test."}}).encode()


_ACTS: dict[str, Act] = {
    "drop before it arrives": _drop_before,
    "drop after it ran": _drop_after,
    "reset before it arrives": _reset_before,
    "reset after it ran": _reset_after,
    "connection refused": _refuse_next,
    "answer cut in the middle": _cut(reset=False),
    "answer cut by a reset": _cut(reset=True),
    "request delayed": _delay_request,
    "answer delayed": _delay_answer,
    "answer drips": _drip,
    "request overtaken": _request_overtaken,
    "answer overtaken": _answer_overtaken,
    "dropped, arrives after the next": _dropped_comes_after(1),
    "dropped, arrives after four": _dropped_comes_after(4),
    "401 once": _instead(401, _error("Unauthorized")),
    "403": _instead(403, _error("Forbidden")),
    "408 before it ran": _instead(408, _error("ExecutionTimeout")),
    "408 after it ran": _afterwards(408, _error("ExecutionTimeout")),
    "429": _instead(429, _error("TooManyRequests")),
    "429 with Retry-After": _instead(429, _error("TooManyRequests"), ("Retry-After", "2")),
    "500 before it ran": _instead(500, _error("InternalServerError")),
    "500 after it ran": _afterwards(500, _error("InternalServerError")),
    "502 before it ran": _instead(502, b"<html><h1>Bad Gateway</h1></html>"),
    "502 after it ran": _afterwards(502, b"<html><h1>Bad Gateway</h1></html>"),
    "503 before it ran": _instead(503, _error("ServiceUnavailable"), ("Retry-After", "1")),
    "503 after it ran": _afterwards(503, _ENVOY),
    "504 before it ran": _instead(504, b"upstream request timeout"),
    "504 after it ran": _afterwards(504, b"upstream request timeout"),
    "200 with garbage": _afterwards(200, b"\x00\xff<html>not what you think</html>"),
    "200 with nothing": _afterwards(200, b""),
    "200 with other JSON": _afterwards(200, b'{"properties": {"status": "Running"}}'),
    "result cut at 40": _shorten(40, "executionResult"),
    "result cut at 400": _shorten(400, "executionResult"),
    "texts cut at 0": _shorten(0, "executionResult", "stdout"),
}

FAULTS = {name: Fault(name, act) for name, act in _ACTS.items()}
"""Every fault, by its name."""

FOR_GOOD = frozenset({"403"})
"""What asking again cannot help."""

NOT_RUN = frozenset({"429", "429 with Retry-After", "503 before it ran", "401 once"})
"""After these a client can be sure that nothing ran."""

PASSED = frozenset(
    {
        "connection refused",
        "request delayed",
        "answer delayed",
        "answer drips",
        "request overtaken",
        "answer overtaken",
        "result cut at 40",
        "result cut at 400",
        "texts cut at 0",
    }
)
"""With these the request is answered, and the code has run."""
