"""What the runtime shows, as it arrives at a frontend: displays, charts, images, progress."""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.runtime.bundling import bundle
from tests.kernel_client import Ran, RunningKernel, running_kernel

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[RunningKernel]:
    """Start one kernel in rich mode for all tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    async with running_kernel(clean | {"ACAJS_RUNTIME": "rich"}) as running:
        yield running


def _content(ran: Ran, *types: str) -> list[Any]:
    return [message["content"] for message in ran.messages if message["msg_type"] in types]


def _text(ran: Ran) -> str:
    return _ANSI.sub("", ran.text or "")


def test_the_program_that_travels_is_ascii() -> None:
    """The agent hands the runner's program on as ASCII: other characters would be damaged."""
    assert bundle("runner.js").isascii()


# ---- display


async def test_a_display_is_updated_until_it_is_closed(kernel: RunningKernel) -> None:
    """The handle replaces what is shown, under one id; a closed one changes nothing more."""
    ran = await kernel.run(
        "const shown = display(Jupyter.html`<b>1</b>`, {display_id: 'own', metadata: {a: 1}});\n"
        "shown.update(Jupyter.md`**2**`); shown.close(); shown.update(3);"
    )
    assert ran.types == ["display_data", "update_display_data"]
    first, second = _content(ran, "display_data", "update_display_data")
    assert first["data"] == {"text/html": "<b>1</b>", "text/plain": "<b>1</b>"}
    assert first["metadata"] == {"a": 1}
    assert second["data"]["text/markdown"] == "**2**"
    assert first["transient"] == second["transient"] == {"display_id": "own"}


async def test_a_later_cell_updates_a_display_as_a_deno_notebook_does(
    kernel: RunningKernel,
) -> None:
    """``display(…, {display_id, update: true})`` updates instead of showing again."""
    await kernel.run("await Jupyter.display(1, {display_id: 'deno'})")
    ran = await kernel.run("await Jupyter.display(2, {display_id: 'deno', update: true}); null")
    assert ran.types == ["update_display_data", "execute_result"]


async def test_a_handle_as_the_cells_value_shows_nothing_more(kernel: RunningKernel) -> None:
    """``display(value)`` at a cell's end is no result, but can be kept."""
    ran = await kernel.run("display('x')")
    assert ran.types == ["display_data"]
    assert len(_content(ran, "display_data")[0]["transient"]["display_id"]) > 0


async def test_a_cell_waits_for_displays_that_come_later(kernel: RunningKernel) -> None:
    """What an asynchronous display method gives is shown before the cell's end."""
    ran = await kernel.run(
        "display({async [Symbol.for('Jupyter.display')]() {\n"
        "  await new Promise((resolve) => setTimeout(resolve, 50));\n"
        "  return {'text/html': 'late'};\n"
        "}}); 1"
    )
    assert sorted(ran.types) == ["display_data", "execute_result"]
    assert _content(ran, "display_data")[0]["data"]["text/html"] == "late"


async def test_an_interrupt_ends_the_wait_for_a_display(kernel: RunningKernel) -> None:
    """A display method that never gives its bundle does not hold the kernel."""
    request = kernel.client.execute(
        "console.log('on'); display({[Symbol.for('Jupyter.display')]: () => new Promise(() => 0)})"
    )
    await kernel.until(request, "on")
    await kernel.manager.interrupt_kernel()
    assert (await kernel.collect(request)).error["ename"] == "KeyboardInterrupt"
    assert _text(await kernel.run("6 * 7")) == "42"


async def test_clear_removes_what_was_shown(kernel: RunningKernel) -> None:
    """``Jupyter.clear`` is Jupyter's message, in order."""
    ran = await kernel.run("display(1); Jupyter.clear({wait: true}); display(2)")
    assert ran.types == ["display_data", "clear_output", "display_data"]
    assert _content(ran, "clear_output") == [{"wait": True}]


async def test_broadcast_publishes_any_message_but_the_kernels_own(kernel: RunningKernel) -> None:
    """Type and content go out as they are; a false ``status`` would end the cell."""
    ran = await kernel.run("await Jupyter.broadcast('own_type', {a: [1]})")
    assert _content(ran, "own_type") == [{"a": [1]}]
    ran = await kernel.run("await Jupyter.broadcast('status', {execution_state: 'idle'})")
    assert ran.error["ename"] == "TypeError"


# ---- the namespace


@pytest.mark.parametrize(
    ("code", "mime", "value"),
    [
        ("Jupyter.html`<i>${1}${undefined}</i>`", "text/html", "<i>1</i>"),
        ("Jupyter.html('<i>')", "text/html", "<i>"),
        ("Jupyter.html`<p>${Jupyter.html`<b>`}</p>`", "text/html", "<p><b></p>"),
        ("Jupyter.md`# ${2}`", "text/markdown", "# 2"),
        ("Jupyter.svg`<svg/>`", "image/svg+xml", "<svg/>"),
        (r"Jupyter.latex`\frac{1}{${2}}`", "text/latex", r"$\displaystyle \frac{1}{2}$"),
        (r"Jupyter.latex`$\alpha$`", "text/latex", r"$\alpha$"),
        ("Jupyter.json({a: [1]})", "application/json", {"a": [1]}),
        (f"Jupyter.image(Buffer.from('{_PNG}', 'base64'))", "image/png", _PNG),
        (f"Jupyter.image('data:image/png;base64,{_PNG}')", "image/png", _PNG),
        (f"Jupyter.image(new Blob([Buffer.from('{_PNG}', 'base64')]))", "image/png", _PNG),
        (
            f"require('fs').writeFileSync('i.png', '{_PNG}', 'base64'); Jupyter.image('i.png')",
            "image/png",
            _PNG,
        ),
        (
            "Jupyter.image('https://a.b/c?d=\"<', {width: 5})",
            "text/html",
            '<img src="https://a.b/c?d=&quot;&lt;" width="5">',
        ),
        ("({[Jupyter.$display]: () => ({'x/own': 1})})", "x/own", "1"),
    ],
)
async def test_values_of_the_namespace_are_shown_as_their_type(
    kernel: RunningKernel, code: str, mime: str, value: object
) -> None:
    """Each function makes a value of one MIME type, with a plain text beside it."""
    ran = await kernel.run(code)
    assert ran.data[mime] == value
    assert ran.data["text/plain"]


async def test_images_have_a_size_and_others_are_refused(kernel: RunningKernel) -> None:
    """Width and height are the bundle's metadata; what is no image is a TypeError."""
    ran = await kernel.run(f"Jupyter.image(Buffer.from('{_PNG}', 'base64'), {{width: 40}})")
    assert _content(ran, "execute_result")[0]["metadata"] == {"image/png": {"width": 40}}
    assert "Jupyter.image takes" in (await kernel.run("Jupyter.image([1])")).error["evalue"]


async def test_format_gives_the_bundle_itself(kernel: RunningKernel) -> None:
    """``Jupyter.format`` is what would be shown."""
    ran = await kernel.run("Object.keys(await Jupyter.format([{a: 1}])).join()")
    assert _text(ran) == "'text/html,text/plain'"


async def test_a_table_takes_columns_and_a_limit(kernel: RunningKernel) -> None:
    """``Jupyter.table`` shows chosen columns of as many rows as are wanted."""
    ran = await kernel.run(
        "Jupyter.table([{a: 1, b: '<'}, {a: 2, b: 3}], {columns: ['b'], limit: 1})"
    )
    html = ran.data["text/html"]
    assert "&lt;" in html
    assert "1 of 2 rows" in html
    assert ">a<" not in html


async def test_options_of_inspect_hold_for_later_cells(kernel: RunningKernel) -> None:
    """Depth and colours of plain texts are the user's, until they are changed back."""
    await kernel.run("Jupyter.inspectOptions = {depth: 0, colors: false}; null")
    assert (await kernel.run("({a: {b: 1}})")).text == "{ a: [Object] }"
    await kernel.run("Jupyter.inspectOptions = {}; null")
    assert "\x1b[" in ((await kernel.run("1")).text or "")


# ---- progress


async def test_progress_is_updated_in_place_at_most_ten_times_a_second(
    kernel: RunningKernel,
) -> None:
    """A busy loop of many steps sends few updates, the last of which says it is done."""
    ran = await kernel.run(
        "for (const item of Jupyter.progress(Array(100_000).fill(0), {label: '<steps>'})) item;"
        "const begun = Date.now();\n"
        "const bar = Jupyter.progress(1e9);\n"
        "while (Date.now() - begun < 350) bar.increment();\n"
        "bar.done(); null"
    )
    shown = _content(ran, "display_data")
    updates = _content(ran, "update_display_data")
    assert len(shown) == 2
    first, second = (content["transient"]["display_id"] for content in shown)
    counts = [
        sum(u["transient"]["display_id"] == each for u in updates) for each in (first, second)
    ]
    assert 1 <= counts[0] <= 60
    assert 1 <= counts[1] <= 6
    last = [u for u in updates if u["transient"]["display_id"] == first][-1]["data"]
    assert re.search(r"^<steps> █{30} 100% · 100,000 of 100,000 · ", last["text/plain"])
    assert "&lt;steps&gt;" in last["text/html"]


async def test_progress_shows_its_last_state_without_a_further_step(kernel: RunningKernel) -> None:
    """An update that came too soon is shown when its time has come."""
    ran = await kernel.run(
        "const slow = Jupyter.progress(10); slow.update(4);\n"
        "await new Promise((resolve) => setTimeout(resolve, 250)); null"
    )
    (update,) = _content(ran, "update_display_data")
    assert "40% · 4 of 10" in update["data"]["text/plain"]


async def test_progress_wraps_iterables_also_asynchronous_ones(kernel: RunningKernel) -> None:
    """Iterated it yields what it was made of; leaving early ends it."""
    ran = await kernel.run(
        "const seen = [];\n"
        "for await (const x of Jupyter.progress((async function* () { yield 1; yield 2; })()))\n"
        "  seen.push(x);\n"
        "for (const x of Jupyter.progress(new Set([3, 4]))) { seen.push(x); break; }\n"
        "for (const x of Jupyter.progress(2)) seen.push(x);\n"
        "seen.join()"
    )
    assert _text(ran) == "'1,2,3,0,1'"


# ---- notebooks of IJavascript


async def test_an_asynchronous_cell_ends_with_what_is_sent(kernel: RunningKernel) -> None:
    """``$$.async()`` holds the cell until a result is sent; the first one wins."""
    ran = await kernel.run(
        "const mine = $$; mine.async();\n"
        "setTimeout(() => { console.log('before'); mine.done({a: 1}); mine.text('lost'); }, 30); 5"
    )
    assert ran.types == ["stream", "execute_result"]
    assert _text(ran) == "{ a: 1 }"


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("$$.text('raw'); 5", {"text/plain": "raw"}),
        ("$$.html('<b>')", {"text/html": "<b>", "text/plain": "<b>"}),
        ("$$.svg('<svg/>')", {"image/svg+xml": "<svg/>", "text/plain": "[image/svg+xml]"}),
        (f"$$.png('{_PNG}')", {"image/png": _PNG, "text/plain": "[image/png]"}),
        ("$$.jpeg('aaaa')", {"image/jpeg": "aaaa", "text/plain": "[image/jpeg]"}),
        ("$$.json({a: 1})", {"application/json": {"a": 1}, "text/plain": "[application/json]"}),
        ("$$.mime({'text/plain': 'p', 'x/y': 'z'})", {"text/plain": "p", "x/y": "z"}),
        ("$$.html(Promise.resolve('<i>'))", {"text/html": "<i>", "text/plain": "<i>"}),
        ("$$html$$ = '<u>'", {"text/html": "<u>", "text/plain": "<u>"}),
        (
            "$$async$$ = true; setTimeout(() => $$done$$('x'))",
            {"text/plain": "\x1b[32m'x'\x1b[39m"},
        ),
        ("$$.sendResult({_toHtml: () => 'h'})", None),
    ],
)
async def test_the_functions_of_ijavascript_send_their_type(
    kernel: RunningKernel, code: str, data: dict[str, object] | None
) -> None:
    """Each of ``$$``'s functions ends the cell with a result of its type."""
    ran = await kernel.run(code)
    assert ran.types == ["execute_result"]
    if data is None:
        assert ran.data["text/html"] == "h"
    else:
        assert ran.data == data


async def test_errors_that_are_sent_fail_the_cell(kernel: RunningKernel) -> None:
    """``$$.sendError``, a promise that rejects, and an error thrown after ``$$.async()``."""
    for code in (
        "$$.async(); setTimeout(() => $$.sendError(new RangeError('sent')))",
        "$$.html(Promise.reject(new RangeError('sent')))",
        "$$.async(); throw new RangeError('sent')",
    ):
        error = (await kernel.run(code)).error
        assert (error["ename"], error["evalue"]) == ("RangeError", "sent")


async def test_results_that_keep_the_cell_alive_are_shown_at_once(kernel: RunningKernel) -> None:
    """With ``keepAlive`` a result is one of several."""
    ran = await kernel.run("$$.text('one', true); setTimeout(() => $$.text('two'), 20)")
    assert ran.types == ["display_data", "execute_result"]


async def test_the_displays_of_ijavascript_are_updated_by_id(kernel: RunningKernel) -> None:
    """``$$.display(id)`` shows once and then updates; without an id it shows each time."""
    ran = await kernel.run(
        "const d = $$.display('ij'); d.html('<b>'); d.text('t'); d.close(); d.text('u');\n"
        "const e = $$.display(); e.png('aaaa'); e.mime({'x/y': 'z'}); $$.clear({wait: true}); null"
    )
    assert ran.types == [
        "display_data",
        "update_display_data",
        "display_data",
        "display_data",
        "clear_output",
        "execute_result",
    ]
    assert [c["transient"] for c in _content(ran, "update_display_data")] == [{"display_id": "ij"}]


async def test_ijavascript_asks_for_input(kernel: RunningKernel) -> None:
    """``$$.input`` calls back with the line, and gives a promise of it."""
    request = kernel.client.execute(
        "$$.input({prompt: 'Name?', password: true}, (error, line) => $$.done(line + '!'))"
    )
    asked = await kernel.client.get_stdin_msg(timeout=30)
    assert asked["content"] == {"prompt": "Name?", "password": True}
    kernel.client.input("Ada")
    assert _text(await kernel.collect(request)) == "'Ada!'"


async def test_promises_are_awaited_where_ijavascript_is_told_so(kernel: RunningKernel) -> None:
    """``$$.config.awaitExecution`` makes a cell's promise its value."""
    await kernel.run("$$.config.awaitExecution = true; null")
    try:
        assert _text(await kernel.run("Promise.resolve(7)")) == "7"
        assert (await kernel.run("Promise.reject(new URIError('u'))")).error["ename"] == "URIError"
    finally:
        await kernel.run("$$.config.awaitExecution = false; null")
    assert _text(await kernel.run("Promise.resolve(7)")) == "Promise { 7 }"


async def test_a_mimer_of_the_users_decides_what_is_shown(kernel: RunningKernel) -> None:
    """``$$mimer$$`` makes the bundles, and can hand on to the usual one."""
    await kernel.run(
        "$$mimer$$ = (v) => v === 1 ? {'text/html': 'one'} : $$defaultMimer$$(v); null"
    )
    try:
        assert (await kernel.run("1")).data["text/html"] == "one"
        assert _text(await kernel.run("2")) == "2"
    finally:
        await kernel.run("$$mimer$$ = undefined; null")


async def test_an_asynchronous_cell_is_interrupted(kernel: RunningKernel) -> None:
    """A cell that never sends its result ends with an interrupt, and keeps its variables."""
    request = kernel.client.execute("var held = $$; held.async(); console.log('waiting')")
    await kernel.until(request, "waiting")
    await kernel.manager.interrupt_kernel()
    assert (await kernel.collect(request)).error["ename"] == "KeyboardInterrupt"
    ran = await asyncio.wait_for(kernel.run("held.text('too late'); 8"), 30)
    assert _text(ran) == "8"


async def test_a_dollar_name_of_the_users_own_wins(kernel: RunningKernel) -> None:
    """``$$`` can be declared and assigned like any other name."""
    try:
        assert _text(await kernel.run("globalThis.$$ = 5; $$")) == "5"
    finally:
        ran = await kernel.run("delete globalThis.$$; 1")
    assert _text(ran) == "1"


# ---- size


async def test_an_image_of_five_megabytes_arrives_whole(kernel: RunningKernel) -> None:
    """Bytes that begin as a PNG are shown whole, however many pieces they travel in."""
    ran = await kernel.run(
        f"Buffer.concat([Buffer.from('{_PNG}', 'base64'), Buffer.alloc(5_000_000, 'ab')])"
    )
    shown = base64.b64decode(ran.data["image/png"])
    assert shown == base64.b64decode(_PNG) + b"ab" * 2_500_000
    assert len(ran.data["text/plain"]) < 100


async def test_no_global_is_named_deno(kernel: RunningKernel) -> None:
    """Packages take a global of that name for the platform, and would call what is not there."""
    ran = await kernel.run("[typeof Deno, 'Deno' in globalThis, typeof Jupyter.display].join()")
    assert _text(ran) == "'undefined,false,function'"


# ---- real packages


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_documents_canvases_and_encoders_from_npm_are_shown(
    environment: dict[str, str],
) -> None:
    """Elements of jsdom, a canvas that draws, and bytes that sharp has made."""
    async with running_kernel(environment | {"ACAJS_RUNTIME": "rich"}) as kernel:
        await kernel.run(
            "require('node:child_process').execSync('npm install --no-save --no-audit --no-fund "
            "--loglevel=error jsdom@24 @napi-rs/canvas@0.1 sharp@0.33', {stdio: 'pipe'})",
            seconds=300,
        )
        await kernel.run(
            "import { JSDOM } from 'jsdom'; import canvas from '@napi-rs/canvas';"
            " import sharp from 'sharp'; const { document } = new JSDOM('').window;"
        )
        ran = await kernel.run(
            "const note = document.createElement('p'); note.textContent = '<1>'; note"
        )
        assert ran.data["text/html"] == "<p>&lt;1&gt;</p>"
        ran = await kernel.run(
            "const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');"
            " svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'rect')); svg"
        )
        assert "<rect" in ran.data["image/svg+xml"]
        ran = await kernel.run(
            "const drawn = canvas.createCanvas(30, 20);"
            " drawn.getContext('2d').fillRect(0, 0, 9, 9); drawn"
        )
        assert _png_size(ran) == (30, 20)
        ran = await kernel.run(
            "await sharp({create: {width: 40, height: 10, channels: 3, background: 'red'}})"
            ".png().toBuffer()"
        )
        assert _png_size(ran) == (40, 10)


def _png_size(ran: Ran) -> tuple[int, int]:
    """Return width and height as the PNG's header states them."""
    content = base64.b64decode(ran.data["image/png"])
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
