"""``%lsmagic``: list the magics."""

from __future__ import annotations

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.registry import magics

__all__ = ["MAGIC"]


async def _list(call: Call) -> None:
    every = magics().values()
    lines = "  ".join(f"%{magic.name}" for magic in every if magic.is_line_magic)
    cells = "  ".join(f"%%{magic.name}" for magic in every if magic.is_cell_magic)
    call.print(
        f"Line magics:\n{lines}\n\nCell magics:\n{cells}\n\n"
        "Commands of the session's shell: !COMMAND\n"
        "More: %help, or a magic with a question mark, as in %time?\n"
    )


MAGIC = Magic(
    name="lsmagic",
    usage=("%lsmagic",),
    summary="List all magics.",
    run=_list,
    where="kernel",
)
