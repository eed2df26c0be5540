"""Checks that use a session of the pool: the doctor's own, deleted at the end."""

from __future__ import annotations

import statistics
import time
from io import BytesIO

from acajs_kernel.doctor.case import Case
from acajs_kernel.doctor.checking import Result
from acajs_kernel.errors import AgentUnavailableError, NotFoundError
from acajs_kernel.runtime import programs
from acajs_kernel.session.frontend import QuietFrontend
from acajs_kernel.session.rich.session import RichSession

__all__ = [
    "check_deletion",
    "check_egress",
    "check_execution",
    "check_files",
    "check_metadata",
    "check_rich",
    "check_round_trip",
]

_EXECUTION_SECONDS = 30
_ROUNDS = 5
_FILE = "acajs-doctor.txt"


async def check_execution(case: Case) -> Result:
    """Whether the identity may run code, and whether the sessions run JavaScript."""
    case.has_session = True
    execution = await case.client.execute(
        case.identifier,
        "[1, 2].map((n) => n * 21)[1]",
        timeout_seconds=_EXECUTION_SECONDS,
        repeatable=True,
    )
    if execution.status != "Succeeded" or str(execution.result) != "42":
        return Result(
            "code runs, but not as JavaScript",
            "failed",
            "The pool's container type must be NodeLTS: acajs azure list",
        )
    text = "code runs in a session of its own"
    if case.notices:
        return Result(text, "warning", " ".join(case.notices))
    return Result(text)


async def check_round_trip(case: Case) -> Result:
    """How long the shortest execution takes."""
    milliseconds = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        await case.client.execute(
            case.identifier, "1", timeout_seconds=_EXECUTION_SECONDS, repeatable=True
        )
        milliseconds.append((time.perf_counter() - begun) * 1000)
    median = statistics.median(milliseconds)
    return Result(
        f"{median:.0f} ms, the median of {_ROUNDS} (from {min(milliseconds):.0f} to "
        f"{max(milliseconds):.0f})",
        facts={"median_milliseconds": round(median, 1)},
    )


async def check_metadata(case: Case) -> Result:
    """Which Node and which kernel the pool says it has."""
    metadata = await case.client.metadata()
    runtimes = ", ".join(f"{one.name} {one.version}".strip() for one in metadata.runtimes)
    kernel = f"{metadata.kernel_name} {metadata.kernel_version}".strip()
    return Result(
        f"{runtimes or 'no runtime named'}, kernel {kernel or 'not named'}",
        facts={"runtimes": runtimes, "kernel": kernel},
    )


async def check_rich(case: Case) -> Result:
    """Whether cells can run in a runner of their own, or why not."""
    wanted = case.settings.runtime
    if wanted == "plain":
        return Result("not checked: ACAJS_RUNTIME is plain")
    session = RichSession(
        case.client,
        case.identifier,
        pinned=False,
        timeout_seconds=_EXECUTION_SECONDS,
        frontend=QuietFrontend(),
    )
    try:
        await session.open()
    except AgentUnavailableError as error:
        return Result(
            f"{error.message} Cells run in plain mode.",
            "failed" if wanted == "rich" else "warning",
            "Set ACAJS_RUNTIME=plain to choose that mode.",
        )
    version = session.node_version
    return Result(f"possible, on Node {version}", facts={"node_version": version})


async def check_egress(case: Case) -> Result:
    """Whether sessions reach the internet, tried with npm's registry."""
    code = programs.call("egress", case.egress_host, case.egress_port, ends_execution=True)
    execution = await case.client.execute(
        case.identifier, code, timeout_seconds=_EXECUTION_SECONDS, repeatable=True
    )
    outcome = execution.result if isinstance(execution.result, str) else ""
    facts = {"open": outcome == "connected"}
    if outcome == "connected":
        return Result(f"sessions reach {case.egress_host}", facts=facts)
    return Result(
        f"sessions do not reach {case.egress_host} ({outcome or 'no answer'}): npm install and "
        "fetch fail",
        "warning",
        "To let them reach the internet: acajs azure create POOL --resource-group GROUP --egress",
        facts,
    )


async def check_files(case: Case) -> Result:
    """Whether a file goes into a session and comes back."""
    content = b"acajs doctor\n"
    pool, identifier = case.client, case.identifier
    await pool.upload(identifier, _FILE, content)
    names = [file.name for file in await pool.list_files(identifier)]
    target = BytesIO()
    await pool.download(identifier, _FILE, target)
    await pool.delete_file(identifier, _FILE)
    if target.getvalue() != content or _FILE not in names:
        return Result("a file came back changed, or was not listed", "warning")
    return Result("a file was uploaded, listed, downloaded and deleted")


async def check_deletion(case: Case) -> Result:
    """Whether sessions can be deleted; it deletes the doctor's own."""
    try:
        await case.client.stop_session(case.identifier)
    except NotFoundError as error:
        if error.code != "SessionNotFound":
            return Result(
                f"{error.message} Sessions count until their cooldown has passed.", "warning"
            )
    case.has_session = False
    return Result("the doctor's own session is deleted")
