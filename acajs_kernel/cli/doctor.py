"""``acajs doctor``: whether a notebook would run, and if not, why."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from acajs_kernel import __version__
from acajs_kernel.cli.streams import can_show, is_fancy

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from acajs_kernel.doctor import Finding

__all__ = ["doctor"]

_MARKS = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "-"}
_PLAIN_MARKS = {"ok": "+", "warning": "!", "failed": "x", "skipped": "-"}
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "dim"}
_TITLE_WIDTH = 14
_NOTICE_SECONDS = 4.0


def doctor(
    *,
    kernel: Annotated[str, typer.Option(help="Check the settings of this kernel spec.")] = "acajs",
    endpoint: Annotated[
        str, typer.Option(help="Check this pool instead: its endpoint or its resource id.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check everything that a notebook needs, and say how to fix what is missing.

    It uses one session of the pool for a moment. The exit code is 0 if a notebook would run.
    """
    # Imported here because it is slow to import, and no other command needs it.
    from acajs_kernel.doctor import CHECKS, Case, examine_case, would_run  # noqa: PLC0415
    from acajs_kernel.session.identity import generate_identifier  # noqa: PLC0415

    case = Case(kernel, generate_identifier(), endpoint_text=endpoint)
    with ExitStack() as stack:
        lines = _Lines(is_silent=as_json, stack=stack)
        findings = asyncio.run(examine_case(case, on_begin=lines.begin, on_finding=lines.show))
    runs = would_run(CHECKS, findings)
    if as_json:
        typer.echo(json.dumps(_report(findings, runs=runs), indent=2))
    else:
        typer.echo("" if runs else "\nA notebook would not run: see the marked lines above.")
        if runs:
            typer.echo("A notebook would run.")
    raise typer.Exit(0 if runs else 1)


def _report(findings: list[Finding], *, runs: bool) -> dict[str, object]:
    return {
        "version": __version__,
        "ok": runs,
        "checks": [
            {
                "name": finding.name,
                "title": finding.title,
                "status": finding.result.status,
                "text": finding.result.text,
                "remedy": finding.result.remedy,
                "seconds": round(finding.seconds, 3),
                "facts": dict(finding.result.facts),
            }
            for finding in findings
        ],
    }


class _Lines:
    """A line for each finding, with colours and the check that runs on a terminal."""

    def __init__(self, *, is_silent: bool, stack: ExitStack) -> None:
        self._is_silent = is_silent
        self._console: Console | None = None
        self._status: Status | None = None
        self._notice: asyncio.TimerHandle | None = None
        self._marks = _MARKS if can_show(sys.stdout, "".join(_MARKS.values())) else _PLAIN_MARKS
        if not is_silent and is_fancy(sys.stdout):
            from rich.console import Console  # noqa: PLC0415 -- plain output does without

            self._console = Console(highlight=False)
            self._status = stack.enter_context(self._console.status("…"))

    def begin(self, title: str) -> None:
        """Show which check runs; where a line cannot be changed, only if it takes long."""
        if self._status is not None:
            self._status.update(f"{title} …")
            return
        self._notice = asyncio.get_running_loop().call_later(
            _NOTICE_SECONDS,
            lambda: typer.echo(f"{title}: no result for {_NOTICE_SECONDS:g} s; waiting", err=True),
        )

    def show(self, finding: Finding) -> None:
        """Show a finding."""
        if self._notice is not None:
            self._notice.cancel()
        if self._is_silent:
            return
        result = finding.result
        mark = self._marks[result.status]
        indent = " " * (len(mark) + 1 + _TITLE_WIDTH)
        title = finding.title.ljust(_TITLE_WIDTH)
        remedy = "" if not result.remedy else f"{indent}→ {result.remedy}"
        if not can_show(sys.stdout, remedy):
            remedy = remedy.replace("→", ">")
        if self._console is None:
            text = f"{mark} {title}{result.text}"
            typer.echo(text if can_show(sys.stdout, text) else text.encode("ascii", "replace"))
            if remedy:
                typer.echo(remedy)
            return
        from rich.text import Text  # noqa: PLC0415 -- as above

        colour = _COLOURS[result.status]
        line = Text.assemble((f"{mark} ", colour), (title, "bold"), result.text)
        self._console.print(line, soft_wrap=True)
        if remedy:
            self._console.print(Text(remedy, colour), soft_wrap=True)
