"""Commands beside a pool that takes connections and answers nothing.

The times are made short; that those of users are within a minute is another test's claim.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from acajs_kernel import doctor
from acajs_kernel.cli import clients, pool_client, script
from acajs_kernel.cli.application import application
from acajs_kernel.http.silence import Silence
from tests.silent_pool import SilentPool, silent_pool

_SHORTER = 40
_SESSION = "session-0123456789"


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentPool]:
    """Serve a silent pool to commands whose patience is short."""

    def silence() -> Silence:
        return Silence(pool_client.tell, notice_seconds=0.1, bound_seconds=45 / _SHORTER)

    for module in (clients, pool_client, script):
        monkeypatch.setattr(module, "command_silence", silence)
    checks = [replace(c, bound_seconds=c.bound_seconds / _SHORTER) for c in doctor.CHECKS]
    monkeypatch.setattr(doctor, "CHECKS", tuple(checks))
    monkeypatch.setattr(doctor, "_CLEANING_SECONDS", doctor._CLEANING_SECONDS / _SHORTER)
    with silent_pool() as served:
        monkeypatch.setenv("ACAJS_POOL_ENDPOINT", served.endpoint)
        monkeypatch.setenv("ACAJS_TOKEN", "token")
        monkeypatch.setenv("ACAJS_SESSION_ID", _SESSION)
        yield served


@pytest.mark.parametrize("runtime", ["rich", "plain"])
@pytest.mark.parametrize(
    ("arguments", "operation"),
    [
        (["files", "ls"], "Asking the session about its files"),
        (["files", "get", "x"], "Asking the session about its files"),
        (["sessions"], "Listing the sessions"),
        (["sessions", "stop"], "Stopping the session"),
        (["exec", "-e", "1"], "Running the code"),
    ],
)
def test_a_command_says_what_it_waits_for_and_ends(
    pool: SilentPool,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    operation: str,
    runtime: str,
) -> None:
    """One line names the call and the pool; the error says what to do."""
    monkeypatch.setenv("ACAJS_RUNTIME", runtime)
    ran = CliRunner().invoke(application, arguments)
    host = pool.endpoint.removeprefix("http://")
    assert f"{operation}: waiting for the session pool at {host}, which has not" in ran.stderr
    assert ran.stderr.count("waiting for") == 1
    error = str(ran.exception)
    assert f"{operation} failed: nothing came from the session pool at {host}" in error
    assert "acajs doctor" in error
    assert _SESSION not in ran.output + error
    assert pool.has_swallowed.is_set()


def test_the_doctor_says_what_it_waits_for_and_ends(
    pool: SilentPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check that runs is named; what would meet the same silence is not tried."""
    # The package has a function of the module's name.
    module = importlib.import_module("acajs_kernel.cli.doctor")
    monkeypatch.setattr(module, "_NOTICE_SECONDS", 0.1)
    ran = CliRunner().invoke(application, ["doctor"])
    assert "Role: no result for 0.1 s; waiting" in ran.stderr
    assert "no result within" in ran.stdout
    assert ran.exit_code == 1
    assert pool.has_swallowed.is_set()


def test_the_times_of_users_are_within_a_minute() -> None:
    """A line comes within 5 s, and the end within 60 s, also of the doctor's."""
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(Silence).parameters.items()
    }
    assert defaults["notice_seconds"] < 5
    assert 30 < defaults["bound_seconds"] < 50
    bounds = {check.name: check.bound_seconds for check in doctor.CHECKS}
    # Of a pool that is silent from the beginning the clock and the role are waited for.
    from acajs_kernel.http.transport import CONNECT_SECONDS  # noqa: PLC0415 -- httpx

    assert CONNECT_SECONDS + bounds["role"] + doctor._CLEANING_SECONDS <= 55
    # One that falls silent later meets one check of those that need the role.
    later = [check.bound_seconds for check in doctor.CHECKS if check.needs == ("role",)]
    assert max(later) + doctor._CLEANING_SECONDS <= 55
    assert bounds["endpoint"] <= 55
