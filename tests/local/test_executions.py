"""Running code over the REST API, in both families."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from acajs_kernel.local import executor, interpreter, session_process
from acajs_kernel.local.executions import execution_result

from .conftest import NEW, OLD, Api, error_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

Fresh = Callable[..., Api]

UNTIL_FILE = """$$.async(); {
  const mine = $$, timer = setInterval(() => {
    if (require("fs").existsSync("NAME")) { clearInterval(timer); mine.done(); }
  }, 2);
}"""


async def test_tutorial_exchange_has_exactly_the_documented_answer(fresh: Fresh) -> None:
    """The tutorial's code gives the tutorial's answer, field by field."""
    answer = await fresh(OLD).execute('console.log("hello-world")')
    properties = answer.json()["properties"]
    assert isinstance(properties.pop("executionTimeInMilliseconds"), int)
    assert properties == {
        "status": "Success",
        "stdout": "hello-world\n",
        "stderr": "",
        "executionResult": "",
    }
    assert list(answer.json()) == ["properties"]


async def test_newer_family_has_its_own_answer(fresh: Fresh) -> None:
    """The newer family answers with id, identifier, type, status and result."""
    api = fresh(NEW)
    content = (await api.execute("1 + 1")).json()
    assert content.pop("id")
    assert content["result"].pop("executionTimeInMilliseconds") >= 0
    assert content == {
        "identifier": api.identifier,
        "executionType": "Synchronous",
        "status": "Succeeded",
        "result": {"stdout": "", "stderr": "", "executionResult": 2},
    }


async def test_support_headers_are_sent_and_the_guid_is_not_the_identifier(api: Api) -> None:
    """Answers carry the headers that the vendor's support asks for."""
    answer = await api.execute("1")
    assert answer.headers["operation-id"]
    assert answer.headers["x-ms-execution-request-time"]
    assert answer.headers["x-ms-session-guid"] not in {"", api.identifier}


async def test_variables_persist_between_executions(api: Api) -> None:
    """Executions of one session share one global context."""
    await api.run("globalThis.kept = 41")
    assert (await api.run("kept + 1"))["executionResult"] == 42


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("undefined", ""),
        ("null", None),
        ("-1.5", -1.5),
        ("true", True),
        ("'text'", "'text'"),
        ("$$.text('[1,{\"a\":null}]')", [1, {"a": None}]),
        ("$$.text('plain words')", "plain words"),
        ("$$.text('NaN')", "NaN"),
        ("$$.text('1e999')", "1e999"),
        ("$$.text('\"\\\\ud800\"')", "\ud800"),
        ("$$.html('<b>x</b>')", ""),
        ("$$.png('aGk=')", {"type": "image", "format": "png", "base64_data": "aGk="}),
        ("$$.async(); setImmediate(() => $$.sendResult(7)); 3", 7),
    ],
)
async def test_result_has_the_type_that_its_text_has(api: Api, code: str, expected: object) -> None:
    """The text of a result that is JSON becomes the JSON value, any other stays text."""
    result = await api.run(code)
    assert result["executionResult"] == expected
    assert result["status"] in {"Success", "Succeeded"}


@pytest.mark.parametrize(
    ("mime", "expected"),
    [
        ({}, ""),
        ({"image/jpeg": "AA"}, {"type": "image", "format": "jpeg", "base64_data": "AA"}),
        ({"image/png": "AA", "text/plain": "a picture"}, "a picture"),
        ({"image/svg+xml": "<svg/>"}, ""),
        ({"text/plain": "[" * 100_000}, "[" * 100_000),
        ({"text/plain": "9" * 5000}, "9" * 5000),
    ],
)
async def test_result_of_a_bundle(mime: dict[str, object], expected: object) -> None:
    """Images come as objects when there is no text; hostile texts stay texts."""
    assert execution_result(mime) == expected


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("console.log('before'); console.error('oops'); nope()", "ReferenceError: nope"),
        (
            "console.log('before'); console.error('oops'); throw new TypeError('bad')",
            "TypeError: bad",
        ),
    ],
)
async def test_failure_keeps_output_and_puts_the_error_into_stderr(
    api: Api, code: str, name: str
) -> None:
    """A failing cell is a Failure with stdout kept, then stderr, then the traceback."""
    result = await api.run(code)
    assert result["status"] in {"Failure", "Failed"}
    assert result["stdout"] == "before\n"
    assert result["stderr"].startswith("oops\n")
    assert name in result["stderr"]
    assert result["executionResult"] == ""


async def test_syntax_error_shows_where_it_is(api: Api) -> None:
    """V8's arrow stands before the name of a syntax error."""
    stderr = (await api.run("let let"))["stderr"]
    assert stderr.startswith("evalmachine.<anonymous>:1\nlet let\n")
    assert "\nSyntaxError: " in stderr


async def test_thrown_value_that_is_no_error_is_a_failure(api: Api) -> None:
    """Throwing a string fails with that string in stderr."""
    result = await api.run("throw 'just words'")
    assert result["status"] in {"Failure", "Failed"}
    assert "just words" in result["stderr"]


async def test_streams_are_cut_in_the_newer_family_only(fresh: Fresh) -> None:
    """/executions cuts at outputStreamsMaxLength, 4096 by default; /code/execute does not."""
    code = "process.stdout.write('x'.repeat(5000)); process.stderr.write('y'.repeat(5000))"
    old = await fresh(OLD).run(code)
    assert (len(old["stdout"]), len(old["stderr"])) == (5000, 5000)
    api = fresh(NEW)
    new = await api.run(code)
    assert (len(new["stdout"]), len(new["stderr"])) == (4096, 4096)
    wide = await api.run(code, outputStreamsMaxLength=4999)
    assert (len(wide["stdout"]), len(wide["stderr"])) == (4999, 4999)
    none = await api.run(code, outputStreamsMaxLength=0)
    assert (none["stdout"], none["stderr"]) == ("", "")
    for version in ("2024-10-02-preview", "2025-02-02-preview"):
        before = await fresh(version).run(code, outputStreamsMaxLength=4999)
        assert (len(before["stdout"]), len(before["stderr"])) == (4096, 4096), "no such field yet"


async def test_result_is_never_cut(api: Api) -> None:
    """A long text result arrives whole in both families."""
    assert len((await api.run("$$.text('z'.repeat(300000))"))["executionResult"]) == 300_000


async def test_executions_run_one_after_another_in_order_of_arrival(fresh: Fresh) -> None:
    """Eight executions sent at once never overlap and keep their order."""
    api = fresh(NEW)
    await api.run("globalThis.log = []")
    codes = [
        f"$$.async(); {{ const mine = $$; log.push('+{n}'); "
        f"setTimeout(() => {{ log.push('-{n}'); mine.done(); }}, 2); }}"
        for n in range(8)
    ]
    await asyncio.gather(*(api.run(code) for code in codes))
    result = await api.run("$$.text(JSON.stringify(log))")
    assert result["executionResult"] == [f"{sign}{n}" for n in range(8) for sign in "+-"]


async def test_sessions_run_beside_each_other(fresh: Fresh) -> None:
    """One session's endless execution does not keep another session waiting."""
    stuck, other = fresh(), fresh()
    endless = asyncio.ensure_future(stuck.execute("for(;;){}", 220))
    assert (await other.run("1 + 1"))["executionResult"] == 2
    assert not endless.done()
    await stuck.send("DELETE", "/session")
    assert error_of(await endless) == (409, "SessionStopped")


async def test_time_limit_answers_408_and_later_executions_wait(fresh: Fresh) -> None:
    """At its limit a request gets 408; the code goes on, and later ones wait behind it."""
    api = fresh()
    first, second = await asyncio.gather(
        api.execute("console.log(1); for(;;){}", 1), api.execute("globalThis.ran = true", 1)
    )
    assert error_of(first) == error_of(second) == (408, "ExecutionTimeout")
    assert "was not run" in second.json()["error"]["message"]
    assert "was not run" not in first.json()["error"]["message"]


async def test_session_is_usable_again_when_late_code_ends(fresh: Fresh) -> None:
    """Code that ends after its limit frees the session; its output goes to nobody."""
    api = fresh()
    late = await api.execute(
        "$$.async(); globalThis.end = $$; const f = () => console.log('late');"
        "setTimeout(() => { f(); end.done(); }, 1300)",
        1,
    )
    assert late.status_code == 408
    assert await api.run("console.log('next')") | {"executionTimeInMilliseconds": 0} == {
        "status": "Succeeded",
        "stdout": "next\n",
        "stderr": "",
        "executionResult": "",
        "executionTimeInMilliseconds": 0,
    }


async def test_cancelled_request_that_has_not_begun_never_runs(fresh: Fresh) -> None:
    """Cancelling a queued request removes its code from the queue."""
    api = fresh()
    await api.run("globalThis.ran = []")
    blocking = asyncio.ensure_future(api.run(UNTIL_FILE.replace("NAME", "go")))
    queued = asyncio.ensure_future(api.run("ran.push('queued')"))
    await api.send("GET", "/files")  # by now both have arrived
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    await api.upload("go", b"")
    assert (await blocking)["status"] == "Succeeded"
    assert (await api.run("ran.length"))["executionResult"] == 0


async def test_process_exit_fails_at_once_and_says_what_to_do(fresh: Fresh) -> None:
    """After process.exit() this and later executions fail until the session is stopped."""
    api = fresh()
    began = time.monotonic()
    first = await api.run("console.log('bye'); process.exit(3)", 200)
    later = await api.run("1 + 1", 200)
    assert time.monotonic() - began < 60
    assert first["stdout"] == "bye\n"
    for result in (first, later):
        assert result["status"] == "Failed"
        assert "interpreter ended (exit code 3)" in result["stderr"]
        assert "Stop the session" in result["stderr"]
    assert (await api.send("DELETE", "/session")).status_code == 204
    assert (await api.run("1 + 1"))["executionResult"] == 2


async def test_crash_names_the_signal(fresh: Fresh) -> None:
    """An interpreter that dies by a signal is reported with the signal's name."""
    result = await fresh().run("process.kill(process.pid, 'SIGSEGV'); for(;;){}")
    assert "signal SIGSEGV" in result["stderr"]


async def test_uncaught_error_in_a_callback_is_in_stderr_and_the_cell_succeeds(
    fresh: Fresh,
) -> None:
    """An error in a callback counts as output of the execution that runs then."""
    result = await fresh().run(
        "$$.async(); { const mine = $$; setImmediate(() => {"
        "setImmediate(() => mine.done()); throw new Error('in callback'); }); }"
    )
    assert result["status"] == "Succeeded"
    assert "in callback" in result["stderr"]


@pytest.mark.parametrize(
    "change",
    [
        {"code": None},
        {"code": ""},
        {"code": 3},
        {"codeInputType": "file"},
        {"codeInputType": None},
        {"executionType": "asynchronous"},
        {"timeoutInSeconds": 0},
        {"timeoutInSeconds": 221},
        {"timeoutInSeconds": "5"},
        {"timeoutInSeconds": True},
        {"timeoutInSeconds": 1.5},
    ],
)
async def test_invalid_request_is_refused(api: Api, change: dict[str, object]) -> None:
    """A field that is missing or out of range gives 400."""
    body = api.body("1")
    fields = body["properties"] if api.is_old else body
    assert isinstance(fields, dict)
    fields.update(change)
    path = "/code/execute" if api.is_old else "/executions"
    answer = await api.send("POST", path, json=body)
    assert error_of(answer) == (400, "InvalidRequestContent")


@pytest.mark.parametrize("length", [-1, "many", 1.5])
async def test_invalid_output_length_is_refused(fresh: Fresh, length: object) -> None:
    """OutputStreamsMaxLength must be a whole number that is not negative."""
    answer = await fresh(NEW).execute("1", outputStreamsMaxLength=length)
    assert error_of(answer) == (400, "InvalidRequestContent")


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"{", "application/json", (400, "InvalidJson")),
        (b"[]", "application/json", (400, "InvalidJson")),
        (b"\xff\xfe", "application/json", (400, "InvalidJson")),
        (b"[" * 100_000, "application/json", (400, "InvalidJson")),
        (b"", "application/json; charset=utf-8", (400, "InvalidJson")),
        (b"{}", "application/json", (400, "InvalidRequestContent")),
        (b"{}", "text/plain", (415, "UnsupportedMediaType")),
        (b" " * (16 * 1024 * 1024 + 1), "application/json", (413, "RequestBodyTooLarge")),
    ],
    ids=["cut", "array", "not UTF-8", "deep", "empty", "no fields", "not JSON", "large"],
)
async def test_malformed_body_is_refused(
    api: Api, content: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    """A body that is no JSON object of a sane size gives 400, 413 or 415, never 500."""
    path = "/code/execute" if api.is_old else "/executions"
    answer = await api.send("POST", path, content=content, headers={"content-type": content_type})
    assert error_of(answer) == expected


async def test_lone_surrogate_in_code_is_no_error(api: Api) -> None:
    """JavaScript strings may hold halves of surrogate pairs; JSON may, too."""
    path = "/code/execute" if api.is_old else "/executions"
    content = json.dumps(api.body("'\ud800'.length")).encode()
    answer = await api.send(
        "POST", path, content=content, headers={"content-type": "application/json"}
    )
    content = answer.json()
    assert "1" in json.dumps(content)
    assert answer.status_code == 200


async def test_output_beyond_the_bound_is_dropped(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One execution's output cannot take more than a bound of the pool's memory."""
    monkeypatch.setattr(interpreter, "_MAXIMUM_STREAM_CHARACTERS", 1000)
    result = await fresh(OLD).run(
        "for (let i = 0; i < 300; i++) process.stdout.write('abcdefg'); 'end'"
    )
    assert result["stdout"] == ("abcdefg" * 300)[:1000]
    assert result["executionResult"] == "'end'"


async def test_message_beyond_the_bound_ends_the_session(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message too large to hold stops the session instead of taking all memory."""
    monkeypatch.setattr(session_process, "_MAXIMUM_MESSAGE_BYTES", 2_000_000)
    result = await fresh(OLD).run("$$.text('x'.repeat(8e6))")
    assert result["status"] == "Failure"
    assert "interpreter ended (signal SIGKILL)" in result["stderr"]


async def test_garbage_on_the_channel_is_skipped(
    fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    """User code that writes to the channel's descriptor does no harm but a warning."""
    garbage = '\'nonsense\\n[1]\\n\\xff\\n{"id":99,"end":true}\\n\''
    result = await fresh().run(f"require('fs').writeSync(3, {garbage}); console.log('on'); 5")
    assert (result["stdout"], result["executionResult"]) == ("on\n", 5)
    assert "not a message" in caplog.text


async def test_large_code_arrives_while_the_interpreter_is_not_reading(fresh: Fresh) -> None:
    """Megabytes of code sent to a busy interpreter neither block the pool nor get lost."""
    api = fresh()
    busy = "const end = Date.now() + 300; while (Date.now() < end);"
    await api.run(f"setTimeout(() => {{ {busy} }}, 0); undefined")
    large = asyncio.ensure_future(api.run(f"{json.dumps('é' * 2_000_000)}.length"))
    assert (await api.upload("meanwhile", b"")).status_code == 200
    assert (await large)["executionResult"] == 2_000_000


async def test_error_after_an_unfinished_line_of_stderr_starts_a_new_line(api: Api) -> None:
    """The traceback never runs into what the code wrote to stderr."""
    result = await api.run("process.stderr.write('no newline'); throw new Error('x')")
    assert result["stderr"].startswith("no newline\nevalmachine")


async def test_failure_inside_the_pool_is_500_with_the_usual_body(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error that nobody foresaw is logged, and answered without its details."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(executor, "parse_execution", fail)
    answer = await fresh().execute("1")
    assert error_of(answer) == (500, "InternalServerError")
    assert "unforeseen" not in answer.text
    assert "unforeseen" in caplog.text


async def test_fifty_megabytes_of_output_arrive_whole(
    fresh: Fresh, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output is never dropped or reordered, whatever its size."""
    began = time.perf_counter()
    result = await fresh(OLD).run(
        "for (let i = 0; i < 500; i++) process.stdout.write(String(i % 10).repeat(100000)); 'end'"
    )
    seconds = time.perf_counter() - began
    assert result["stdout"] == "".join(str(i % 10) * 100_000 for i in range(500))
    with capsys.disabled():
        print(f"\n50 MB of output: {seconds:.2f} s")  # noqa: T201 - a measurement to read


async def test_many_small_executions(fresh: Fresh, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred executions each give their own answer; the time is printed."""
    api = fresh()
    await api.run("0")
    began = time.perf_counter()
    for number in range(100):
        assert (await api.run(f"{number} + 1"))["executionResult"] == number + 1
    milliseconds = (time.perf_counter() - began) * 10
    with capsys.disabled():
        print(f"\nsmall execution: {milliseconds:.2f} ms")  # noqa: T201 - a measurement to read
