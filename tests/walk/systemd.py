#!/usr/bin/env python3
"""Stands for ``systemd-run`` and ``systemctl``, as far as JupyterHub's SystemdSpawner needs them.

A unit is a process in a session of its own. Its properties are noted and not kept: a container
that runs tests has no systemd. Called by either name, with a folder for the units in
``UNITS_FOLDER``.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_STOP_SECONDS = 20


def _run(folder: Path, arguments: list[str]) -> None:
    """Start a unit: ``--unit NAME --working-directory FOLDER --property=NAME=VALUE … COMMAND``."""
    words = iter(arguments)
    name, properties, command = "", {}, []
    for word in words:
        if word == "--unit":
            name = next(words)
        elif word == "--working-directory":
            next(words)  # the home of an account that is not there
        elif word.startswith("--property="):
            key, _, value = word.removeprefix("--property=").partition("=")
            properties[key] = value
        elif not word.startswith("--"):
            command = [word, *words]
    home = folder / f"{name}-home"
    home.mkdir()
    lines = Path(properties["EnvironmentFile"]).read_text(encoding="utf-8").splitlines()
    variables = dict(line.partition("=")[::2] for line in lines)
    process = subprocess.Popen(
        command,
        cwd=home,
        env={key: "".join(shlex.split(value)) for key, value in variables.items()}
        | {"HOME": str(home)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    unit = {"pid": process.pid, "properties": properties}
    (folder / f"{name}.json").write_text(json.dumps(unit), encoding="utf-8")


def _runs(process: int) -> bool:
    """Tell whether a process is there, and not just waiting to be looked after."""
    with suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
        return state != "Z"
    return False


def _control(folder: Path, command: str, name: str) -> int:
    """Answer ``is-active``, ``is-failed`` and ``stop``."""
    file = folder / f"{name}.json"
    process = json.loads(file.read_text(encoding="utf-8"))["pid"] if file.is_file() else 0
    if command == "stop":
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGTERM)
        end = time.monotonic() + _STOP_SECONDS
        while _runs(process) and time.monotonic() < end:
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        return 0
    return 0 if command == "is-active" and process and _runs(process) else 1


def main() -> int:
    """Do what the program of this name would do."""
    folder = Path(os.environ["UNITS_FOLDER"])
    program, *arguments = Path(sys.argv[0]).name, *sys.argv[1:]
    if program == "systemd-run":
        _run(folder, arguments)
        return 0
    if arguments == ["--version"]:
        sys.stdout.write("systemd 252 (a stand-in)\n")
        return 0
    return _control(folder, arguments[0], arguments[1])


if __name__ == "__main__":
    sys.exit(main())
