"""``%time``: run JavaScript and say how long it took."""

from __future__ import annotations

import time

from acajs_kernel.magics import may_hold_magics
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.session import Outcome

__all__ = ["MAGIC"]

_MINUTE = 60
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


async def _time(call: Call) -> None:
    if call.body is not None and call.arguments:
        raise call.misuse("Write the code on the lines below.")
    if not call.code.strip():
        raise call.misuse("There is no code to run.")
    begun = time.monotonic()
    if may_hold_magics(call.body or ""):
        await call.run_cell(call.code)
        outcome = Outcome()  # of several parts
    else:
        outcome = await call.execute(call.code)
    lines = []
    if outcome.processor_seconds is not None:
        user, system = outcome.processor_seconds
        lines.append(
            f"CPU times: user {_name(user)}, sys: {_name(system)}, total: {_name(user + system)}\n"
        )
    seconds = outcome.seconds
    if seconds is None:
        lines.append(
            f"Wall time: {_name(time.monotonic() - begun)}, including the way to the pool\n"
        )
    else:
        lines.append(f"Wall time: {_name(seconds)}\n")
    call.print("".join(lines))


def _name(seconds: float) -> str:
    """Name a time in the unit that fits it."""
    if seconds >= _MINUTE:
        minutes, rest = divmod(round(seconds), _MINUTE)
        return f"{minutes}min {rest}s"
    factor, unit = next((pair for pair in _UNITS if seconds >= pair[0]), _UNITS[-1])
    return f"{seconds / factor:.3g} {unit}"


MAGIC = Magic(
    name="time",
    usage=("%time CODE", "%%time"),
    summary="Run the code, or the lines below, and show its value and how long it took.",
    run=_time,
    where="session",
    details=(
        "The wall time is measured in the session, without the round trip. The CPU time is what "
        "the session's JavaScript process used meanwhile, in its own code and in the system; "
        "plain mode cannot measure it. For lines that hold magics, only the wall time is shown, "
        "including the round trip."
    ),
    completes="code",
)
