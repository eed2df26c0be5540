"""Whether a notebook would run, and if not, why: checks from the kernel spec to the session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from acajs_kernel.doctor.case import Case, environment
from acajs_kernel.doctor.checking import Check, Finding, Result, Status, examine, would_run
from acajs_kernel.doctor.machine import (
    check_kernel_spec,
    check_node,
    check_settings,
    read_kernel_spec,
)
from acajs_kernel.doctor.network import (
    check_clock,
    check_endpoint,
    check_name,
    check_tls,
    check_token,
)
from acajs_kernel.doctor.sessions import (
    check_deletion,
    check_egress,
    check_execution,
    check_files,
    check_metadata,
    check_rich,
    check_round_trip,
)
from acajs_kernel.errors import AcaJsError

__all__ = ["CHECKS", "Case", "Finding", "Result", "Status", "examine_case", "would_run"]

TOTAL_SECONDS = 180.0
"""Bound of a whole examination, in seconds."""

# A pool that says nothing has taken up to 45 s by then, and nobody waits for over a minute.
_CLEANING_SECONDS = 5.0

CHECKS: tuple[Check[Case], ...] = (
    Check("kernelspec", "Kernel spec", check_kernel_spec),
    Check("settings", "Settings", check_settings),
    Check("node", "Node.js", check_node, ("settings",)),
    Check("endpoint", "Endpoint", check_endpoint, ("settings", "node"), bound_seconds=40),
    Check("dns", "Name", check_name, ("endpoint",)),
    Check("tls", "TLS", check_tls, ("dns",)),
    Check("clock", "Clock", check_clock, ("tls",), is_needed=False),
    Check("token", "Token", check_token, ("endpoint",), bound_seconds=40),
    Check("role", "Role", check_execution, ("tls", "token"), bound_seconds=35),
    Check("round_trip", "Round trip", check_round_trip, ("role",), is_needed=False),
    Check("pool", "Pool", check_metadata, ("role",), is_needed=False),
    Check("files", "Files", check_files, ("role",), is_needed=False),
    Check("egress", "Egress", check_egress, ("role",), is_needed=False, bound_seconds=40),
    Check("rich", "Rich runtime", check_rich, ("role",), is_needed=False, bound_seconds=40),
    Check("deletion", "Deletion", check_deletion, ("role",), is_needed=False),
)
"""Every check, each behind those that it needs."""


async def examine_case(
    case: Case,
    *,
    total_seconds: float = TOTAL_SECONDS,
    on_begin: Callable[[str], None] = lambda _: None,
    on_finding: Callable[[Finding], None] = lambda _: None,
) -> list[Finding]:
    """Run every check with the environment that the kernel spec would give the kernel.

    The doctor's own session is deleted afterwards, whatever happens.

    Args:
        case: What to look at.
        total_seconds: Bound of all checks together, in seconds.
        on_begin: Told the title of each check that begins.
        on_finding: Told each finding.
    """
    case.spec = await asyncio.to_thread(read_kernel_spec, case.kernel_name)
    with environment(case.spec.variables if case.spec is not None else {}):
        async with case.resources:
            try:
                return await examine(
                    CHECKS,
                    case,
                    total_seconds=total_seconds,
                    on_begin=on_begin,
                    on_finding=on_finding,
                )
            finally:
                if case.has_session and case.pool is not None:
                    with contextlib.suppress(AcaJsError, asyncio.TimeoutError):
                        await asyncio.wait_for(
                            case.pool.stop_session(case.identifier), _CLEANING_SECONDS
                        )
