"""Running checks one after another, each with a bound, and skipping those in vain."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from acajs_kernel.errors import AcaJsError, PoolTimeoutError
from acajs_kernel.pool import JsonValue

__all__ = ["Check", "Finding", "Result", "Status", "examine", "would_run"]

Status = Literal["ok", "warning", "failed", "skipped"]

_log = logging.getLogger("acajs_kernel")
_Case = TypeVar("_Case")


@dataclass(frozen=True)
class Result:
    """What a check found.

    Attributes:
        text: What is so, a clause for people.
        status: ``failed`` where a notebook cannot run, ``warning`` where it can, with less.
        remedy: What to do about it.
        facts: The same for programs.
        is_silent: Nothing was heard within the bound.
    """

    text: str
    status: Status = "ok"
    remedy: str = ""
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    is_silent: bool = False


@dataclass(frozen=True)
class Finding:
    """A check's outcome, as it is shown.

    Attributes:
        name: The check's name, a word for programs.
        title: The check's title, for people.
        result: What it found.
        seconds: How long it took, in seconds.
    """

    name: str
    title: str
    result: Result
    seconds: float


@dataclass(frozen=True)
class Check(Generic[_Case]):
    """One thing to look at.

    Attributes:
        name: A word for programs.
        title: For people.
        run: Looks at it; an `AcaJsError` becomes a failure.
        needs: The checks that must not have failed before.
        is_needed: Whether a notebook cannot run if this fails.
        bound_seconds: How long it may take, in seconds.
    """

    name: str
    title: str
    run: Callable[[_Case], Awaitable[Result]]
    needs: tuple[str, ...] = ()
    is_needed: bool = True
    bound_seconds: float = 30.0


async def examine(
    checks: Sequence[Check[_Case]],
    case: _Case,
    *,
    total_seconds: float,
    on_begin: Callable[[str], None] = lambda _: None,
    on_finding: Callable[[Finding], None] = lambda _: None,
) -> list[Finding]:
    """Run checks in order.

    Behind a check to which nobody answered those that need the same as it are skipped: they
    would wait for the same in turn.

    Args:
        checks: The checks; each stands behind those that it needs.
        case: What they look at.
        total_seconds: Bound of all together, in seconds.
        on_begin: Told the title of each check that begins.
        on_finding: Told each finding.
    """
    ends_at = time.monotonic() + total_seconds
    findings: dict[str, Finding] = {}
    roots: dict[str, str] = {}  # of each check that was in vain, the one that began it
    silent: dict[tuple[str, ...], str] = {}  # by what they need, checks that got no answer
    titles = {check.name: check.title for check in checks}
    for check in checks:
        begun = time.monotonic()
        left = ends_at - begun
        root = next((roots[need] for need in check.needs if need in roots), None)
        if root is not None:
            result = Result(f"skipped because “{titles[root]}” {_verb(findings[root])}", "skipped")
        elif check.needs in silent:
            result = Result(f"skipped because “{silent[check.needs]}” got no answer", "skipped")
        elif left <= 0:
            result = Result(f"skipped because {total_seconds:g} s had passed", "skipped")
        else:
            on_begin(check.title)
            result = await _run(check, case, min(check.bound_seconds, left))
        finding = Finding(check.name, check.title, result, time.monotonic() - begun)
        findings[check.name] = finding
        if result.is_silent and check.needs:
            silent[check.needs] = check.title
        if result.status in {"failed", "skipped"}:
            roots[check.name] = root or check.name
        on_finding(finding)
    return list(findings.values())


def would_run(checks: Sequence[Check[_Case]], findings: Sequence[Finding]) -> bool:
    """Tell whether a notebook would run: every check that is needed has ended well."""
    needed = {check.name for check in checks if check.is_needed}
    return all(
        finding.result.status in {"ok", "warning"}
        if finding.name in needed
        else finding.result.status != "failed"
        for finding in findings
    )


def _verb(finding: Finding) -> str:
    return "failed" if finding.result.status == "failed" else "was skipped"


async def _run(check: Check[_Case], case: _Case, bound_seconds: float) -> Result:
    """Run one check; whatever it raises becomes a result."""
    status: Status = "failed" if check.is_needed else "warning"
    try:
        return await asyncio.wait_for(check.run(case), bound_seconds)
    except asyncio.TimeoutError:
        return Result(
            f"no result within {bound_seconds:.0f} s",
            status,
            "Check the network; then try again.",
            is_silent=True,
        )
    except PoolTimeoutError as error:
        return Result(error.message, status, error.remedy, is_silent=True)
    except AcaJsError as error:
        return Result(error.message, status, error.remedy)
    except Exception as error:  # a doctor that dies of what it looks at helps nobody
        _log.debug("the check %s failed", check.name, exc_info=True)
        return Result(
            f"the check itself failed: {type(error).__name__}",
            status,
            "Run it again with ACAJS_LOG_LEVEL=DEBUG, and report what it prints.",
        )
