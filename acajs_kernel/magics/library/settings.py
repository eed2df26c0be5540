"""``%restart``, ``%runtime``, ``%timeout``: how cells run."""

from __future__ import annotations

from acajs_kernel.errors import AcaJsError
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic

__all__ = ["MAGICS"]

_MOST_SECONDS = 220  # of one execution, as the service's documentation says
_RUNTIMES = ("auto", "rich", "plain")


async def _restart(call: Call) -> None:
    if call.arguments:
        raise call.misuse("It takes no arguments.")
    await call.notebook.restart()
    kept = (
        "the session and its files are the same."
        if call.notebook.mode == "rich"
        else "so are files of the session's own, as plain mode needs a fresh session for that."
    )
    call.print(f"The JavaScript runtime was restarted. Variables are gone; {kept}\n")


async def _runtime(call: Call) -> None:
    wanted, notebook = call.arguments, call.notebook
    if wanted and wanted not in _RUNTIMES:
        raise call.misuse(f"There is no runtime {wanted!r}.")
    await call.access()
    before = notebook.settings.runtime
    if wanted and wanted != before:
        keeps = wanted in {"auto", notebook.mode}
        if keeps and not (wanted == "auto" and notebook.mode == "plain"):
            notebook.choose_runtime(wanted)
        else:
            await _change(call, before, wanted)
            call.print(
                "A fresh session was opened: the old one's variables are gone, and its files too "
                "where it had a folder of its own.\n"
            )
    call.print(f"Cells run in {notebook.mode} mode (runtime {notebook.settings.runtime}).\n")


async def _change(call: Call, before: str, wanted: str) -> None:
    await call.notebook.change(runtime=wanted)
    try:
        await call.access()
    except AcaJsError:
        await call.notebook.change(runtime=before)  # or no cell could run any more
        raise


async def _timeout(call: Call) -> None:
    notebook = call.notebook
    if call.arguments:
        try:
            seconds = int(call.arguments)
        except ValueError:
            raise call.misuse(f"{call.arguments!r} is not a whole number of seconds.") from None
        if not 1 <= seconds <= _MOST_SECONDS:
            raise call.misuse(f"The service allows 1 to {_MOST_SECONDS} seconds.")
        notebook.set_timeout(seconds)
    bound = f"One execution may take {notebook.settings.timeout_seconds} s"
    effect = (
        "; in the rich runtime a cell takes many executions, and may take longer."
        if notebook.mode == "rich"
        else ", and so may a cell."
    )
    call.print(f"{bound}{effect}\n")


MAGICS = (
    Magic(
        name="restart",
        usage=("%restart",),
        summary="Start again without variables; the session and its files stay.",
        run=_restart,
        where="session",
        details="In plain mode a fresh session replaces the old one, without files of its own.",
    ),
    Magic(
        name="runtime",
        usage=("%runtime", "%runtime auto|rich|plain"),
        summary="Show or change how cells run.",
        run=_runtime,
        where="kernel",
        details="Changing it needs a fresh session, so variables are lost, and files of its own.",
        words=_RUNTIMES,
    ),
    Magic(
        name="timeout",
        usage=("%timeout", "%timeout SECONDS"),
        summary="Show or set the time limit of one execution, 1 to 220 seconds.",
        run=_timeout,
        where="kernel",
    ),
)
