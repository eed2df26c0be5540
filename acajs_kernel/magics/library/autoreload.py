"""``%autoreload``: whether modules whose file has changed are loaded anew."""

from __future__ import annotations

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic

__all__ = ["MAGIC"]

_CHOICES = {"": "", "on": "true", "off": "false"}


async def _autoreload(call: Call) -> None:
    if call.arguments not in _CHOICES:
        raise call.misuse(f"{call.arguments!r} is neither on nor off.")
    is_on = await call.evaluate(f"__acajs_reload__({_CHOICES[call.arguments]})")
    call.print(
        "Modules whose file has changed are loaded anew by the next import or require.\n"
        if is_on
        else "Modules stay as they were loaded, as in Node; %restart loads them anew.\n"
    )


MAGIC = Magic(
    name="autoreload",
    usage=("%autoreload", "%autoreload on|off"),
    summary="Show or set whether modules whose file has changed are loaded anew.",
    run=_autoreload,
    where="session",
    needs_rich=True,
    details="It is on at first, and again after `%restart`. A module is loaded anew by the next "
    "`import` or `require`, with the modules that depend on it; packages in `node_modules` stay. "
    "Objects that were made before keep their old classes.",
    words=("on", "off"),
)
