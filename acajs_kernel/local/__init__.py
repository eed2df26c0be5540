"""The embedded pool: the service's REST API over sessions on the local Node.js.

``serve`` lives in ``acajs_kernel.local.serve``, since it needs uvicorn, an extra.
"""

from __future__ import annotations

from .node import find_node
from .pool import LocalPool

__all__ = ["LocalPool", "find_node"]
