"""``%sh``, ``%%sh``, ``%%script`` and ``!``: commands of the session's shell."""

from __future__ import annotations

from acajs_kernel.errors import CodeFailedError, MagicError
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.programs import PROGRAM_FAILED, run_program

__all__ = ["MAGICS"]


async def _sh(call: Call) -> None:
    if call.body is not None and call.arguments:
        raise call.misuse("To run a program other than the shell, use %%script.")
    command = call.arguments if call.body is None else call.body
    if not command.strip():
        raise call.misuse("There is no command to run.")
    try:
        await run_program(call, command)
    except CodeFailedError as error:
        if error.ename != PROGRAM_FAILED:
            raise
        if call.body is not None:
            raise _failure(call, error) from error
        # As in IPython a single command that fails does not end the cell.
        call.print(f"[{error.evalue}]\n", is_error=True)


async def _script(call: Call) -> None:
    program = call.words()
    if not program:
        raise call.misuse("Which program should read the lines below?")
    try:
        await run_program(call, program, call.body or "")
    except CodeFailedError as error:
        if error.ename == PROGRAM_FAILED:
            raise _failure(call, error) from error
        if "ENOENT" in error.evalue:
            raise MagicError(
                f"%%script: the session has no program {program[0]!r}.",
                remedy="%sh which NAME says whether a program exists.",
            ) from error
        raise


def _failure(call: Call, error: CodeFailedError) -> MagicError:
    return MagicError(f"%%{call.magic.name}: the program failed: {error.evalue}.")


MAGICS = (
    Magic(
        name="sh",
        usage=("%sh COMMAND", "!COMMAND", "%%sh"),
        summary="Run a command, or the lines below, in the session's shell.",
        run=_sh,
        where="session",
        details=(
            "Output comes as it is printed. An interrupt stops the command and everything it has "
            "started. The command cannot read keyboard input. If a single command fails, it says "
            "so and the cell continues; if `%%sh` fails, the cell ends. In plain mode the output "
            "comes when the command has ended."
        ),
        completes="session files",
    ),
    Magic(
        name="script",
        usage=("%%script PROGRAM ARGUMENT…",),
        summary="Pass the lines below to a program in the session, such as `bash` or `python3`.",
        run=_script,
        where="session",
        details="The program reads them from standard input. A failure ends the cell.",
        words=("bash", "node", "python3"),
    ),
)
