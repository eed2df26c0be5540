"""The kernel's log: what is in it at which level, and that a level can be chosen."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from acajs_kernel.config import Settings
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.logs import LOGGER_NAME, set_up_log
from tests.kernel_client import running_kernel
from tests.pool_server import ServedPool, served_pool

_REQUEST_LINE = re.compile(
    r"\[D \S+ \S+ acajs_kernel\] (?P<method>[A-Z]+) (?P<path>/\S+): HTTP (?P<status>\d+) in "
    r"(?P<seconds>[\d.]+) s, (?P<out>\d+) bytes out, (?P<in>\d+) bytes in, "
    r"attempt (?P<attempt>\d+), operation id (?P<operation>[0-9a-f-]{36})"
)


@pytest.fixture
def pool(environment: dict[str, str]) -> Iterator[ServedPool]:
    """Serve a pool."""
    with served_pool(environment) as served:
        yield served


async def _log_of(environment: dict[str, str], folder: Path, *arguments: str) -> str:
    """Run a kernel with one cell, and return what it wrote to its standard error."""
    log = folder / "log"
    with log.open("w") as stderr:
        async with running_kernel(
            environment, stderr=stderr, extra_arguments=list(arguments)
        ) as kernel:
            assert (await kernel.run("1 + 1")).reply["status"] == "ok"
    return log.read_text()


@pytest.mark.parametrize("how", ["environment", "--debug", "trait"])
async def test_at_debug_every_request_has_a_line(
    environment: dict[str, str], tmp_path: Path, pool: ServedPool, how: str
) -> None:
    """Method, path, status, duration, bytes, attempt and operation id of each request."""
    variables = environment | pool.environment
    arguments: list[str] = []
    if how == "environment":
        variables["ACAJS_LOG_LEVEL"] = "DEBUG"
    else:
        arguments = ["--debug"] if how == "--debug" else ["--AcaJsKernel.log_level=DEBUG"]
    log = await _log_of(variables, tmp_path, *arguments)
    lines = list(_REQUEST_LINE.finditer(log))
    assert {(line["method"], line["path"]) for line in lines} >= {
        ("POST", "/code/execute"),
        ("DELETE", "/session"),
    }
    executions = [line for line in lines if line["path"] == "/code/execute"]
    assert all(int(line["status"]) == 200 for line in executions)
    assert all(int(line["out"]) > 50 for line in executions)
    assert all(int(line["in"]) > 50 for line in executions)
    assert all(float(line["seconds"]) < 60 for line in lines)
    assert len({line["operation"] for line in lines}) == len(lines)


async def test_by_default_a_kernel_that_works_logs_nothing(
    environment: dict[str, str], tmp_path: Path, pool: ServedPool
) -> None:
    """Nobody's terminal fills with lines of ours; warnings and worse are shown."""
    assert LOGGER_NAME not in await _log_of(environment | pool.environment, tmp_path)


async def test_a_wrong_level_is_shown_in_the_first_cell(environment: dict[str, str]) -> None:
    """The message names the variable and the words that it may hold."""
    async with running_kernel(environment | {"ACAJS_LOG_LEVEL": "loud"}) as kernel:
        ran = await kernel.run("1")
        assert "ACAJS_LOG_LEVEL" in ran.error["evalue"]
        assert "DEBUG, INFO, WARNING, ERROR" in ran.traceback


def test_a_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trait's default is the variable; anything but a level is refused."""
    assert Settings().log_level == ""
    monkeypatch.setenv("ACAJS_LOG_LEVEL", " INFO ")
    assert Settings().log_level == "INFO"
    monkeypatch.setenv("ACAJS_LOG_LEVEL", "trace")
    error = Settings().settings_error()
    assert isinstance(error, ConfigurationError)
    assert "'trace'" in error.message


def test_a_log_that_somebody_has_set_up_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another handler and another level, as traitlets' logging_config sets them, are kept."""
    logger = logging.getLogger(LOGGER_NAME)
    handler = logging.NullHandler()
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "level", logging.ERROR)
    set_up_log("DEBUG")
    assert logger.handlers == [handler]
    assert logger.level == logging.ERROR
