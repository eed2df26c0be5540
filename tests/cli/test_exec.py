"""``acajs exec``: scripts in a session."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acajs_kernel.cli.script import Script, execute, read_script
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.session import SessionSettings
from tests.cli.command import ACAJS, acajs
from tests.pool_server import ServedPool, served_pool

Capture = pytest.CaptureFixture[str]

_SECONDS = 60


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve one pool for the tests of this module."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean, "--max-sessions", "50") as served:
        yield served


@pytest.fixture
def remote(environment: dict[str, str], pool: ServedPool) -> dict[str, str]:
    """Give the environment of a command that uses the served pool."""
    return environment | pool.environment


def _settings(
    pool: ServedPool, *, runtime: str = "rich", api_version: str = "2024-02-02-preview"
) -> SessionSettings:
    return SessionSettings(
        endpoint=pool.endpoint,
        api_version=api_version,
        session_id="",
        token=pool.token,
        runtime=runtime,
        timeout_seconds=60,
        keepalive_minutes=0,
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("1 + 1", 0),
        ("throw new Error('no')", 1),
        ("syntax error", 1),
        ("await Promise.reject(new Error('no'))", 1),
        ("process.exit(7)", 7),
        ("process.exit()", 0),
        ("process.exitCode = 5", 5),
        ("setTimeout(() => { process.exitCode = 6 }, 30)", 6),
        ("setTimeout(() => process.exit(8), 30)", 8),
        ("setTimeout(() => { throw new Error('late') }, 30)", 1),
    ],
)
async def test_the_status_is_the_scripts(pool: ServedPool, code: str, status: int) -> None:
    """A script ends with the status that Node would give it."""
    assert await execute(Script(code, "[eval]"), _settings(pool), print_value=False) == status


async def test_plain_mode_knows_success_and_failure(pool: ServedPool, capsys: Capture) -> None:
    """Without the rich runtime scripts run as well, and an uncaught error is status 1."""
    settings = _settings(pool, runtime="plain", api_version="2025-10-02-preview")
    assert await execute(Script("console.log(1)", "[eval]"), settings, print_value=False) == 0
    assert await execute(Script("throw new TypeError('x')", "e"), settings, print_value=False) == 1
    shown = capsys.readouterr()
    assert shown.out == "1\n"
    assert "TypeError: x" in shown.err
    assert "\x1b" not in shown.err


async def test_output_goes_where_it_belongs(pool: ServedPool, capsys: Capture) -> None:
    """Prints, errors and displays reach their streams; callbacks are awaited as by Node."""
    code = """
        console.log("out", {a: 1});
        console.error("err");
        display(Jupyter.html("<b>shown</b>"));
        setTimeout(() => console.log("later"), 200);
        "the value";
    """
    assert await execute(Script(code, "[eval]"), _settings(pool), print_value=False) == 0
    shown = capsys.readouterr()
    assert shown.out == "out { a: 1 }\n<b>shown</b>\nlater\n"
    assert shown.err == "err\n"


async def test_the_value_is_printed_on_request(pool: ServedPool, capsys: Capture) -> None:
    """With --print the last expression's text follows, without colours outside a terminal."""
    assert await execute(Script("({a: 'b'})", "[eval]"), _settings(pool), print_value=True) == 0
    assert capsys.readouterr().out == "{ a: 'b' }\n"


async def test_an_error_names_the_file_and_the_line(
    pool: ServedPool, tmp_path: Path, capsys: Capture
) -> None:
    """A script's own first line, for the shell, is kept; the stack has the script's name."""
    file = tmp_path / "my script.js"
    file.write_text("#!/usr/bin/env node\nimport fs from 'node:fs';\n\nnull.x;\n")
    assert await execute(read_script(str(file)), _settings(pool), print_value=False) == 1
    assert "my_script.js:4" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_script_that_cannot_be_read_is_reported(tmp_path: Path, content: bytes | None) -> None:
    """What is missing or no text is an error with the file's name."""
    file = tmp_path / "a.js"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(str(file))):
        read_script(str(file))


def test_questions_are_answered_from_standard_input(remote: dict[str, str]) -> None:
    """prompt() and input() read lines; what asks after the last one fails cleanly."""
    code = "console.log(await input('Name?') + '|' + prompt('Age?')); await input('More?')"
    ran = acajs(remote, "exec", "-e", code, stdin="Ada\n36\n")
    assert ran.stdout == "Ada|36\n"
    assert "More?" in ran.stderr
    assert "standard input has ended" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 1


def test_a_script_comes_from_standard_input_without_a_pool(environment: dict[str, str]) -> None:
    """``-`` reads the script; without an endpoint it runs on the local Node."""
    ran = acajs(environment, "exec", "-", stdin="console.log(`${6 * 7}`); %time")
    # A magic is no JavaScript: the script is not a cell.
    assert ran.returncode == 1
    assert "SyntaxError" in ran.stderr
    ran = acajs(environment, "exec", "-", stdin="console.log(`${6 * 7}`)")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "42\n", "")


def test_a_session_is_kept_and_found_again(remote: dict[str, str], tmp_path: Path) -> None:
    """--keep writes the identifier into a file of mode 0600, and never onto the terminal."""
    environment = remote | {"JUPYTER_DATA_DIR": str(tmp_path)}
    ran = acajs(environment, "exec", "--keep", "-e", "const kept = 'still here'")
    assert ran.returncode == 0
    (file,) = (tmp_path / "acajs" / "sessions").iterdir()
    identifier = file.read_text().strip()
    assert identifier not in ran.stdout + ran.stderr
    assert str(file) in ran.stderr
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = environment | {"ACAJS_SESSION_ID": identifier}
    ran = acajs(again, "exec", "-p", "-e", "kept")
    assert (ran.returncode, ran.stdout) == (0, "'still here'\n")
    assert acajs(again, "sessions", "stop").returncode == 0
    assert acajs(again, "exec", "-e", "kept").returncode == 1  # a fresh one, kept as well
    assert acajs(again, "sessions", "stop").returncode == 0


def test_a_session_is_ended_with_its_script(remote: dict[str, str]) -> None:
    """A script that named no session leaves none behind."""
    assert acajs(remote, "exec", "-e", "1").returncode == 0
    listed = acajs(remote | {"ACAJS_API_VERSION": "2025-10-02-preview"}, "sessions")
    assert (listed.returncode, listed.stdout) == (0, "")


@pytest.mark.parametrize("arguments", [[], ["a.js", "-e", "1"], ["--nothing"]])
def test_a_wrong_command_has_status_2(environment: dict[str, str], arguments: list[str]) -> None:
    """What to run must be given, once."""
    assert acajs(environment, "exec", *arguments).returncode == 2


def test_keeping_needs_a_pool(environment: dict[str, str]) -> None:
    """An embedded session cannot outlive the command: an error says what to do."""
    ran = acajs(environment, "exec", "--keep", "-e", "1")
    assert ran.returncode == 1
    assert "acajs pool serve" in ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
def test_ctrl_c_interrupts_the_script(remote: dict[str, str], number: int, status: int) -> None:
    """The output before it has come, the traceback says why, and the session is ended."""
    with subprocess.Popen(
        [ACAJS, "exec", "-e", "console.log('begun'); for (;;) {}"],
        env=remote,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"  # while the script runs on
        process.send_signal(number)
        _, errors = process.communicate(timeout=_SECONDS)
    assert process.returncode == status
    assert "KeyboardInterrupt" in errors
    listed = acajs(remote | {"ACAJS_API_VERSION": "2025-10-02-preview"}, "sessions")
    assert listed.stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's pipe")
def test_a_reader_that_goes_ends_the_script(remote: dict[str, str]) -> None:
    """As with any program whose reader has gone: it ends, without a traceback of ours."""
    with subprocess.Popen(
        [ACAJS, "exec", "-e", "for (let i = 0; ; i++) console.log(i)"],
        env=remote,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "0\n"
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(_SECONDS) == 141
    assert errors == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_second_ctrl_c_ends_what_hangs(environment: dict[str, str]) -> None:
    """The pool answers nothing any more: the first Ctrl-C waits for it, the second does not."""
    with (
        served_pool(environment) as pool,
        subprocess.Popen(
            [ACAJS, "exec", "-e", "console.log('begun'); await new Promise(() => {})"],
            env=environment | pool.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        pool.process.send_signal(signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGINT)
            # The first is taken before the second comes: both at once would be one.
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=_SECONDS)
        finally:
            pool.process.send_signal(signal.SIGCONT)
    assert process.returncode == 130
    assert "Traceback" not in errors
