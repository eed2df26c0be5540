"""Running a program of the session from a magic."""

from __future__ import annotations

import json
from collections.abc import Sequence

from acajs_kernel.errors import CodeFailedError
from acajs_kernel.magics.call import Call
from acajs_kernel.runtime import programs

__all__ = ["PROGRAM_FAILED", "run_program"]

_RICH = "await __acajs_shell__"
_STOP = "await __acajs_shell__.stop()"
PROGRAM_FAILED = "ShellError"
"""The name of the error that a failing program ends with."""


async def run_program(call: Call, command: str | Sequence[str], text: str | None = None) -> None:
    """Run a program, with its output as it comes; an interrupt ends it and what it has started.

    In plain mode the output comes when it has ended.

    Args:
        call: The magic's call.
        command: A line for the shell, or a program and its arguments.
        text: What the program reads from its standard input; None for nothing.

    Raises:
        CodeFailedError: It failed, or was interrupted, or could not be started;
            of the name `PROGRAM_FAILED` in the first case.
        AcaJsError: The session cannot run it.
    """
    await call.access()  # opens the session, which decides on the mode
    is_rich = call.notebook.mode == "rich"
    values = [command if isinstance(command, str) else list(command)]
    if text is not None:
        values.append(text)
    if is_rich:
        program = f"{_RICH}({', '.join(map(json.dumps, values))})"
    else:
        program = programs.call("run_command", *values)
    try:
        await call.execute(program)
    except CodeFailedError as error:
        if is_rich and error.ename != PROGRAM_FAILED:
            await call.clean_up(_STOP)
        raise
