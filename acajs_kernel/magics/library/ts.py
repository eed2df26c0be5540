"""``%%ts``: run a cell as TypeScript."""

from __future__ import annotations

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic

__all__ = ["MAGIC"]


async def _ts(call: Call) -> None:
    if call.arguments:
        raise call.misuse("Write the code on the lines below.")
    if not call.code.strip():
        raise call.misuse("There is no code to run.")
    await call.execute(call.code, is_typescript=True)


MAGIC = Magic(
    name="ts",
    usage=("%%ts",),
    summary="Run the lines below as TypeScript, with their types erased.",
    run=_ts,
    where="session",
    details=(
        "A cell that can only be TypeScript needs no magic. `%%ts` is for text that JavaScript "
        "reads in another way, such as `f<number>(1)`. Types are not checked."
    ),
    completes="code",
)
