"""Asking the user for a line, on Jupyter's stdin channel, without blocking the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from zmq.eventloop.zmqstream import ZMQStream

from acajs_kernel.session import InputRequest

__all__ = ["InputChannel"]

_log = logging.getLogger("acajs_kernel")


class InputChannel:
    """The kernel's side of the stdin channel.

    ipykernel's own `raw_input` blocks the whole loop until the answer comes, so that
    nothing could interrupt the question.

    Args:
        messages: The `jupyter_client.session.Session` that packs and signs.
        socket: The stdin socket.
        io_loop: The loop that serves it.
    """

    def __init__(self, messages: Any, socket: Any, io_loop: Any) -> None:  # noqa: ANN401 -- untyped parts of Jupyter
        self._messages = messages
        self._socket = socket
        self._stream = ZMQStream(socket, io_loop)

    async def ask(self, request: InputRequest, parent: Mapping[str, Any], identity: Any) -> str:  # noqa: ANN401 -- ZeroMQ's routing identity
        """Ask the frontend that sent `parent`, and return the line; may be cancelled."""
        answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def receive(frames: list[Any]) -> None:
            try:
                _, parts = self._messages.feed_identities(frames)
                reply = self._messages.deserialize(parts)
                # An answer to a question that was interrupted is not ours. Not every client
                # says which question it answers.
                asked = reply["parent_header"].get("msg_id")
                if asked in {None, question["header"]["msg_id"]} and not answered.done():
                    answered.set_result(str(reply["content"]["value"]))
            except Exception:
                _log.warning("an input reply could not be read", exc_info=True)

        question = self._messages.send(
            self._socket,
            "input_request",
            {"prompt": request.prompt, "password": request.password},
            dict(parent),
            ident=identity,
        )
        self._stream.on_recv(receive)
        try:
            return await answered
        finally:
            self._stream.stop_on_recv()
