"""Starting and killing a session's processes on Windows.

Descriptors besides the standard three are not inherited there, so the channel is Node's
standard input and output. A job object that dies with its last handle, which only the
pool's process holds, ends Node and everything it started, whatever the pool dies of.
Folders of a killed pool are swept when the next pool starts.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from .channel_writer import ChannelWriter
from .platforms import NODE_FLAGS

if sys.platform != "win32":
    raise ImportError("this module is for Windows alone")

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from .platforms import StartOptions

__all__ = ["hold_windows_folder", "start_windows_process", "sweep_windows_folders"]

_RECEIVE_BYTES = 1 << 20
_END_SECONDS = 5.0
_REMOVE_SECONDS = 3.0
_LOCK_NAME = "in-use"

# winnt.h and winbase.h
_JOB_OBJECT_EXTENDED_LIMIT_INFORMATION = 9
_JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000
_CREATE_NO_WINDOW = 0x08000000
_CREATE_NEW_PROCESS_GROUP = 0x00000200


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION of winnt.h."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of winnt.h."""

    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class _Job:
    """A job object whose processes die when its handle is closed."""

    def __init__(self) -> None:
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.CreateJobObjectW.restype = ctypes.c_void_p
        kernel32.CreateJobObjectW.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p]
        kernel32.SetInformationJobObject.argtypes = [
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ]
        kernel32.AssignProcessToJobObject.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        kernel32.CloseHandle.argtypes = [ctypes.c_void_p]
        self._kernel32 = kernel32
        # Handles made here are not inherited, so the pool's process holds the only one.
        self._handle: int | None = kernel32.CreateJobObjectW(None, None)
        if not self._handle:
            raise ctypes.WinError(ctypes.get_last_error())
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = _JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        if not kernel32.SetInformationJobObject(
            self._handle,
            _JOB_OBJECT_EXTENDED_LIMIT_INFORMATION,
            ctypes.byref(limits),
            ctypes.sizeof(limits),
        ):
            error = ctypes.WinError(ctypes.get_last_error())
            self.close()
            raise error

    def add(self, process_handle: int) -> None:
        """Put a process, and all that it will start, into the job."""
        if not self._kernel32.AssignProcessToJobObject(self._handle, process_handle):
            raise ctypes.WinError(ctypes.get_last_error())

    def close(self) -> None:
        """Kill the job's processes; harmless when repeated."""
        handle, self._handle = self._handle, None
        if handle:
            self._kernel32.CloseHandle(handle)


class WindowsProcess:
    """Node in its job, and the pipes to it."""

    def __init__(self, node: subprocess.Popen[bytes], job: _Job, folder: Path) -> None:
        self._node = node
        self._job = job
        self._folder = folder
        self._lock = threading.Lock()
        # A pipe cannot be written without the risk of blocking.
        self._writer = ChannelWriter(self._send)

    @property
    def pid(self) -> int:
        return self._node.pid

    def receive(self) -> bytes:
        if self._node.stdout is None:
            return b""
        try:
            return os.read(self._node.stdout.fileno(), _RECEIVE_BYTES)
        except (OSError, ValueError):
            return b""

    def send(self, data: bytes) -> None:
        self._writer.send(data)

    def _send(self, data: memoryview) -> int:
        if self._node.stdin is None:
            return len(data)
        return self._node.stdin.write(data) or 0

    def describe_end(self) -> str:
        try:
            return f"exit code {self._node.wait(_END_SECONDS)}"
        except subprocess.TimeoutExpired:
            return "unknown exit code"

    def stop(self) -> None:
        with self._lock:
            self._job.close()

    def wait_stopped(self) -> None:
        self._node.wait()
        # Windows releases a dead process's files a moment later.
        limit = time.monotonic() + _REMOVE_SECONDS
        while self._folder.exists() and time.monotonic() < limit:
            shutil.rmtree(self._folder, ignore_errors=True)
            if self._folder.exists():
                time.sleep(0.05)

    def close(self) -> None:
        self.stop()
        self._writer.end()
        self._writer.join(_END_SECONDS)  # its pipe broke with the end of Node
        for pipe in (self._node.stdin, self._node.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def start_windows_process(options: StartOptions) -> WindowsProcess:
    """Start Node inside a new job.

    Raises:
        OSError: Node or its job could not be made; nothing is left running.
    """
    job = _Job()
    try:
        node = subprocess.Popen(  # noqa: S603 - our own command
            [str(options.node), *NODE_FLAGS, str(options.script), "--channel=stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=options.working_folder,
            env=dict(options.environment),
            creationflags=_CREATE_NO_WINDOW | _CREATE_NEW_PROCESS_GROUP,
        )
    except OSError:
        job.close()
        raise
    try:
        # Node has been sent no code yet, so no child of its can have escaped the job.
        opened: Any = node
        job.add(int(opened._handle))  # noqa: SLF001 - Popen shows its handle nowhere else
    except OSError:
        node.kill()
        node.wait()
        job.close()
        raise
    return WindowsProcess(node, job, options.folder)


def hold_windows_folder(folder: Path) -> BinaryIO:
    """Mark a pool's folder as in use for as long as the file that is returned is open.

    Windows does not remove a file that a living process has open this way.
    """
    return (folder / _LOCK_NAME).open("wb")


def sweep_windows_folders(root: Path, prefix: str) -> None:
    """Remove the folders of pools whose process is gone."""
    for folder in root.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            (folder / _LOCK_NAME).unlink()  # fails while its pool lives
            shutil.rmtree(folder, ignore_errors=True)
