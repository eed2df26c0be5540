"""``%help``: what magics do."""

from __future__ import annotations

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.describing import describe_all, describe_magic
from acajs_kernel.magics.registry import find_magic

__all__ = ["MAGIC"]


async def _help(call: Call) -> None:
    name = call.arguments.lstrip("%")
    if name == "!":
        name = "sh"
    call.show(describe_magic(find_magic(name)) if name else describe_all())


MAGIC = Magic(
    name="help",
    usage=("%help", "%help NAME"),
    summary="Describe all magics, or one.",
    run=_help,
    where="kernel",
    completes="magics",
)
