"""The iopub channel: greetings, and messages of other threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import zmq
import zmq.asyncio
from jupyter_client.session import Session
from tornado.ioloop import IOLoop

from acajs_kernel.kernel.iopub import IOPubSocket

_SECONDS = 10


class _Channel:
    """A channel and a context in which frontends subscribe to it."""

    def __init__(self) -> None:
        self._context = zmq.Context()
        self._frontends = zmq.asyncio.Context()
        self.session = Session(key=b"key")
        socket = self._context.socket(zmq.XPUB)
        socket.setsockopt(zmq.XPUB_NODROP, 1)
        self._port = socket.bind_to_random_port("tcp://127.0.0.1")
        self.iopub = IOPubSocket(socket, self.session, IOLoop.current())

    def subscribe(self, topic: bytes = b"") -> zmq.asyncio.Socket:
        """Connect a frontend that subscribes to a topic."""
        socket = self._frontends.socket(zmq.SUB)
        socket.connect(f"tcp://127.0.0.1:{self._port}")
        socket.subscribe(topic)
        return socket

    async def next_message(self, socket: zmq.asyncio.Socket) -> dict[str, Any]:
        """Return the next message, its signature checked, with its topic."""
        frames = await asyncio.wait_for(socket.recv_multipart(), _SECONDS)
        reader = Session(key=b"key")  # one refuses a message that two frontends read
        identities, rest = reader.feed_identities(frames)
        return {**reader.deserialize(rest), "topic": b"".join(identities)}

    def publish(self, number: int) -> None:
        """Publish a numbered message."""
        self.session.send(self.iopub, "stream", {"number": number}, ident=b"topic")  # type: ignore[arg-type] # as ipykernel does

    def close(self) -> None:
        """Close everything."""
        self.iopub.close()
        self._frontends.destroy(linger=0)
        self._context.destroy(linger=0)


@asynccontextmanager
async def _channel() -> AsyncIterator[_Channel]:
    channel = _Channel()
    try:
        yield channel
    finally:
        channel.close()


@pytest.mark.parametrize("topic", ["", "kernel.stream"])
async def test_a_subscriber_is_greeted(topic: str) -> None:
    """Whoever subscribes is sent ``iopub_welcome`` with the subscription, under its topic."""
    async with _channel() as channel:
        message = await channel.next_message(channel.subscribe(topic.encode()))
    assert message["header"]["msg_type"] == "iopub_welcome"
    assert message["content"] == {"subscription": topic}
    assert message["topic"] == topic.encode()


async def test_a_topic_that_is_no_text_is_not_greeted() -> None:
    """A subscription that JSON cannot say is left without a greeting, and the next one is not."""
    async with _channel() as channel:
        frontends = [channel.subscribe(topic) for topic in (b"\xff\xfe", b"text")]
        message = await channel.next_message(frontends[1])
    assert message["content"] == {"subscription": "text"}


async def test_a_subscriber_is_greeted_while_much_is_published() -> None:
    """Sending does not take the notice of a subscription away: it is greeted all the same."""
    async with _channel() as channel:
        first = channel.subscribe()
        await channel.next_message(first)
        second = channel.subscribe(b"other")
        waiting = asyncio.ensure_future(channel.next_message(second))
        number = 0
        while not waiting.done():
            channel.publish(number)
            number += 1
            await channel.next_message(first)
        message = await waiting
    assert message["content"] == {"subscription": "other"}


async def test_messages_of_other_threads_come_in_their_order() -> None:
    """What a thread publishes arrives whole and in order, before what this one sends next."""
    count = 500
    async with _channel() as channel:
        frontend = channel.subscribe()
        await channel.next_message(frontend)

        def publish() -> None:
            for number in range(count):
                channel.publish(number)

        thread = threading.Thread(target=publish)
        thread.start()
        await asyncio.to_thread(thread.join)
        channel.publish(count)
        numbers = [(await channel.next_message(frontend))["content"]["number"] for _ in range(501)]
    assert numbers == list(range(count + 1))


async def test_what_was_handed_over_leaves_before_the_socket_closes() -> None:
    """A last message of another thread gets out although the loop does not turn again."""
    async with _channel() as channel:
        frontend = channel.subscribe()
        await channel.next_message(frontend)
        thread = threading.Thread(target=channel.publish, args=(7,))
        thread.start()
        thread.join()  # this thread's loop stands still meanwhile
        channel.iopub.close()
        message = await channel.next_message(frontend)
    assert message["content"] == {"number": 7}
