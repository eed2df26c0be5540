"""The kernel in plain mode: a real kernel process, a real client, an embedded pool."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest

from tests.kernel_client import RunningKernel, running_kernel


async def test_printed_text_and_value_arrive_in_this_order(plain_kernel: RunningKernel) -> None:
    """Stdout and stderr come as streams, then the value as the result."""
    ran = await plain_kernel.run("console.log('out'); console.error('err'); 6 * 7")
    assert ran.types == ["stream", "stream", "execute_result"]
    assert (ran.stdout, ran.stderr, ran.text) == ("out\n", "err\n", "42")
    assert ran.reply["status"] == "ok"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("1 + 1", "2"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("true", "true"),
        ("null", "null"),
        ("'text'", "'text'"),
        ("[1, 2, 3]", "[ 1, 2, 3 ]"),
        ("({a: 1, b: 'x'})", "{ a: 1, b: 'x' }"),
        ("[]", "[]"),
        ("({})", "{}"),
        ("10n", "10n"),
        ("NaN", "NaN"),
        ("new Map([[1, 2]])", "Map(1) { 1 => 2 }"),
        ("[...Array(30).keys()].join('')", "'01234567891011121314151617181920212223242526272829'"),
    ],
)
async def test_values_look_as_in_node(
    shared_plain_kernel: RunningKernel, code: str, text: str
) -> None:
    """A value's text is what Node prints for it, whatever JSON made of it on the way."""
    assert (await shared_plain_kernel.run(code)).text == text


@pytest.mark.parametrize("code", ["undefined", "const quiet = 1", "''.length ? 1 : undefined"])
async def test_an_undefined_value_shows_nothing(
    shared_plain_kernel: RunningKernel, code: str
) -> None:
    """There is no result message where there is no value."""
    assert (await shared_plain_kernel.run("{" + code + "}")).types == []


async def test_an_image_is_shown_as_one(shared_plain_kernel: RunningKernel) -> None:
    """A PNG given to the executor arrives as image/png."""
    pixel = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
        "rkJggg=="
    )
    ran = await shared_plain_kernel.run(f"$$.png('{pixel}')")
    assert ran.data["image/png"] == pixel
    assert "image/png" in ran.data["text/plain"]


async def test_a_failing_cell_gives_an_error_with_the_cells_own_frames(
    shared_plain_kernel: RunningKernel,
) -> None:
    """Name, message and stack come as an error, what was printed before as streams."""
    ran = await shared_plain_kernel.run(
        "console.log('before'); console.error('trouble');\nthrow new RangeError('too far')"
    )
    assert (ran.error["ename"], ran.error["evalue"]) == ("RangeError", "too far")
    assert "evalmachine.<anonymous>:2" in ran.traceback
    assert "node:" not in ran.traceback
    assert (ran.stdout, ran.stderr) == ("before\n", "trouble\n")
    assert ran.reply["ename"] == "RangeError"


async def test_variables_stay_from_cell_to_cell(shared_plain_kernel: RunningKernel) -> None:
    """All cells of a notebook share one session."""
    await shared_plain_kernel.run("var kept = {count: 1}")
    await shared_plain_kernel.run("kept.count += 1")
    assert (await shared_plain_kernel.run("kept.count")).text == "2"


async def test_silent_cells_run_without_a_trace(shared_plain_kernel: RunningKernel) -> None:
    """A silent request publishes nothing and has no number."""
    before = (await shared_plain_kernel.run("0")).reply["execution_count"]
    ran = await shared_plain_kernel.run("var silently = 5; console.log('x'); silently", silent=True)
    assert ran.types == []
    after = await shared_plain_kernel.run("silently")
    assert (after.text, after.reply["execution_count"]) == ("5", before + 1)


async def test_cells_outside_the_history_have_no_number(shared_plain_kernel: RunningKernel) -> None:
    """store_history false and empty cells leave the execution count alone."""
    before = (await shared_plain_kernel.run("0")).reply["execution_count"]
    await shared_plain_kernel.run("1", store_history=False)
    empty = await shared_plain_kernel.run("  \n ")
    assert empty.reply["status"] == "ok"
    assert (await shared_plain_kernel.run("2")).reply["execution_count"] == before + 1


async def test_cells_queued_behind_a_failed_one_are_aborted(
    shared_plain_kernel: RunningKernel,
) -> None:
    """stop_on_error drops what was sent already, and only that."""
    client = shared_plain_kernel.client
    # Slow enough that the others are there when it fails.
    slow = "for (const end = Date.now() + 2000; Date.now() < end; );"
    failing = client.execute(f"{slow} throw new Error('stop here')")
    queued = [client.execute(f"var never{index} = 1") for index in range(5)]
    assert (await shared_plain_kernel.collect(failing)).reply["status"] == "error"
    for request in queued:
        assert (await shared_plain_kernel.collect(request)).reply["status"] == "aborted"
    ran = await shared_plain_kernel.run("[0, 1, 2, 3, 4].some((n) => 'never' + n in globalThis)")
    assert ran.text == "false"


async def test_stop_on_error_can_be_turned_off(shared_plain_kernel: RunningKernel) -> None:
    """Without stop_on_error the next cell runs."""
    client = shared_plain_kernel.client
    failing = client.execute("throw new Error('go on')", stop_on_error=False)
    following = client.execute("'ran'")
    await shared_plain_kernel.collect(failing)
    assert (await shared_plain_kernel.collect(following)).text == "'ran'"


async def test_an_interrupt_ends_the_wait_and_says_what_it_cannot_do(
    plain_kernel: RunningKernel,
) -> None:
    """Within 2 s the cell ends, and the message tells that the code may go on."""
    await plain_kernel.run("0")
    request = plain_kernel.client.execute("for (;;) {}")
    while (await plain_kernel.published(request))["msg_type"] != "execute_input":
        pass
    begun = time.monotonic()
    await plain_kernel.manager.interrupt_kernel()
    ran = await plain_kernel.collect(request)
    assert time.monotonic() - begun < 2
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert "may still be running" in ran.error["evalue"]


async def test_an_interrupt_when_idle_is_harmless(plain_kernel: RunningKernel) -> None:
    """Nothing is lost by interrupting an idle kernel."""
    await plain_kernel.run("var kept = 1")
    await plain_kernel.interrupt()
    assert (await plain_kernel.run("kept")).text == "1"


async def test_a_restarted_kernel_is_clean(plain_kernel: RunningKernel) -> None:
    """After "Restart kernel" the variables are gone and consts can be declared again."""
    await plain_kernel.run("const once = 1")
    await plain_kernel.manager.restart_kernel()
    await plain_kernel.client.wait_for_ready(timeout=60)
    ran = await plain_kernel.run("typeof once")
    assert ran.text == "'undefined'"


async def test_kernel_info_tells_language_and_pool(plain_kernel: RunningKernel) -> None:
    """Language info is complete, whether or not a cell has run."""
    request = plain_kernel.client.kernel_info()
    info = (await plain_kernel.collect(request)).reply
    language = info["language_info"]
    assert language["name"] == "javascript"
    assert language["mimetype"] == "text/javascript"
    assert language["file_extension"] == ".js"
    assert language["version"].split(".")[0].isdigit()
    assert "embedded" in info["banner"]
    assert {link["text"] for link in info["help_links"]} >= {"JavaScript (MDN)", "Node.js"}
    assert info["supported_features"] == []


async def test_shutdown_leaves_no_process(environment: dict[str, str]) -> None:
    """When the kernel has ended, its Node has too."""
    async with running_kernel(environment | {"ACAJS_RUNTIME": "plain"}) as kernel:
        node = int((await kernel.run("process.pid")).text or "0")
        assert psutil.pid_exists(node)
    await _gone(node)


async def test_a_killed_kernel_leaves_no_process(environment: dict[str, str]) -> None:
    """SIGKILL of the kernel ends its Node too, even one that never comes to rest."""
    async with running_kernel(environment | {"ACAJS_RUNTIME": "plain"}) as kernel:
        node = int((await kernel.run("process.pid")).text or "0")
        kernel.client.execute("for (;;) {}")
        psutil.Process(kernel.pid).kill()
        await _gone(node)


async def _gone(pid: int) -> None:
    """Wait until a process has ended."""
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"process {pid} is still there after 10 s")


async def test_a_name_that_is_declared_again_ends_in_an_error_with_a_remedy(
    shared_plain_kernel: RunningKernel,
) -> None:
    """The executor's own error comes first, unchanged, then what to do about it."""
    await shared_plain_kernel.run("const declaredOnce = 1; void 0")
    ran = await shared_plain_kernel.run("const declaredOnce = 2")
    evalue = "Identifier 'declaredOnce' has already been declared"
    assert (ran.error["ename"], ran.error["evalue"]) == ("SyntaxError", evalue)
    assert "use the rich runtime" in ran.traceback
