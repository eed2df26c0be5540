"""The results as Markdown."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.kernels import PEERS_FOLDER, Contender
from benchmarks.measures import MEASURES, Round

__all__ = ["heading", "ratios", "table"]


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"  # noqa: PLR2004 -- three digits


def median(rounds: Sequence[Round], name: str) -> float | None:
    """Return the median over the rounds that have it, unless most have failed."""
    values = [taken.values[name] for taken in rounds if name in taken.values]
    return statistics.median(values) if len(values) * 2 > len(rounds) else None


def table(results: Mapping[str, Sequence[Round]]) -> str:
    """Return medians, one column a kernel; below it what failed, and how."""
    names = list(results)
    lines = [
        "| | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    notes: list[str] = []
    for key, (title, unit) in MEASURES.items():
        cells = []
        for name in names:
            value = median(results[name], key)
            failures = [taken.failures[key] for taken in results[name] if key in taken.failures]
            if value is not None:
                cells.append(_number(value))
            else:
                cells.append("fails" if failures else "-")
            if failures:
                count = f"{len(failures)} of {len(results[name])} rounds"
                notes.append(f"- {name}, {title} ({count}): {failures[-1]}")
        lines.append(f"| {title}, {unit} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *notes])


def ratios(results: Mapping[str, Sequence[Round]], own: str, peers: Sequence[str]) -> str:
    """Return what ours takes divided by what a peer takes; throughput the other way round."""
    lines = [
        f"| {own} / | " + " | ".join(peers) + " |",
        "|---" * (len(peers) + 1) + "|",
    ]
    for key, (title, unit) in MEASURES.items():
        cells = []
        ours = median(results[own], key)
        for peer in peers:
            theirs = median(results[peer], key)
            if ours is None or theirs is None:
                cells.append("-")
                continue
            ratio = theirs / ours if unit == "MB/s" else ours / theirs
            cells.append(f"{ratio:.2f}")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def heading(contenders: Sequence[Contender], rounds: int) -> str:
    """Return date, machine and versions."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    versions = {
        "acajs-kernel": metadata.version("acajs-kernel"),
        "ipykernel": metadata.version("ipykernel"),
        "jupyter-client": metadata.version("jupyter-client"),
        "Python": platform.python_version(),
        "Node": node.stdout.strip().removeprefix("v"),
    }
    for package in ("ijavascript", "tslab"):
        file = PEERS_FOLDER / "npm" / "node_modules" / package / "package.json"
        if file.is_file():
            versions[package] = _version_in(file)
    deno = next(c for c in contenders if c.name == "Deno")
    if not deno.missing:
        said = subprocess.run(
            [deno.arguments[0], "--version"], capture_output=True, text=True, check=False
        )
        versions["Deno"] = said.stdout.split()[1]
    missing = [
        f"{c.name} is missing; install it with `{c.missing}`." for c in contenders if c.missing
    ]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return "\n".join(
        [
            "# Results",
            "",
            (
                f"{dt.datetime.now(dt.timezone.utc):%Y-%m-%d %H:%M} UTC, "
                f"{platform.system()} on {os.cpu_count()} cores, load at the end {load}. Medians "
                f"of {rounds} rounds, the kernels taking turns in each."
            ),
            "",
            ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
            *missing,
        ]
    )


def _version_in(file: Path) -> str:

    return str(json.loads(file.read_text())["version"])
