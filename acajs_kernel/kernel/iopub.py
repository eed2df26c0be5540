"""The iopub channel, on which the kernel publishes.

ipykernel publishes in a thread of its own, so that output gets out while a cell keeps the
main thread busy. Here cells run in another process: the main thread is free and publishes
by itself, which spares each of a cell's messages a change of threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import zmq
from tornado.ioloop import IOLoop

from acajs_kernel.kernel.pace import PatientSocket

if TYPE_CHECKING:
    from jupyter_client.session import Session

__all__ = ["IOPubSocket"]

_SUBSCRIBED = b"\x01"


class IOPubSocket:
    """The channel's socket, as far as ipykernel and jupyter_client use one; for any thread.

    The thread that makes it sends. What another thread publishes is handed over to its loop.

    Args:
        socket: An XPUB socket that is bound, with its option ``XPUB_NODROP`` set.
        session: Makes messages.
        io_loop: The loop of this thread.

    Attributes:
        patient: Sends, and keeps what subscribers have no room for; for this thread alone.
    """

    def __init__(self, socket: zmq.Socket[bytes], session: Session, io_loop: IOLoop) -> None:
        self._socket = socket
        self._session = session
        self._io_loop = io_loop
        self._thread = threading.get_ident()
        self._handed_over: deque[tuple[Sequence[Any], dict[str, Any]]] = deque()
        self.patient = PatientSocket(socket, io_loop.call_later)
        self._descriptor = int(socket.getsockopt(zmq.FD))
        io_loop.add_handler(self._descriptor, self._look, IOLoop.READ)

    def send_multipart(self, frames: Sequence[Any], **options: Any) -> None:  # noqa: ANN401 -- those of a socket
        """Send a message, behind all that was published before."""
        if threading.get_ident() != self._thread:
            self._handed_over.append((frames, options))
            self._io_loop.add_callback(self._send_handed_over)
            return
        self._send_handed_over()
        self.patient.send_multipart(frames, **options)
        self._greet_subscribers()

    def close(self) -> None:
        """Send what other threads have handed over, and close the socket."""
        self._send_handed_over()
        self._io_loop.remove_handler(self._descriptor)
        self.patient.close()

    def _send_handed_over(self) -> None:
        while self._handed_over:
            frames, options = self._handed_over.popleft()
            self.patient.send_multipart(frames, **options)

    def _look(self, _descriptor: int, _events: int) -> None:
        self._greet_subscribers()

    def _greet_subscribers(self) -> None:
        """Publish ``iopub_welcome`` for each new subscription, as JEP 65 has it.

        It is looked for after each message too: ZeroMQ's descriptor tells of an event once,
        and sending may have taken notice of it
        (https://libzmq.readthedocs.io/en/latest/zmq_getsockopt.html, ZMQ_FD).
        """
        while not self._socket.closed and int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            event = self._socket.recv()
            topic = event[1:]
            if event[:1] != _SUBSCRIBED:
                continue  # it left, or is no subscription
            try:
                content = {"subscription": topic.decode()}
            except UnicodeDecodeError:
                continue
            self._session.send(self, "iopub_welcome", content, ident=topic or None)  # type: ignore[arg-type] # all of a socket that it uses
