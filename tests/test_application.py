"""The kernel's process."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from ipykernel.kernelapp import IPKernelApp

from acajs_kernel.application import AcaJsKernelApp

if TYPE_CHECKING:
    import pytest


def test_garbage_is_collected_again_once_the_kernel_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The launch puts collections off; a kernel that serves must make them."""
    collects = []
    monkeypatch.setattr(IPKernelApp, "start", lambda _app: collects.append(gc.isenabled()))
    gc.disable()
    try:
        AcaJsKernelApp().start()  # type: ignore[no-untyped-call] # ipykernel has no types here
    finally:
        gc.enable()
        gc.unfreeze()
    assert collects == [True]
