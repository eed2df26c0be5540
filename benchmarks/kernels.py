"""The kernels that are compared: how each is launched, and how one gets it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["PEERS_FOLDER", "Contender", "peers"]

PEERS_FOLDER = Path(os.environ.get("ACAJS_BENCHMARK_PEERS", Path(__file__).parent / "peers"))
"""Where ``install_peers.sh`` puts the other kernels."""

_INSTALL = "benchmarks/install_peers.sh"


@dataclass(frozen=True)
class Contender:
    """One kernel.

    Attributes:
        name: What it is called in tables.
        arguments: The command that launches it, as in a kernel spec.
        interrupt_mode: "message" or "signal".
        language: "javascript" or "python".
        environment: What is added to the environment.
        folder: Where it must work; None for anywhere.
        missing: How to install it, where it is not.
    """

    name: str
    arguments: list[str]
    interrupt_mode: str = "message"
    language: str = "javascript"
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    missing: str = ""


def acajs(name: str, environment: Mapping[str, str]) -> Contender:
    """Return our own kernel, in some environment."""
    return Contender(
        name,
        [sys.executable, "-m", "acajs_kernel", "-f", "{connection_file}"],
        environment=environment,
    )


def peers() -> list[Contender]:
    """Return the other kernels, installed or not."""
    programs = PEERS_FOLDER / "npm" / "node_modules" / ".bin"
    path = {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    deno = shutil.which("deno") or str(PEERS_FOLDER / "deno" / "bin" / "deno")
    return [
        _peer("Deno", [deno, "jupyter", "--kernel", "--conn", "{connection_file}"]),
        _peer(
            "IJavascript",
            [str(programs / "ijskernel"), "{connection_file}", "--protocol=5.1"],
            interrupt_mode="signal",
            environment=path,
        ),
        _peer(
            "tslab",
            [str(programs / "tslab"), "kernel", "--config-path", "{connection_file}", "--js"],
            interrupt_mode="signal",
            environment=path,
            folder=programs.parent.parent,  # where it finds the types of Node's globals
        ),
        Contender(
            "ipykernel",
            [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            interrupt_mode="signal",
            language="python",
        ),
    ]


def _peer(
    name: str,
    arguments: list[str],
    *,
    interrupt_mode: str = "message",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Contender:
    missing = "" if Path(arguments[0]).exists() else _INSTALL
    return Contender(
        name,
        arguments,
        interrupt_mode=interrupt_mode,
        environment=environment or {},
        folder=folder,
        missing=missing,
    )
