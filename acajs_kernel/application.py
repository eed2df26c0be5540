"""The kernel's process: its sockets, its threads, its end."""

import asyncio
import gc
import logging
import os
import sys
from typing import Any

import zmq
from ipykernel.kernelapp import IPKernelApp
from tornado.ioloop import IOLoop

from acajs_kernel.iopub import IOPubSocket
from acajs_kernel.kernel import AcaJsKernel
from acajs_kernel.parent import ParentWatch
from acajs_kernel.publishing import QUEUED_MESSAGES

__all__ = ["AcaJsKernelApp"]

_log = logging.getLogger("acajs_kernel")

_CONTROL_SECONDS = 2.0
_LINGER_MILLISECONDS = 1000  # for what was sent to get out, as of ipykernel's other sockets
_LAST_SECONDS = 5.0  # more than a shutdown takes at most


class AcaJsKernelApp(IPKernelApp):
    """The kernel application, for a kernel whose cells are not Python.

    Nothing that Python prints belongs into the notebook: it goes where the kernel's log
    goes, without ipykernel's replacements of stdout and stderr and their two threads.
    """

    name = "acajs"
    kernel_class = AcaJsKernel
    outstream_class = None  # type: ignore[assignment] # the trait allows None

    def init_pdb(self) -> None:
        """Leave out what is for debugging Python in cells; loading it takes time."""

    def init_path(self) -> None:
        """Leave the notebook's folder out of where Python looks for modules.

        IPython puts it there for Python's cells. Here it would only let a file beside the
        notebook be run in place of a module that the kernel loads late.
        """

    def init_poller(self) -> None:
        """Watch the program that started the kernel; without it nobody needs the session."""
        super().init_poller()
        if sys.platform != "win32" and self.poller is not None:
            self.poller = ParentWatch(int(self.parent_handle), self._end_without_parent)

    def _end_without_parent(self) -> None:
        """Give the session back and leave. The session is deleted, best effort."""
        _log.warning("The program that started this kernel has ended: ending the session.")
        try:
            if self.kernel is not None:
                asyncio.run(asyncio.wait_for(self.kernel.do_shutdown(restart=False), _LAST_SECONDS))
        finally:
            os._exit(1)  # the main thread may be anywhere

    def init_control(self, context: zmq.Context[Any]) -> None:
        """Open the control channel, but have the main thread read the shell channel itself.

        ipykernel has a thread that hands each message on to one of several sub-shells and
        each reply back. There is one only, and two threads less to wake up for each cell.
        """
        super().init_control(context)
        self.shell_channel_thread = None

    def init_iopub(self, context: zmq.Context[Any]) -> None:
        """Open the channel on which output is published, without a thread; none is lost."""
        socket = context.socket(zmq.XPUB)
        socket.linger = _LINGER_MILLISECONDS
        socket.sndhwm = QUEUED_MESSAGES
        socket.setsockopt(zmq.XPUB_NODROP, 1)
        self._apply_curve_server_options(socket)
        try:
            self.iopub_port = self._bind_socket(socket, self.iopub_port)
        except zmq.ZMQError:
            socket.close()  # the end of the process would wait for it
            raise
        self.configure_tornado_logger()
        self.iopub_socket = IOPubSocket(socket, self.session, IOLoop.current())

    def start(self) -> None:
        """Serve until shutdown, and let the last message of it out.

        The control thread answers the shutdown request and publishes "idle" after it, while
        the main thread's loop has stopped.
        """
        # traitlets lets the logger make every record and the handler drop most of them.
        self.log.setLevel(self.log_level)
        # What is loaded by now stays: no collection needs to look at it again.
        gc.freeze()
        gc.enable()
        super().start()
        if self.control_thread is not None:
            self.control_thread.stop()
            self.control_thread.join(_CONTROL_SECONDS)

    def close(self) -> None:
        """Close every socket."""
        if self.iopub_socket is not None:
            self.iopub_socket.close()
        super().close()
