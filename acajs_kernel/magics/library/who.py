"""``%who``: the variables of the notebook."""

from __future__ import annotations

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic

__all__ = ["MAGIC"]


async def _who(call: Call) -> None:
    if call.arguments:
        raise call.misuse("It takes no arguments.")
    call.show(await call.evaluate("Jupyter.who()"))


MAGIC = Magic(
    name="who",
    usage=("%who",),
    summary="List the variables that cells have declared, with types, sizes and values.",
    run=_who,
    where="session",
    needs_rich=True,
)
