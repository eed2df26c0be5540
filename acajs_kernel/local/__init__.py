"""The embedded pool: the service's REST API over sessions on the local Node.js.

``serve`` lives in ``acajs_kernel.local.serve``, since it needs uvicorn, an extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .node import find_node
    from .pool import LocalPool

__all__ = ["LocalPool", "find_node"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever has that name
    """Import a public name when it is first used: a launch needs ``ahead`` before all else."""
    if name == "LocalPool":
        from .pool import LocalPool  # noqa: PLC0415

        return LocalPool
    if name == "find_node":
        from .node import find_node  # noqa: PLC0415

        return find_node
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
