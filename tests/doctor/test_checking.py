"""Running checks: bounds, what is skipped, what decides."""

from __future__ import annotations

import asyncio

from acajs_kernel.doctor import CHECKS
from acajs_kernel.doctor.checking import Check, Finding, Result, examine, would_run
from acajs_kernel.errors import ConfigurationError


def _check(name: str, outcome: Result | Exception, **options: object) -> Check[None]:
    async def run(_: None) -> Result:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Check(name, name.title(), run, **options)  # type: ignore[arg-type] # options of any kind


async def _hang(_: None) -> Result:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("never")


def _texts(findings: list[Finding]) -> dict[str, tuple[str, str]]:
    return {finding.name: (finding.result.status, finding.result.text) for finding in findings}


async def test_what_needs_a_failed_check_is_skipped_and_says_why() -> None:
    """The reason names the check that failed, however far back it is."""
    failure = ConfigurationError("It is not there.", remedy="Put it there.")
    checks = [
        _check("first", failure),
        _check("second", Result("fine"), needs=("first",)),
        _check("third", Result("fine"), needs=("second",)),
        _check("fourth", Result("fine")),
    ]
    findings = await examine(checks, None, total_seconds=60)
    assert findings[0].result.remedy == "Put it there."
    assert _texts(findings) == {
        "first": ("failed", "It is not there."),
        "second": ("skipped", "skipped because “First” failed"),
        "third": ("skipped", "skipped because “First” failed"),
        "fourth": ("ok", "fine"),
    }
    assert not would_run(checks, findings)


async def test_what_is_not_needed_warns_only() -> None:
    """The failure of something that a notebook can do without decides nothing."""
    checks = [
        _check("first", ConfigurationError("No."), is_needed=False),
        _check("second", Result("fine"), needs=("first",)),
    ]
    findings = await examine(checks, None, total_seconds=60)
    assert [finding.result.status for finding in findings] == ["warning", "ok"]
    assert would_run(checks, findings)


async def test_a_check_that_hangs_is_ended() -> None:
    """Its bound is told, and the next check runs."""
    checks = [Check("first", "First", _hang, bound_seconds=0.1), _check("second", Result("fine"))]
    findings = await examine(checks, None, total_seconds=60)
    assert [finding.result.status for finding in findings] == ["failed", "ok"]
    assert "no result within" in findings[0].result.text


async def test_all_together_have_a_bound() -> None:
    """When the time is over, what is left is skipped."""
    checks = [Check("first", "First", _hang), _check("second", Result("fine"))]
    findings = await examine(checks, None, total_seconds=0.1)
    assert [finding.result.status for finding in findings] == ["failed", "skipped"]
    assert not would_run(checks, findings)


async def test_a_fault_of_a_check_is_a_finding() -> None:
    """A bug in a check ends neither the examination nor its text."""
    findings = await examine([_check("first", KeyError("x"))], None, total_seconds=60)
    assert _texts(findings) == {"first": ("failed", "the check itself failed: KeyError")}


def test_every_check_stands_behind_what_it_needs() -> None:
    """Names are unique, and an earlier check is what is needed."""
    seen: set[str] = set()
    for check in CHECKS:
        assert check.name not in seen
        assert set(check.needs) <= seen
        seen.add(check.name)
