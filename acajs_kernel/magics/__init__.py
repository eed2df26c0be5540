"""Magics: what a cell can do besides JavaScript, such as ``%time`` or ``%%html``.

A magic is one declaration in its own module in `acajs_kernel.magics.library`. The kernel finds
every module there; nothing else needs to know about it::

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
adds them to the table in the documentation. `acajs_kernel.magics.call.Call` documents what a
magic receives and what it may do:

- live output (`Call.print`), displays that can be replaced (`Call.show`), a question to
  the user (`Call.ask`), text for another cell (`Call.set_next_input`);
- JavaScript in the user's session (`Call.execute`, which shows what it prints) and values
  from there (`Call.evaluate`); the files API (`Call.access`); `Call.notebook` for the rest.

Errors: raise any `acajs_kernel.errors.AcaJsError`; `Call.misuse` makes the one for wrong
arguments. The error ends the cell, and nothing after the magic runs.

Interrupts: an interrupt stops the running JavaScript, or else cancels the magic at its
``await``. Release resources in ``finally`` (`Call.clean_up` reaches the session there), and put
blocking work into `asyncio.to_thread`.

Session loss: if the kernel's ``on_session_loss`` is ``replay``, it runs the code of
`Call.execute` again. Pass ``is_repeated=False`` for code that only informs, and use
`Call.repeat_if_lost` for anything else that a magic did, such as an upload.

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
