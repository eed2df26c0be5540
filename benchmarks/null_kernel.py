"""A kernel that answers every cell at once: what Jupyter's messages alone cost.

It is ours, with its sockets and threads, but no cell of it goes to a session.
"""

from __future__ import annotations

from typing import Any

from acajs_kernel.kernel.application import AcaJsKernelApp
from acajs_kernel.kernel.kernel import AcaJsKernel

__all__ = ["NullKernel", "NullKernelApp"]


class NullKernel(AcaJsKernel):
    """Every cell has the result 2."""

    async def do_execute(self, *_arguments: Any, **_options: Any) -> dict[str, Any]:  # noqa: ANN401 -- what Jupyter says of the cell
        """Publish the result of the one cell that is asked for, ``1+1``."""
        self.send_response(  # type: ignore[no-untyped-call] # ipykernel has no types here
            self.iopub_socket,
            "execute_result",
            {
                "execution_count": self.execution_count,
                "data": {"text/plain": "2"},
                "metadata": {},
            },
        )
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {},
        }


class NullKernelApp(AcaJsKernelApp):
    """Launches it."""

    kernel_class = NullKernel


if __name__ == "__main__":
    NullKernelApp.launch_instance()
