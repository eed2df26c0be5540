"""Writing to a session's channel."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator

import pytest

from acajs_kernel.local.channel_writer import ChannelWriter

_SECONDS = 30.0


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Make the two ends of a channel that has room for little."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.settimeout(_SECONDS)
        yield ours, theirs


def _writer(channel: socket.socket, *, can_tell: bool) -> ChannelWriter:
    def write_now(data: memoryview) -> int:
        try:
            return channel.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    return ChannelWriter(channel.send, write_now if can_tell else None)


def _received(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += channel.recv(1 << 20)
    return data


@pytest.mark.parametrize("can_tell", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_messages_arrive_whole_and_in_order(
    seed: int, pair: tuple[socket.socket, socket.socket], *, can_tell: bool
) -> None:
    """Large and small ones, sent while the other side reads now and then."""
    ours, theirs = pair
    writer = _writer(ours, can_tell=can_tell)
    chance = random.Random(seed)
    messages = [
        bytes([65 + index % 26]) * chance.choice([1, 50, 5_000, 60_000]) + b"\n"
        for index in range(60)
    ]
    received = b""
    for message in messages:
        writer.send(message)
        if chance.random() < 0.2:
            received += theirs.recv(chance.choice([1, 1000, 100_000]))
    received += _received(theirs, sum(map(len, messages)) - len(received))
    assert received == b"".join(messages)
    writer.join(_SECONDS)
    assert not _sending()


def _sending() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "acajs-send"]


def test_the_caller_never_waits(pair: tuple[socket.socket, socket.socket]) -> None:
    """With nobody reading, sending returns, and one thread waits for room, not many."""
    ours, theirs = pair
    writer = _writer(ours, can_tell=True)
    for _ in range(20):
        writer.send(b"x" * 200_000)
    assert len(_sending()) == 1
    assert len(_received(theirs, 4_000_000)) == 4_000_000
    writer.join(_SECONDS)
    assert not _sending()


@pytest.mark.parametrize("can_tell", [True, False])
def test_a_channel_that_ended_takes_everything_silently(
    pair: tuple[socket.socket, socket.socket], *, can_tell: bool
) -> None:
    """Whoever reads reports the end; who sends neither fails nor leaves a thread waiting."""
    ours, theirs = pair
    writer = _writer(ours, can_tell=can_tell)
    writer.send(b"x" * 200_000)
    theirs.close()
    writer.join(_SECONDS)
    writer.send(b"y" * 1_000_000)
    writer.join(_SECONDS)
    writer.send(b"z")
    assert not _sending()


def test_what_waits_is_dropped_at_the_end(pair: tuple[socket.socket, socket.socket]) -> None:
    """Ending it sends no message that had not begun, and what is shut down wakes it up."""
    ours, theirs = pair
    writer = _writer(ours, can_tell=True)
    writer.send(b"a" * 1_000_000)
    writer.send(b"b" * 1_000_000)
    writer.end()
    ours.shutdown(socket.SHUT_RDWR)
    writer.join(_SECONDS)
    assert not _sending()
    rest = b""
    while piece := theirs.recv(1 << 20):
        rest += piece
    assert b"b" not in rest
