"""Magics: what a cell can do beside JavaScript, such as ``%time`` or ``%%html``.

A magic is one declaration in a module of its own in `acajs_kernel.magics.library`, whose
modules are all found by being there; nothing else needs to know of it::

    from acajs_kernel.magics.call import Call
    from acajs_kernel.magics.declaration import Magic

    async def _run(call: Call) -> None:
        for word in call.words():
            call.show({"text/plain": word})

    MAGIC = Magic(
        name="echo",
        usage=("%echo WORD…",),
        summary="Show words.",
        run=_run,
        where="kernel",
    )

A module may have ``MAGICS``, a tuple of declarations, instead; ``scripts/document_magics.py``
adds them to the table in the documentation. What a magic is given, and
what it may do, is documented with `acajs_kernel.magics.call.Call`:

- output as it comes (`Call.print`), displays that can be replaced (`Call.show`), a question to
  the user (`Call.ask`), text for another cell (`Call.set_next_input`);
- JavaScript in the user's session (`Call.execute`, which shows what it prints) and values
  from there (`Call.evaluate`); the files API (`Call.access`); `Call.notebook` for the rest.

Errors: raise any `acajs_kernel.errors.AcaJsError`; `Call.misuse` makes the one for wrong
arguments. The cell ends with it, and nothing behind the magic runs.

Interrupts: they end the JavaScript that runs, else the magic is cancelled at its ``await``;
release what must not stay in ``finally`` (`Call.clean_up` reaches the session there). So
work that blocks belongs into `asyncio.to_thread`.

Session loss: what `Call.execute` ran is run again where the kernel's ``on_session_loss`` is
``replay``; give ``is_repeated=False`` for what only informs, and `Call.repeat_if_lost` what a
magic did otherwise, such as an upload.

This module alone is loaded by a kernel that runs no magic.
"""

from __future__ import annotations

import re

__all__ = ["PART_SEPARATOR", "cell_key", "may_hold_magics"]

PART_SEPARATOR = ":"
"""What stands behind a cell's key in the keys of its parts."""

_SIGN = re.compile(r"^[^\S\n]*(?:%{1,2}(?:[^\W\d]|$)|!(?!=))", re.MULTILINE)


def cell_key(key: str) -> str:
    """Return the key of the cell that a part belongs to, from the part's own."""
    return key.partition(PART_SEPARATOR)[0]


def may_hold_magics(code: str) -> bool:
    """Tell, cheaply, whether a cell has a line that begins as a magic or a command does."""
    return ("%" in code or "!" in code) and _SIGN.search(code) is not None
