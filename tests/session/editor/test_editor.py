"""Completion and inspection: of the live session, and of what is known without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.cell.completion import wanted_expression
from acajs_kernel.pool import PoolClient
from acajs_kernel.session import Cell, Completions, Event, InputRequest
from acajs_kernel.session.editor import documentation
from acajs_kernel.session.editor.completing import known_completions
from acajs_kernel.session.editor.describing import describe, describe_known
from acajs_kernel.session.notebook import NotebookSession, SessionSettings
from tests.session.callbacks import Callbacks

_SETTINGS = SessionSettings(
    endpoint="",
    api_version="2024-02-02-preview",
    session_id="",
    token="",
    runtime="rich",
    timeout_seconds=60,
    keepalive_minutes=0,
)
_CELL = """
let hits = 0;
const thing = { alpha: 1, get beta() { hits++; return {} }, "x 'y'": 2, list: [{ inner: 1 }] };
class Shape { static make() {} area() {} }
/**
 * Adds two numbers.
 * @param {number} a the first
 */
function add(a, b) { return a + b }
"""


async def _refuse(_: str, __: InputRequest) -> str:
    raise AssertionError("no cell asks here")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def notebook() -> AsyncIterator[NotebookSession]:
    """Open a session that has run a cell."""
    events: list[Event] = []
    session = NotebookSession(
        _SETTINGS,
        key=b"key",
        frontend=Callbacks(
            on_event=lambda _, event: events.append(event),
            on_input=_refuse,
        ),
    )
    assert (await session.execute(Cell("1", _CELL, number=1))).error is None
    yield session
    await session.close(restart=False)


async def _complete(notebook: NotebookSession, marked: str) -> tuple[dict[str, str], Completions]:
    found = await notebook.complete(marked.replace("|", "", 1), marked.index("|"))
    return {match.text: match.type for match in found.matches}, found


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("'😀'; thing.al|", {"alpha": "property"}),
        ("thing.list[0].|", {"inner": "property"}),
        ('thing["x|', {"x 'y'": "property"}),
        ("thing['x|", {"x \\'y\\'": "property"}),
        ("add(1, 2).toF|", {"toFixed": "function"}),
        ("thi|", {"thing": "variable", "this": "keyword"}),
        ("Sha|", {"Shape": "class", "SharedArrayBuffer": "function"}),
        ("const local = 1; loc|", {"local": "variable"}),
        ("awai|", {"await": "keyword"}),
        ("const m = new Map(); m.se|", {"set": "function"}),
        ("import fs from 'node:fs'; fs.readFileS|", {"readFileSync": "function"}),
        ("import { readFileS| } from 'node:fs'", {"readFileSync": "function"}),
        ("require('node:fs/|')", {"node:fs/promises": "module"}),
        ("class A { go() { this.st| } stop() {} }", {"stop": "function"}),
        ("thing.beta.|", {}),
        ("nowhere.|", {}),
    ],
)
async def test_completions_come_from_the_live_session_and_the_text(
    notebook: NotebookSession, marked: str, expected: dict[str, str]
) -> None:
    """Members, keys, names, keywords, modules and exports, each with its type."""
    found, _ = await _complete(notebook, marked)
    own = {"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"}
    shown = {name: kind for name, kind in found.items() if name not in own and name[:2] != "to"}
    shown = {**{name: found[name] for name in expected if name in found}, **shown}
    shown.pop("valueOf", None)
    assert shown == expected


async def test_private_and_symbol_keys_are_left_out(notebook: NotebookSession) -> None:
    """Nobody can write them behind a dot, nor as a key in quotes."""
    cell = Cell("keys", "var keys = new (class { #hidden = 1; shown = 2; [Symbol('s')] = 3 })()")
    assert (await notebook.execute(cell)).error is None
    for marked in ("keys.|", "keys['|"):
        found, _ = await _complete(notebook, marked)
        assert "shown" in found
        assert not [name for name in found if "hidden" in name or "ymbol" in name or name == "s"]
    assert (await _complete(notebook, "keys.#h|"))[0] == {}


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("fs.readFileSync('pla|')", ["planets.csv", "plates/"]),
        ('await readFile("plates/d|', ["plates/dinner.json"]),
        ("import x from './plan|'", ["./planets.csv"]),
        ("console.log('pla|')", []),
    ],
)
async def test_file_names_are_completed_where_a_file_is_meant(
    notebook: NotebookSession, marked: str, expected: list[str]
) -> None:
    """In the strings of functions for files, and in relative paths; folders end in a slash."""
    make = (
        "require('fs').mkdirSync('plates', {recursive: true});"
        "require('fs').writeFileSync('plates/dinner.json', '1');"
        "require('fs').writeFileSync('planets.csv', 'x');"
    )
    assert (await notebook.execute(Cell(f"files of {marked}", make))).error is None
    found, _ = await _complete(notebook, marked)
    assert list(found) == expected


async def test_names_of_the_part_that_has_not_run_are_completed(notebook: NotebookSession) -> None:
    """Of the cell that is being written: variables, functions, classes, parameters."""
    text = (
        "const ownA = 1; let { ownB } = {}; function ownC(ownD) { const ownE = 1; return own| }"
        " class ownF {}"
    )
    found, _ = await _complete(notebook, text)
    assert set(found) == {"ownA", "ownB", "ownC", "ownD", "ownE", "ownF"}


async def test_the_texts_own_names_come_first_and_keywords_last(notebook: NotebookSession) -> None:
    """An empty prefix lists them all, globals between."""
    found, _ = await _complete(notebook, "const zebra = 1; |")
    names = list(found)
    assert names[0] == "zebra"
    assert names.index("zebra") < names.index("thing") < names.index("console")
    assert names.index("console") < names.index("while")


async def test_offsets_are_in_code_points(notebook: NotebookSession) -> None:
    """What is replaced is the prefix, wherever it stands."""
    _, found = await _complete(notebook, "'😀'; thing.al|pha; 1")
    assert (found.start, found.end) == (11, 13)


async def test_while_a_cell_runs_what_is_known_is_answered_at_once(
    notebook: NotebookSession,
) -> None:
    """Names of cells, builtins and keywords, without a request."""
    running = asyncio.ensure_future(
        notebook.execute(Cell("busy", "const during = 1; for (;;) {}", number=2))
    )
    await asyncio.sleep(0)
    found, _ = await _complete(notebook, "thi|")
    assert found == {"thing": "variable", "this": "keyword"}
    assert (await _complete(notebook, "duri|"))[0] == {"during": "variable"}
    assert "max" in (await _complete(notebook, "Math.|"))[0]
    shown = await notebook.inspect("Math.max", 8, 0)
    assert shown is not None
    assert not running.done()
    await notebook.interrupt()
    outcome = await running
    assert outcome.error is not None
    assert outcome.error.ename == "KeyboardInterrupt"


async def test_a_question_is_one_request(
    notebook: NotebookSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completion and inspection cost one execution each; where nothing can stand, none."""
    executions: list[object] = []
    execute = PoolClient.execute

    async def counted(self: PoolClient, *arguments: Any, **options: Any) -> Any:
        executions.append(arguments)
        return await execute(self, *arguments, **options)

    monkeypatch.setattr(PoolClient, "execute", counted)
    assert (await _complete(notebook, "thing.al|"))[0]
    assert len(executions) == 1
    assert await _inspect(notebook, "thing")
    assert len(executions) == 2
    assert not (await _complete(notebook, "// thing.al|"))[0]
    assert len(executions) == 2


async def _inspect(notebook: NotebookSession, code: str, detail: int = 0) -> dict[str, Any]:
    return dict(await notebook.inspect(code, len(code), detail) or {})


async def test_functions_are_described(notebook: NotebookSession) -> None:
    """Signature, comment and place; the source in detail."""
    shown = await _inspect(notebook, "add(1, ")
    assert shown["text/plain"].startswith("function add(a, b)\n\nAdds two numbers.\n@param")
    assert "Defined in In[1]:9" in shown["text/plain"]
    assert "return a + b" not in shown["text/plain"]
    assert "return a + b" in (await _inspect(notebook, "add", 1))["text/markdown"]


async def test_classes_and_values_are_described(notebook: NotebookSession) -> None:
    """Members of a class; type, size and preview of a value; getters are not run."""
    assert "**Members:** `area`" in (await _inspect(notebook, "Shape"))["text/markdown"]
    shown = await _inspect(notebook, "thing")
    assert shown["text/plain"].startswith("Object, 4 properties\n\n{ alpha: 1, beta: [Getter]")
    assert "hits" not in shown["text/plain"]
    assert (await _inspect(notebook, "hits"))["text/plain"] == "number\n\n0"
    assert await _inspect(notebook, "nowhere") == {}


@pytest.mark.parametrize(
    ("code", "path", "link"),
    [
        ("[].map", "Array.prototype.map", "Global_Objects/Array/map"),
        ("Math.PI", "Math.PI", "Global_Objects/Math/PI"),
        ("fs.readFileSync", "node:fs.readFileSync", "nodejs.org/api/fs.html"),
        ("import x from 'fs'; x.readFile", "node:fs.readFile", "nodejs.org/api/fs.html"),
        ("new Map(", "Map", "Global_Objects/Map"),
        ("new Map()", "Map", "Global_Objects/Map"),
    ],
)
async def test_builtins_are_described_with_a_line_and_a_link(
    notebook: NotebookSession, code: str, path: str, link: str
) -> None:
    """The session says which builtin it is; the text comes from our own data."""
    text = (await _inspect(notebook, code))["text/markdown"]
    entry = documentation.find(path)
    assert entry is not None
    assert entry.line in text
    assert link in text


def test_the_data_covers_the_commonest_builtins() -> None:
    """At least 300 with a line and a link, from each part of the platform; sources are named."""
    data = documentation._data()
    assert len(data["entries"]) >= 300
    assert {"typescript", "@types/node", "@mdn/browser-compat-data"} == {
        source.split()[0] for source in data["sources"]
    }
    for path in data["entries"]:
        entry = documentation.find(path)
        assert entry is not None
        assert entry.line
        assert entry.link.startswith("https://")
        assert len(entry.line) <= 200
    for path in (
        *("Array.prototype.reduce", "Array.from", "Object.entries", "String.prototype.replaceAll"),
        *("Math.max", "JSON.stringify", "Promise.all", "Map.prototype.get", "Set", "Date.now"),
        *("RegExp.prototype.exec", "Number.isInteger", "parseInt", "setTimeout", "fetch", "URL"),
        *("console.log", "process.cwd", "Buffer.from", "Symbol.iterator", "Reflect.ownKeys"),
        *("Proxy", "structuredClone", "node:fs.writeFileSync", "node:fs/promises.readFile"),
        *("node:path.join", "node:os.cpus", "node:crypto.randomUUID", "node:http.createServer"),
        *("node:child_process.execSync", "node:events.EventEmitter.prototype.on"),
        *("node:util.inspect", "TypedArray.prototype.map"),
    ):
        assert documentation.find(path) is not None, path


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("Math.ma", {"max": "function"}),
        ("'x'.padS", {"padStart": "function"}),
        ("[1].flatM", {"flatMap": "function"}),
        ("new Map().cle", {"clear": "function"}),
        ("import fs from 'fs'; fs.readFileS", {"readFileSync": "function"}),
        ("unknown.", {}),
        ("structuredCl", {"structuredClone": "function"}),
        ("earl", {"earlier": "variable"}),
        ("// Math.ma", {}),
    ],
)
def test_completions_without_a_session(code: str, expected: dict[str, str]) -> None:
    """Builtins from our data, names from the cells' texts."""
    found = known_completions(code, len(code), ["const earlier = 1"])
    assert {match.text: match.type for match in found.matches} == expected


def test_a_description_survives_backticks() -> None:
    """Code with fences in it does not end its own fence."""
    facts = {"kind": "function", "name": "f", "signature": "f()", "source": "```js"}
    shown = describe(facts, wanted_expression("f", 1), detail=1)
    assert shown is not None
    assert "````js\n```js\n````" in shown["text/markdown"]


def test_a_function_of_the_users_is_not_taken_for_a_builtin() -> None:
    """A function that has a builtin's name is described by itself."""
    facts = {
        "kind": "function",
        "name": "fetch",
        "signature": "function fetch()",
        "place": "In[1]:1",
    }
    shown = describe(facts, wanted_expression("fetch", 5), detail=0)
    assert shown is not None
    assert "MDN" not in shown["text/plain"]
    known = describe_known(wanted_expression("fetch", 5))
    assert known is not None
    assert "MDN" in known["text/plain"]
