"""What each magic does, on the embedded pool and with the service's own engine."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.kernel_client import Ran, RunningKernel, running_kernel
from tests.pool_server import served_variant

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["embedded", "nel"])
async def kernel(request: pytest.FixtureRequest) -> AsyncIterator[RunningKernel]:
    """Start one kernel on each of the pools in turn."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    environment = clean | {"ACAJS_RUNTIME": "rich"}
    with ExitStack() as pools:
        if request.param == "nel":
            environment |= pools.enter_context(served_variant(clean, "nel")).environment
        async with running_kernel(environment) as running:
            yield running


def _text(ran: Ran) -> str:
    return _ANSI.sub("", ran.text or "")


def _shown(ran: Ran) -> dict[str, Any]:
    """Return the bundle of the one display."""
    assert ran.reply["status"] == "ok", ran.error
    (shown,) = [m["content"] for m in ran.messages if m["msg_type"] == "display_data"]
    bundle: dict[str, Any] = shown["data"]
    return bundle


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("html", "text/html"),
        ("svg", "image/svg+xml"),
        ("markdown", "text/markdown"),
        ("latex", "text/latex"),
    ],
)
async def test_markup_is_shown_as_what_it_is(kernel: RunningKernel, name: str, mime: str) -> None:
    """One display, with the text as it stands in the cell."""
    assert _shown(await kernel.run(f"%%{name}\n<b>%who</b>\n"))[mime] == "<b>%who</b>\n"
    assert "takes no arguments" in (await kernel.run(f"%%{name} x\ny")).traceback


async def test_time_shows_the_value_and_both_times(kernel: RunningKernel) -> None:
    """Of a line and of a cell; the session measures, so that the network does not count."""
    for code in ("%time await new Promise((r) => setTimeout(r, 120)); 5", "%%time\n1\n5"):
        ran = await kernel.run(code)
        assert _text(ran) == "5"
        assert re.fullmatch(
            r"CPU times: user \S+ \S+, sys: \S+ \S+, total: \S+ \S+\nWall time: \S+ \S+\n",
            ran.stdout,
        )
    ran = await kernel.run("%time await new Promise((r) => setTimeout(r, 1200))")
    assert re.search(r"Wall time: (\d\.?\d*|\d\d) s", ran.stdout)
    assert "no code" in (await kernel.run("%time")).traceback
    ran = await kernel.run("%%time\n!echo in the session\nnull.x")
    assert re.search(r"In\[\d+\]:3:6", ran.traceback)
    ran = await kernel.run("%%time\nconsole.log('a')\n!echo in the session\n5")
    assert re.fullmatch(
        r"a\nin the session\nWall time: .*, including the way to the pool\n", ran.stdout
    )
    assert _text(ran) == "5"


async def test_environment_variables_are_set_shown_and_masked(kernel: RunningKernel) -> None:
    """Values whose names look secret are masked; code and commands see them whole."""
    ran = await kernel.run(
        "%env GREETING=hello world\n%env API_TOKEN s3cr3t\n%env URL='https://u:p@host'\n"
        "%env GREETING\n%env API_TOKEN\n!echo $API_TOKEN"
    )
    lines = ran.stdout.splitlines()
    assert lines[0] == lines[3].replace("GREETING", "env: GREETING") == "env: GREETING=hello world"
    assert lines[-1] == "s3cr3t"
    assert "s3cr3t" not in "".join(lines[:-1])
    assert "u:p" not in ran.stdout
    assert _text(await kernel.run("process.env.API_TOKEN")) == "'s3cr3t'"
    every = (await kernel.run("%env")).stdout
    assert "GREETING=hello world\n" in every
    assert "s3cr3t" not in every
    assert re.search(r"^ACAJS_SESSION_MARKER=•+$", every, re.MULTILINE)
    assert "no variable NONE" in (await kernel.run("%env NONE")).traceback


async def test_a_secret_is_asked_for_without_standing_in_the_cell(kernel: RunningKernel) -> None:
    """As a password; a frontend that answers no questions gets an error."""
    request = kernel.client.execute("%env --ask MY_KEY", allow_stdin=True)
    asked = await kernel.client.get_stdin_msg(timeout=30)
    assert asked["content"] == {"prompt": "MY_KEY: ", "password": True}
    kernel.client.input("hidden value")
    assert "hidden" not in (await kernel.collect(request)).stdout
    assert _text(await kernel.run("process.env.MY_KEY")) == "'hidden value'"
    ran = await kernel.run("%env --ask MY_KEY", allow_stdin=False)
    assert "cannot answer it" in ran.traceback


async def test_variables_are_listed(kernel: RunningKernel) -> None:
    """Wherever the magic stands in the cell, as a table."""
    bundle = _shown(await kernel.run("const listed = [1, 2];\n%who\n1"))
    assert ">listed<" in bundle["text/html"]
    assert "listed\tArray\t2 items" in bundle["text/plain"]


@pytest.mark.parametrize("runtime", ["rich", "plain"])
async def test_what_cells_have_declared_and_replaced_does_not_matter(runtime: str) -> None:
    """Names of the runtime, and prototypes, after which each magic says the same."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    environment = clean | {"ACAJS_RUNTIME": runtime, "SOME_NAME": "some value"}
    replaced = (
        "let process, require, JSON; Array.prototype.toJSON = () => 'a'; 1",
        "Object.prototype.toJSON = () => 'z'; 1",
        "Object.prototype.then = () => undefined; 1",
    )
    async with running_kernel(environment) as kernel:
        for code in replaced:
            assert (await kernel.run(code)).reply["status"] == "ok"
            assert (await kernel.run("%env SOME_NAME=x\n%env SOME_NAME")).stdout.endswith("=x\n")
            assert "round trip" in _shown(await kernel.run("%session"))["text/html"]
            assert "Writing" in (await kernel.run("%%writefile replaced.txt\n1")).stdout
            assert (await kernel.run("%load replaced.txt")).reply["status"] == "ok"
            assert "replaced.txt" in (await kernel.run("!ls")).stdout
            assert (await kernel.run("!rm replaced.txt && echo gone")).stdout == "gone\n"
            if runtime == "rich":
                assert "process" in _shown(await kernel.run("%who"))["text/plain"]


async def test_a_file_of_the_session_comes_into_a_cell_and_back(kernel: RunningKernel) -> None:
    """Its text replaces the cell, unless that holds more; nothing of it is interpreted."""
    text = "name; text; `${x}`\n%who \\ 'ä' \"€\"\n"
    ran = await kernel.run(f"%%writefile 'my name.txt'\n{text}")
    assert ran.stdout == "Writing my name.txt\n"
    assert (await kernel.run("%%writefile -a 'my name.txt'\nmore")).stdout.startswith("Appending")
    assert _text(
        await kernel.run("(await import('node:fs')).readFileSync('my name.txt', 'utf8').length")
    ) == str(len(text) + len("more\n"))
    (payload,) = (await kernel.run("%load 'my name.txt'")).reply["payload"]
    assert payload == {
        "source": "set_next_input",
        "text": f"// %load 'my name.txt'\n{text}more\n",
        "replace": True,
    }
    (payload,) = (await kernel.run("1;\n%load 'my name.txt'")).reply["payload"]
    assert payload["replace"] is False
    assert (await kernel.run("%%writefile 'my name.txt'\nx")).stdout.startswith("Overwriting")


async def test_what_cannot_be_loaded_or_written_is_told(kernel: RunningKernel) -> None:
    """With Node's reason, and without the code that the magic ran."""
    for code, words in (
        ("%load none.txt", "ENOENT"),
        ("%%writefile none/x.txt\n1", "ENOENT"),
        ("%load", "name of one file"),
        ("require('node:fs').writeFileSync('b', Buffer.from([255, 254]));\n%load b", "UTF-8"),
        ("require('node:fs').writeFileSync('c', ' '.repeat(2e6));\n%load c", "2,000,000 bytes"),
    ):
        ran = await kernel.run(code)
        assert ran.error["ename"] == "MagicError"
        assert words in ran.traceback
        assert "readFileSync(path" not in ran.traceback


async def test_commands_show_their_output_and_the_cell_goes_on(kernel: RunningKernel) -> None:
    """In order with JavaScript's, on both streams; a failure of one command is told."""
    ran = await kernel.run(
        "console.log('one');\n!echo two; echo bad >&2; exit 3\nconsole.log('three')"
    )
    assert ran.stdout == "one\ntwo\nthree\n"
    assert ran.stderr == "bad\n[exit status 3]\n"
    assert (await kernel.run("%sh echo 'a b'; pwd >/dev/null")).stdout == "a b\n"
    large = await kernel.run("!head -c 3000000 /dev/zero | tr '\\0' x")
    assert len(large.stdout) == 3_000_000


async def test_a_bare_word_is_a_command_if_nothing_has_its_name(kernel: RunningKernel) -> None:
    """Else it is the negation that JavaScript reads."""
    await kernel.run("%%writefile seen.txt\nx")
    assert "seen.txt" in (await kernel.run("!ls")).stdout
    assert "seen.txt" in (await kernel.run("1;\n!ls -a\n!pwd")).stdout
    await kernel.run("globalThis.ls = 0")
    assert _text(await kernel.run("!ls")) == "true"
    assert _text(await kernel.run("let ready = true\n!ready")) == "false"
    await kernel.run("delete globalThis.ls")


async def test_scripts_are_run_by_the_program_that_is_named(kernel: RunningKernel) -> None:
    """A shell's lines share their variables; a failure ends the cell."""
    ran = await kernel.run("%%sh\na=1\nfor i in 1 2; do echo $a$i; done\n")
    assert ran.stdout == "11\n12\n"
    assert "exit status 4" in (await kernel.run("%%sh\nexit 4")).traceback
    ran = await kernel.run("%%script node -\nconsole.log(`${6 * 7} COMMAND`)")
    assert ran.stdout == "42 COMMAND\n"
    ran = await kernel.run("%%script nonesuch\nx")
    assert ran.error["ename"] == "MagicError"
    assert "no program 'nonesuch'" in ran.traceback


async def test_an_interrupt_ends_a_command_and_what_it_has_started(kernel: RunningKernel) -> None:
    """Variables stay, and nothing goes on in the session."""
    await kernel.run("var kept = 1")
    request = kernel.client.execute("!echo begun; sleep 300; echo never\nglobalThis.behind = 1")
    await kernel.until(request, "begun")
    await kernel.interrupt()
    ran = await kernel.collect(request)
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert _text(await kernel.run("[kept, globalThis.behind]")) == "[ 1, undefined ]"
    ran = await kernel.run("!ps -ef | grep '[s]leep 300' | wc -l")
    assert ran.stdout.strip() == "0"


async def test_an_interrupt_ends_javascript_and_questions_of_magics(kernel: RunningKernel) -> None:
    """Wherever the magic waits, nothing behind it runs."""
    request = kernel.client.execute("%time console.log('begun'); for (;;) {}\n%lsmagic")
    await kernel.until(request, "begun")
    await kernel.interrupt()
    ran = await kernel.collect(request)
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert ran.stdout == ""
    request = kernel.client.execute("%env --ask X_KEY\n%lsmagic", allow_stdin=True)
    await kernel.client.get_stdin_msg(timeout=30)
    await kernel.interrupt()
    ran = await kernel.collect(request)
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert ran.stdout == ""
    assert _text(await kernel.run("1 + 1")) == "2"


async def test_help_is_made_of_the_declarations(kernel: RunningKernel) -> None:
    """A list, one magic, and what cannot be found."""
    listed = (await kernel.run("%lsmagic")).stdout
    assert "%time" in listed
    assert "%%html" in listed
    assert "| `%time CODE`" in _shown(await kernel.run("%help"))["text/markdown"]
    assert _shown(await kernel.run("%help time"))["text/plain"].startswith("%time CODE\n")
    assert "Did you mean %time?" in (await kernel.run("%help tme")).traceback


async def test_restart_forgets_the_variables_and_keeps_the_files(kernel: RunningKernel) -> None:
    """Within one cell, too."""
    ran = await kernel.run(
        "var gone = 1; require('node:fs').writeFileSync('kept.txt', '');\n%restart\n"
        "[typeof gone, require('node:fs').existsSync('kept.txt')]"
    )
    assert "restarted" in ran.stdout
    assert _text(ran) == "[ 'undefined', true ]"


async def test_the_timeout_is_shown_and_set(kernel: RunningKernel) -> None:
    """From 1 to 220 s, as the service has it."""
    assert "may take 220 s" in (await kernel.run("%timeout")).stdout
    assert "may take 30 s" in (await kernel.run("%timeout 30")).stdout
    for wrong in ("0", "221", "x"):
        assert (await kernel.run(f"%timeout {wrong}")).error["ename"] == "MagicError"
    assert "may take 30 s" in (await kernel.run("%timeout")).stdout


async def test_the_runtime_is_shown_and_changed(kernel: RunningKernel) -> None:
    """Another way of running cells has a fresh session; the same way keeps it."""
    assert "rich mode (runtime rich)" in (await kernel.run("%runtime")).stdout
    ran = await kernel.run("var here = 1;\n%runtime auto\ntypeof here")
    assert "rich mode (runtime auto)" in ran.stdout
    assert _text(ran) == "'number'"
    ran = await kernel.run("%runtime plain\ntypeof here")
    assert "plain mode (runtime plain)" in ran.stdout
    assert ran.text == "'undefined'"
    assert "%runtime rich" in (await kernel.run("%who")).traceback
    assert "no runtime 'fast'" in (await kernel.run("%runtime fast")).traceback
    ran = await kernel.run("%runtime rich\nawait Promise.resolve(3)")
    assert _text(ran) == "3"
