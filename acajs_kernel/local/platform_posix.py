"""Starting and killing a session's processes on Linux and macOS.

There is one kill path. Beside each Node process runs a guard: a small shell, in a
session of its own, that reads from a pipe which only the pool holds. The pipe ends when
the pool stops the session, and just as well when the pool's process dies, whatever it
dies of. The guard then kills Node's process group, every process that carries the
session's marker in its environment (a cell may start detached children), and removes the
session's folder.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("Windows has a module of its own")

from .channel_writer import ChannelWriter
from .platforms import NODE_FLAGS

if TYPE_CHECKING:
    from .platforms import StartOptions

__all__ = ["start_posix_process"]

_RECEIVE_BYTES = 1 << 20
_END_SECONDS = 5.0

# The channel comes as descriptor 0 and is moved to 3, where Node marks it as not to be
# inherited (it does so for low descriptors only), and where JavaScript expects it;
# descriptors 0, 1 and 2 are the null device, as on the service. No core dumps: an
# out-of-memory abort would write gigabytes.
_LAUNCH = 'ulimit -c 0; exec "$@" 3<&0 0</dev/null'

# $1 the marker, $2 the session's folder, $3 the pool's folder, which goes with its last
# session. The first line that is read is Node's process group; it is empty if the pool died
# before Node was started. The scan is repeated as a process may fork meanwhile.
_GUARD = r"""
trap '' HUP INT QUIT TERM PIPE
read -r group && read -r _
[ -z "$group" ] || kill -KILL "-$group" 2>/dev/null
find_marked() {
  if [ -r /proc/self/environ ]; then
    for match in $(grep -lsF -e "$1" /proc/[0-9]*/environ 2>/dev/null); do
      match=${match#/proc/}
      echo "${match%/environ}"
    done
  else
    ps -A -E -ww -o pid= -o command= 2>/dev/null | while read -r process line; do
      case "$line" in *"=$1"*) echo "$process" ;; esac
    done
  fi
}
round=0
while [ "$round" -lt 20 ]; do
  marked=$(find_marked "$@")
  [ -n "$marked" ] || break
  kill -KILL $marked 2>/dev/null
  round=$((round + 1))
done
rm -rf -- "$2" || { chmod -R u+rwX -- "$2"; rm -rf -- "$2"; }
rmdir -- "$3"
"""


class PosixProcess:
    """Node, its guard, and a socket pair between Node and the pool."""

    def __init__(
        self,
        node: subprocess.Popen[bytes],
        guard: subprocess.Popen[bytes],
        guard_pipe: int,
        channel: socket.socket,
    ) -> None:
        self._node = node
        self._guard = guard
        self._guard_pipe: int | None = guard_pipe
        self._channel = channel
        self._lock = threading.Lock()
        self._writer = ChannelWriter(channel.send, self._send_now)

    @property
    def pid(self) -> int:
        return self._node.pid

    def receive(self) -> bytes:
        try:
            return self._channel.recv(_RECEIVE_BYTES)
        except OSError:
            return b""

    def send(self, data: bytes) -> None:
        self._writer.send(data)

    def describe_end(self) -> str:
        # Without reaping it where Python can: its number must stay taken until the guard,
        # which kills by number, has run.
        if sys.platform == "linux":
            timer = threading.Timer(_END_SECONDS, self.stop)
            timer.daemon = True
            timer.start()
            try:
                state = os.waitid(os.P_PID, self._node.pid, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                return "unknown exit code"
            finally:
                timer.cancel()
            if state is None or state.si_code == os.CLD_EXITED:
                return f"exit code {state.si_status if state else 'unknown'}"
            return f"signal {signal.Signals(state.si_status).name}"
        try:
            code = self._node.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return "unknown exit code"
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def stop(self) -> None:
        with self._lock:
            pipe, self._guard_pipe = self._guard_pipe, None
        if pipe is None:
            return
        # A line besides the end of the pipe: a forked copy of the pool's process, such as
        # one of multiprocessing's, may hold the pipe open.
        with contextlib.suppress(OSError):
            os.write(pipe, b"\n")
        os.close(pipe)

    def wait_stopped(self) -> None:
        self._guard.wait()
        self._node.wait()

    def close(self) -> None:
        self.stop()
        self._writer.end()
        with contextlib.suppress(OSError):  # a thread that waits for room wakes up
            self._channel.shutdown(socket.SHUT_RDWR)
        self._writer.join(_END_SECONDS)
        self._channel.close()

    def _send_now(self, data: memoryview) -> int:
        try:
            return self._channel.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0


def start_posix_process(options: StartOptions) -> PosixProcess:
    """Start the guard and then Node.

    Raises:
        OSError: One of them could not be started; nothing is left running.
        ValueError: A variable of the environment holds a null character.
    """
    guard, guard_pipe = _start_guard(options)
    try:
        node, channel = _start_node(options)
    except (OSError, ValueError):
        os.close(guard_pipe)  # the guard removes the folder
        guard.wait()
        raise
    os.write(guard_pipe, b"%d\n" % node.pid)
    return PosixProcess(node, guard, guard_pipe, channel)


def _start_guard(options: StartOptions) -> tuple[subprocess.Popen[bytes], int]:
    read_end, write_end = os.pipe()
    try:
        guard = subprocess.Popen(  # noqa: S603 - our own command, no shell syntax from outside
            [
                "/bin/sh",
                "-c",
                _GUARD,
                "acajs-guard",
                options.marker,
                str(options.folder),
                str(options.folder.parent),
            ],
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    return guard, write_end


def _start_node(options: StartOptions) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    command = [str(options.node), *NODE_FLAGS, str(options.script), "--channel-fd=3"]
    with theirs:
        try:
            node = subprocess.Popen(  # noqa: S603 - as above
                ["/bin/sh", "-c", _LAUNCH, "sh", *command],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=options.working_folder,
                env=dict(options.environment),
                start_new_session=True,
            )
        except (OSError, ValueError):
            ours.close()
            raise
    return node, ours
