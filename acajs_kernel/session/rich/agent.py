"""The agent in the session's interpreter, as seen from here: one request, one answer.

Every request is safe to repeat (a known cell is never run again, events are kept until
acknowledged), so a lost or damaged answer is simply asked for once more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from acajs_kernel.errors import (
    AgentUnavailableError,
    ConflictError,
    NotFoundError,
    PoolError,
    SessionLostError,
)
from acajs_kernel.runtime.frames import ABSENT, Damaged, Part, decode_payload, parse_part
from acajs_kernel.session.stopping import stop_session

if TYPE_CHECKING:
    from acajs_kernel.pool import Execution, PoolClient

__all__ = ["Agent"]

_log = logging.getLogger("acajs_kernel")

_FIRST_LIMIT = 4_000_000  # characters of one answer
_LEAST_LIMIT = 256
_HEADER_ROOM = 100
_ATTEMPTS = 12
_REQUEST_SECONDS = 60
_STOPPED_ATTEMPTS = 3
_STOPPED_PAUSE_SECONDS = 0.1
# A round trip for each part soon takes longer than fetching a file.
_PARTS_BEFORE_FILE = 6
_STOP_SECONDS = 10.0
_WAYS = ("result", "stdout", "file")


class Agent:
    """Sends requests to the agent of one session.

    Args:
        pool: The client of the pool.
        identifier: The session's identifier, a secret.
        timeout_seconds: Bound of one execution, at most what the service allows.
    """

    def __init__(self, pool: PoolClient, identifier: str, *, timeout_seconds: int) -> None:
        self._pool = pool
        self._identifier = identifier
        self.set_timeout(timeout_seconds)
        self._client = secrets.token_hex(8)
        self._openings = 0
        self._way = 0
        self._limit = _FIRST_LIMIT
        self._sent_parts: set[str] = set()
        self.epoch = ""
        self.acknowledged = 0
        self.round_trip_seconds = 0.0

    def set_timeout(self, seconds: int) -> None:
        """Bound one execution."""
        # An agent answers within about a second; the rest is for the queue before it.
        self._timeout_seconds = min(seconds, _REQUEST_SECONDS)

    async def hello(self, *, fresh: bool, settings: dict[str, Any]) -> dict[str, Any]:
        """Take over the session, installing the agent where it is missing.

        Args:
            fresh: Begin with a clean runtime; else keep the variables that are there.
            settings: The kernel settings that the agent needs.

        Returns:
            The agent's answer: epoch, node, platform, folder, memory, …

        Raises:
            AgentUnavailableError: The session cannot run the agent.
            PoolError: The pool cannot be used.
        """
        self.epoch = ""
        self.acknowledged = 0
        self._sent_parts.clear()
        self._openings += 1  # a request that comes late is known by it, and changes nothing
        try:
            answer = await self.ask("hello", fresh=fresh, opening=self._openings, settings=settings)
        except AgentUnavailableError as error:
            if not fresh or not error.interpreter_failed:
                raise  # a session that the user named may be of some use to the user
            # An earlier kernel of this notebook may have left an interpreter that has ended.
            await self._stop_session()
            answer = await self.ask("hello", fresh=fresh, opening=self._openings, settings=settings)
        self.epoch = str(answer.get("epoch", ""))
        return answer

    async def ask(self, operation: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
        """Send one request, as often as it takes, and return the whole answer.

        Args:
            operation: What the agent is to do.
            fields: What JSON can hold. ``needs`` names the parts of the runtime without which
                the runner cannot do it: the request brings those that the agent has not got.

        Raises:
            SessionLostError: Another session answers under the identifier, or has been opened
                before the answer came, which is dropped then.
            AgentUnavailableError: On hello, the session cannot run the agent.
            PoolError: The pool cannot be used.
        """
        stopped = 0
        epoch = self.epoch
        needs: Sequence[str] = fields.get("needs", ())
        for _ in range(_ATTEMPTS):
            if needs:
                fields["parts"] = self._unsent_parts(needs)
            request = {
                "op": operation,
                "client": self._client,
                "epoch": epoch or None,
                "ack": self.acknowledged,
                **fields,
            }
            begun = time.monotonic()
            try:
                answer = await self._exchange(request, install=operation == "hello")
            except (ConflictError, NotFoundError) as error:
                # The session was stopped under the request. Asked again, whoever has its
                # place now answers, and turns out to be another one.
                stopped += 1
                if stopped > _STOPPED_ATTEMPTS:
                    raise
                _log.info("the session was stopped under a request: %s", error.message)
                await asyncio.sleep(_STOPPED_PAUSE_SECONDS * stopped)
                answer = None
            if self.epoch != epoch:
                # A late answer: its events are of a session that is gone, and their numbers
                # would be taken for those of the new one.
                raise SessionLostError("The session was replaced by a new one.")
            if answer is None:
                continue
            waited = answer.get("waited", 0)
            seconds = waited / 1000 if isinstance(waited, (int, float)) else 0.0
            self.round_trip_seconds = max(time.monotonic() - begun - seconds, 0)
            if self._stands(answer, epoch, needs):
                return answer
        raise AgentUnavailableError(
            f"The session's answers arrived damaged {_ATTEMPTS} times in a row, "
            f"last through its {_WAYS[self._way]}.",
            remedy='Run cells in plain mode: set ACAJS_RUNTIME to "plain".',
        )

    def _stands(self, answer: dict[str, Any], epoch: str, needs: Sequence[str]) -> bool:
        """Tell whether an answer is to be used; else the request is sent once more."""
        if answer.get("refused") == "epoch":
            raise SessionLostError("The session was replaced by a new one.")
        if epoch and answer.get("epoch") != epoch:
            _log.warning("an answer to another request was dropped")
            return False
        if answer.get("refused") == "parts":  # it was believed to have them
            self._sent_parts.clear()
            return False
        if "refused" not in answer:
            self._sent_parts.update(needs)
        return True

    def _unsent_parts(self, needs: Sequence[str]) -> dict[str, Any]:
        """Return the parts of the runtime that the agent has not got, by their names."""
        unsent = [name for name in needs if name not in self._sent_parts]
        if not unsent:
            return {}
        from acajs_kernel.runtime.source import travelling_source  # noqa: PLC0415 -- as below

        parts = travelling_source().parts
        return {name: parts[name] for name in unsent}

    async def _exchange(self, request: dict[str, Any], *, install: bool) -> dict[str, Any] | None:
        """Send a request once; None when the answer arrived damaged."""
        way = _WAYS[self._way]  # another request may choose another one meanwhile
        first = await self._part(request, install=install, way=way)
        if first is None:
            return None
        if way == "file":
            return await self._answer_file(first)
        if len(first.text) == first.total:
            return decode_payload(first.text)
        return await self._fetch_rest(first, request["epoch"])

    async def _fetch_rest(self, first: Part, epoch: str | None) -> dict[str, Any] | None:
        """Fetch the rest of an agent's answer; None when it keeps that no more."""
        part = {"op": "part", "client": self._client, "epoch": epoch, "answer": first.answer}
        if first.total > _PARTS_BEFORE_FILE * self._limit:
            whole = await self._part({**part, "offset": 0}, install=False, way="file")
            if whole is None or whole.answer != first.answer:
                return None
            return await self._answer_file(whole)
        texts = [first.text]
        received = len(first.text)
        while received < first.total:
            following = await self._part({**part, "offset": received}, install=False)
            if following is None or following[:3] != (first.answer, first.total, received):
                return None
            texts.append(following.text)
            received += len(following.text)
        return decode_payload("".join(texts))

    async def _part(self, request: dict[str, Any], *, install: bool, way: str = "") -> Part | None:
        way = way or _WAYS[self._way]
        from acajs_kernel.runtime.source import stub, travelling_source  # noqa: PLC0415 -- not needed in plain mode

        code = stub({**request, "limit": self._limit, "via": way})
        text = await self._send(code, way, request["epoch"])
        if text == ABSENT:
            if not install:
                raise SessionLostError("The session was replaced by a new one.")
            code = f"{travelling_source().install_code}\n{code}"
            text = await self._send(code, way, request["epoch"])
        part = parse_part(text)
        if isinstance(part, Damaged):
            if way == _WAYS[self._way]:
                self._choose_another_way(part)
            return None
        return part

    async def _send(self, code: str, way: str, epoch: str | None) -> str:
        execution = await self._pool.execute(
            self._identifier, code, timeout_seconds=self._timeout_seconds, repeatable=True
        )
        if execution.status == "Failed":
            if epoch:
                # The agent was there, and nothing that is sent to it throws.
                _log.warning("the session's interpreter has ended: %s", _last_line(execution))
                if self.epoch == epoch:  # else another session has the identifier by now
                    await self._stop_session()
                raise SessionLostError("The session's interpreter has ended.")
            raise AgentUnavailableError(
                f"The session cannot run the agent: {_last_line(execution)}",
                interpreter_failed=True,
                remedy="If the session runs JavaScript at all, cells can run in plain mode; the "
                "pool's container type must be NodeLTS.",
            )
        result = execution.result if isinstance(execution.result, str) else ""
        ways = (result, execution.stdout)
        for text in reversed(ways) if way == "stdout" else ways:
            if text.startswith("acajs1 "):
                return text
        return ""

    async def _stop_session(self) -> None:
        """Give up a session whose interpreter is of no use: the next request gets a fresh one."""
        try:
            await asyncio.wait_for(stop_session(self._pool, self._identifier), _STOP_SECONDS)
        except (PoolError, asyncio.TimeoutError) as error:
            _log.warning("the session was not stopped: %s", error)

    def _choose_another_way(self, damaged: Damaged) -> None:
        """Remember what came through, so that the next answer fits."""
        if damaged.received > _LEAST_LIMIT + _HEADER_ROOM and self._limit > _LEAST_LIMIT:
            fits = damaged.received - max(damaged.header, _HEADER_ROOM)
            self._limit = max(min(fits, self._limit // 2), _LEAST_LIMIT)
        else:
            self._way = (self._way + 1) % len(_WAYS)
            self._limit = _FIRST_LIMIT
        _log.info(
            "an answer of the session was cut: now at most %d characters through its %s",
            self._limit,
            _WAYS[self._way],
        )

    async def _answer_file(self, first: Part) -> dict[str, Any] | None:
        """Fetch an answer that was too large for the session's own ways through the files API."""
        where = json.loads(first.text)
        content = BytesIO()
        try:
            await self._pool.download(self._identifier, where["name"], content)
        except NotFoundError:
            return None
        text = content.getvalue().decode("ascii", "replace")
        part = parse_part(
            f"acajs1 {first.answer} {where['total']} 0 {where['total']} {where['checksum']} {text}"
        )
        try:
            await self._pool.delete_file(self._identifier, where["name"])
        except PoolError as error:
            _log.info("an answer's file was not deleted: %s", error.message)
        return decode_payload(part.text) if isinstance(part, Part) else None


def _last_line(execution: Execution) -> str:
    lines = [line for line in execution.stderr.splitlines() if line.strip()]
    return next(
        (line for line in lines if "Error" in line), lines[-1] if lines else "no reason given"
    )
