"""Prepares, for the wheel, the JavaScript that travels to sessions."""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PreparingHook(BuildHookInterface[Any]):
    """Leaves ``travelling.json`` beside the JavaScript that it is made of."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatchling's signature
        """Prepare it before the files are collected."""
        sys.path.insert(0, self.root)
        try:
            from acajs_kernel.runtime.source import prepare  # noqa: PLC0415 -- found by the line above

            prepare()
        finally:
            sys.path.remove(self.root)
