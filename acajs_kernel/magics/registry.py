"""The magics that there are."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Mapping

from acajs_kernel.errors import MagicError
from acajs_kernel.magics import library
from acajs_kernel.magics.declaration import Magic

__all__ = ["find_magic", "magics"]


@functools.cache
def magics() -> Mapping[str, Magic]:
    """Return all magics by their names, in alphabetic order."""
    found: dict[str, Magic] = {}
    for module in pkgutil.iter_modules(library.__path__, f"{library.__name__}."):
        loaded = importlib.import_module(module.name)
        declared = getattr(loaded, "MAGICS", None) or (loaded.MAGIC,)
        for magic in declared:
            if magic.name in found:
                raise RuntimeError(f"two magics are called {magic.name}")
            found[magic.name] = magic
    return dict(sorted(found.items()))


def find_magic(name: str, *, sign: str = "") -> Magic:
    """Return a magic by its name.

    Args:
        name: The name, without signs.
        sign: ``%`` or ``%%``: how it is to be used; empty if it is not to be used at all.

    Raises:
        MagicError: There is none of this name, or it cannot be used so.
    """
    magic = magics().get(name)
    if magic is None:
        near = difflib.get_close_matches(name, magics(), n=1)
        meant = f"Did you mean {sign or '%'}{near[0]}? " if near else ""
        raise MagicError(
            f"There is no magic {sign or '%'}{name}" + ("; the cell did not run." if sign else "."),
            remedy=f"{meant}%lsmagic lists all magics.",
        )
    if sign == "%%" and not magic.is_cell_magic:
        raise MagicError(
            f"%{name} is a line magic, not a cell magic; the cell did not run.",
            remedy=f"Write {magic.usage[0]}, and JavaScript on the other lines.",
        )
    if sign == "%" and not magic.is_line_magic:
        raise MagicError(
            f"%%{name} is a cell magic, not a line magic; the cell did not run.",
            remedy=f"Begin the cell with %%{name}, and write its lines below.",
        )
    return magic
