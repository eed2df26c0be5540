"""Names that later cells declare again, evaluated by V8."""

from __future__ import annotations

import pytest

from acajs_kernel.cell.declarations import Declarations
from acajs_kernel.cell.repl import for_repl
from tests.cell.judge import Judge, Outcome

# Ways to declare `x`, with a value that has a number in it.
WAYS = {
    "var": "var x = N",
    "var without a value": "var x; x = N",
    "var among others": "var other1 = 0, x = N, other2",
    "var in a pattern": "var {a: [x]} = {a: [N]}",
    "var in a block": "{ var x = N }",
    "var in a branch": "if (true) var x = N; else var x = 0",
    "var in a try": "try { throw N } catch (e) { var x = e }",
    "var in a switch": "switch (1) { case 1: var x = N }",
    "var in a loop": "for (var x = 0; x < N; x++);",
    "var of a loop": "for (var x of [0, N]);",
    "var in a loop over keys": "for (var x in {N: 1});",
    "var in a pattern of a loop": "for (var [x, other3] of [[N]]);",
    "var with a label": "label: var x = N",
    "let": "let x = N",
    "let without a value": "let x\nx = N",
    "let among others": "let other4 = 0, x = N, other5",
    "let in a pattern": "let [x = N] = []",
    "const": "const x = N",
    "const among others": "const other6 = 0, x = N",
    "const in a pattern": "const {x, ...other7} = {x: N, y: 1}",
    "class": "class x { static n = N }",
    "class of a class": "class x extends Array { n = N }",
    "function": "function x(a, b) { return N }",
    "function used before": "other8 = x(); function x() { return N }",
    "async function": "async function x() { return N }",
    "generator": "function* x() { yield N }",
    "async generator": "async function* x() { yield N }",
    "import": 'import x from "N"',
    "named import": 'import {y as x} from "N"',
    "import of all": 'import * as x from "N"',
    "export": "export const x = N",
    "default export": "export default function x() { return N }",
    "strict": '"use strict"; var x = N',
}
_CONSTANTS = {way for way in WAYS if way.startswith(("const", "import", "named import", "export"))}
_READ = "function read() { return /7\\d\\d/.exec(String(typeof x === 'object' ? x.q : x))[0] }"
_REFUSED = "TypeError: Assignment to constant variable."


class Notebook:
    """Cells that are rewritten as a session does it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._declarations = Declarations()
        self._cells: list[str] = []

    def cell(self, source: str) -> None:
        """Add a cell."""
        code = self._declarations.admit(for_repl(source))
        assert code.count("\n") == source.count("\n")
        self._cells.append(code)

    def run(self) -> list[Outcome]:
        """Run all cells, and return how each has ended."""
        return self._judge.run(*self._cells)


@pytest.mark.parametrize("first", WAYS)
def test_any_name_is_declared_again_in_any_way(judge: Judge, first: str) -> None:
    """Code of earlier cells sees the new value, and constants alone cannot be assigned to."""
    for second in WAYS:
        notebook = Notebook(judge)
        notebook.cell(_READ)
        ways = (first, second, first, second, second)
        for number, way in enumerate(ways, start=701):
            notebook.cell(WAYS[way].replace("N", str(number)))
            notebook.cell("read()")
            notebook.cell(f"x = {number + 50}")
            notebook.cell("read()")
        outcomes = notebook.run()
        assert "error" not in outcomes[0]
        for index, way in enumerate(ways):
            number = 701 + index
            declared, seen, assigned, then = outcomes[1 + 4 * index : 5 + 4 * index]
            assert declared.get("error") is None, (first, second, declared)
            assert seen == {"value": str(number)}, (first, second, index)
            if way in _CONSTANTS:
                assert assigned.get("error") == _REFUSED, (first, second, index)
            else:
                assert assigned == {"value": number + 50}, (first, second, index)
            expected = number if way in _CONSTANTS else number + 50
            assert then == {"value": str(expected)}, (first, second, index)


@pytest.mark.parametrize(
    "assignment",
    [
        "k = 2",
        "(k) = 2",
        "k += 2",
        "k ??= (other = 1, 2); k &&= 2",
        "k++",
        "--k",
        "[k] = [2]",
        "[...k] = [2]",
        "[[k = 3]] = [[]]",
        "({k} = {k: 2})",
        "({k = 3} = {})",
        "({a: k} = {a: 2})",
        "({a: {b: [k]}, ...rest} = {a: {b: [2]}})",
        "for (k of [2]);",
        "for (k in {a: 1});",
        "for ([k] of [[2]]);",
        "for (k = 0; k < 1;) break",
        "(() => { k = 2 })()",
        "(function () { { k = 2 } })()",
        "class A { static { k = 2 } }",
        "class B { static m = (k = 2) }",
        "const n = k = 2",
        "let m = [k = 2]",
        "await (async () => { k = await 2 })()",
        "[...(function* () { k = yield 2 })()]",
        "(a => { if (a) k = 2; else k = 3 })(1)",
        "(a = (k = 2)) => a; k = l = 2",
    ],
)
def test_what_assigns_to_a_constant_throws(judge: Judge, assignment: str) -> None:
    """In its own cell and in later ones, in every form, on the line of the assignment."""
    for constant in ("const k = 1", "var k; let z", 'import k from "1"'):
        is_constant = not constant.startswith("var")
        for cells in ([constant, f"\n{assignment}"], [f"{constant};\n{assignment}"]):
            notebook = Notebook(judge)
            for cell in ("var l, other, rest", *cells, "String(k)"):
                notebook.cell(cell)
            *_, ended, value = notebook.run()
            if is_constant:
                assert ended == {"error": _REFUSED, "line": 2}
                assert str(value["value"])[-1:] == "1"
            else:
                assert "error" not in ended


@pytest.mark.parametrize(
    "code",
    [
        "(() => { let k = 1; k = 2; return k })()",
        "((k) => { k = 2; return k })(1)",
        "{ let k = 1; k = 2; k }",
        "for (let k = 0; k < 2; k++) k; 2",
        "(function k() { var k; k = 2; return k })()",
        "try { throw 1 } catch (k) { k = 2; k }",
        "var o = {k: 1}; o.k = 2; ({k: o.k} = {k: 2}); o.k",
    ],
)
def test_names_of_functions_and_blocks_are_no_constants(judge: Judge, code: str) -> None:
    """A constant of the top level forbids nothing where its name means something else."""
    notebook = Notebook(judge)
    notebook.cell("const k = 1")
    notebook.cell(code)
    notebook.cell("k")
    assert notebook.run()[1:] == [{"value": 2}, {"value": 1}]


@pytest.mark.parametrize("again", sorted(WAYS))
def test_a_name_whose_cell_failed_is_declared_again(judge: Judge, again: str) -> None:
    """A cell that threw before its constant had a value leaves the name free."""
    declarations = Declarations()
    cells = [declarations.admit("const x = nothing.at.all")]
    declarations.threw()
    cells += [declarations.admit(for_repl(WAYS[again].replace("N", "701"))), _READ, "read()"]
    assert judge.run(*cells)[-1] == {"value": "701"}


@pytest.mark.parametrize(
    "code",
    [
        "let x = 1; let x = 2",
        "const x = 1; const x = 2",
        "const x",
        "const x = 1, y",
        "x; const x = 1",
        "let x = x",
        "const x = 1; let x = 2",
    ],
)
def test_mistakes_within_a_cell_stay_mistakes(judge: Judge, code: str) -> None:
    """V8 says of one cell what it always says."""
    notebook = Notebook(judge)
    notebook.cell(code)
    (rewritten,), (plain,) = notebook.run(), judge.run(code)
    assert rewritten["error"] == plain["error"]


def test_a_declaration_has_no_value(judge: Judge) -> None:
    """A cell that declares a name again shows nothing, and what stood before it is its value."""
    notebook = Notebook(judge)
    for cell in ("var x = 1", "let x = 2", "5; const x = 3", "var y; class x {}", "let z = 1"):
        notebook.cell(cell)
    notebook.cell("6; var z = 2")
    notebook.cell("var z = z + 40, x = 1; z")
    assert [outcome.get("value") for outcome in notebook.run()] == [
        None,
        None,
        5,
        None,
        None,
        6,
        42,
    ]


def test_directives_stay_first(judge: Judge) -> None:
    """What is put before the statements comes behind `"use strict"`."""
    notebook = Notebook(judge)
    notebook.cell("let f = 1")
    notebook.cell('#!/usr/bin/node\n"use strict"; // why\nfunction f() { return this } f()')
    notebook.cell("f() === undefined")
    assert notebook.run()[1:] == [{"value": None}, {"value": True}]


def test_a_new_runtime_knows_no_names() -> None:
    """After a restart a name is declared for the first time."""
    declarations = Declarations()
    declarations.admit("var x = 1; const y = 1")
    declarations.clear()
    assert declarations.admit("let x = 1; y = 2") == "let x = 1; y = 2"


def test_a_refused_cell_brings_back_no_names_of_a_runtime_that_is_gone() -> None:
    """The runtime was replaced while the cell was under way."""
    declarations = Declarations()
    declarations.admit("const x = 1")
    declarations.admit("let y = 2")
    declarations.clear()
    declarations.refused()
    assert declarations.admit("var x = 3") == "var x = 3"
