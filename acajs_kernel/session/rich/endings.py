"""What a user reads where a cell has not ended by itself."""

from __future__ import annotations

from acajs_kernel.errors import SessionLostError
from acajs_kernel.session.events import Outcome, interruption

__all__ = ["abandoned", "loss"]


def loss(*, was_running: bool, has_own_files: bool) -> SessionLostError:
    """Make the error of a cell that has found its session replaced.

    Args:
        was_running: Whether it had begun in the session that is gone.
        has_own_files: Whether files are gone with the session.
    """
    happened = (
        "This cell had begun in it and was not run again."
        if was_running
        else "This cell did not run."
    )
    files = ", and so are the session's files" if has_own_files else ""
    return SessionLostError(
        "The session was replaced by a fresh one: it had cooled down, was stopped, or "
        f"failed. Variables are gone{files}. {happened}",
        remedy="Run the cells again from the top. ACAJS_ON_SESSION_LOSS=replay does that "
        "automatically.",
        was_running=was_running,
    )


def abandoned() -> Outcome:
    """Make the end of a cell whose interrupt the session has not answered."""
    return Outcome(
        error=interruption(
            "The session does not answer, so the interrupt may not have reached the cell, "
            "which may still be running. Restart the kernel to be sure."
        )
    )
