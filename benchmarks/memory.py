"""Memory of a process and its descendants, shared pages counted in parts (PSS)."""

from __future__ import annotations

import psutil

__all__ = ["proportional_megabytes", "tree_megabytes"]


def proportional_megabytes(process: psutil.Process) -> float:
    """Return a process's proportional set size in MB (Linux); 0 when it has ended."""
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.Error:
        return 0.0


def tree_megabytes(pid: int) -> tuple[float, float]:
    """Return the MB of a process alone, and those of it and all its descendants."""
    root = psutil.Process(pid)
    own = proportional_megabytes(root)
    others = sum(proportional_megabytes(child) for child in root.children(recursive=True))
    return own, own + others
