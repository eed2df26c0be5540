"""``%%html``, ``%%markdown``, ``%%svg``, ``%%latex``: show the cell's text as what it is."""

from __future__ import annotations

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic

__all__ = ["MAGICS"]

_TYPES = {
    "html": ("text/html", "HTML, its scripts included"),
    "latex": ("text/latex", "LaTeX, formulas between dollar signs"),
    "markdown": ("text/markdown", "Markdown"),
    "svg": ("image/svg+xml", "an SVG image"),
}


async def _show(call: Call) -> None:
    if call.arguments:
        raise call.misuse("It takes no arguments: write what it should show on the lines below.")
    text = call.body or ""
    mime, _ = _TYPES[call.magic.name]
    call.show({mime: text, "text/plain": text})


MAGICS = tuple(
    Magic(
        name=name,
        usage=(f"%%{name}",),
        summary=f"Show the lines below as {kind}.",
        run=_show,
        where="kernel",
    )
    for name, (_, kind) in _TYPES.items()
)
