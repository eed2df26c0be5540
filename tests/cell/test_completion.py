"""What stands at the cursor of a cell that is being written."""

from __future__ import annotations

import pytest

from acajs_kernel.cell.completion import Wanted, wanted_at, wanted_expression
from acajs_kernel.cell.targets import MODULE


def _at(marked: str) -> Wanted:
    """Return what is wanted at the bar in a text."""
    return wanted_at(marked.replace("|", "", 1), marked.index("|"))


def _expressions(wanted: Wanted) -> list[str]:
    return [target.expression for target in wanted.targets]


@pytest.mark.parametrize(
    ("marked", "prefix", "expression"),
    [
        ("thing.al|", "al", "thing"),
        ("foo(thing.al|, 3)", "al", "thing"),
        ("if (x) { thing?.|", "", "thing"),
        ("f(1).b|", "b", "f(1)"),
        ("[1, 2].m|\nconst z = 1", "m", "[1, 2]"),
        ("`a`.to|", "to", "`a`"),
        ("'a'.to|", "to", "'a'"),
        ("new Map().|", "", "new Map()"),
        ("`a ${thing.|}`", "", "thing"),
        ("obj\n  .map(x => x)\n  .fi|", "fi", "obj\n  .map(x => x)"),
        ("const q = a ? b.c| : d", "c", "b"),
        ("x = {a: thing.|}", "", "thing"),
        ("thing.|\nfoo()", "", "thing"),
        ("await thing.|", "", "thing"),
        ("größe.|", "", "größe"),
        ("const { al| } = thing", "al", "thing"),
        ("this.|", "", "this"),
        ("a.b['c'][0].d|", "d", "a.b['c'][0]"),
        ("const broken = 'x\nthing.al|", "al", "thing"),
    ],
)
def test_members_are_those_of_the_expression_before_the_dot(
    marked: str, prefix: str, expression: str
) -> None:
    """Chains, calls, literals, optional chaining, unfinished text, patterns."""
    wanted = _at(marked)
    assert (wanted.kind, wanted.prefix) == ("member", prefix)
    assert _expressions(wanted)[0] == expression


@pytest.mark.parametrize(
    ("marked", "kind", "prefix"),
    [
        ('obj["al|', "key", "al"),
        ("obj['al|']; foo", "key", "al"),
        ('x = thing.list[0]["a|"]', "key", "a"),
        ("require('no|')", "module", "no"),
        ('import x from "node:f|"', "module", "node:f"),
        ("import './|", "module", "./"),
        ("export * from '|'", "module", ""),
        ("await import('fs|')", "module", "fs"),
        ("import { re| } from 'node:fs'", "export", "re"),
        ("const { re| } = require('fs')", "export", "re"),
        ("const { re| } = await import('fs')", "export", "re"),
        ("fs.readFileSync('da|')", "file", "da"),
        ("await readFile('da|", "file", "da"),
        ("const a = './x|'", "file", "./x"),
        ("new Worker('w|')", "file", "w"),
        ("%cd da|", "file", "da"),
        ('let y = "a\\"b|', "nothing", ""),
        ("// comm|", "nothing", ""),
        ("/* com|", "nothing", ""),
        ("`te|", "nothing", ""),
        ("/re|/", "nothing", ""),
        ("1.|", "nothing", ""),
        ("this.#p|", "nothing", ""),
        ("f('text|", "nothing", ""),
        ("|", "name", ""),
        ("typeof th|", "name", "th"),
    ],
)
def test_the_place_decides_what_is_completed(marked: str, kind: str, prefix: str) -> None:
    """Keys, modules, exports and files in strings; nothing in texts, comments and numbers."""
    wanted = _at(marked)
    assert (wanted.kind, wanted.prefix) == (kind, prefix)
    assert wanted.end - wanted.start == len(prefix)


@pytest.mark.parametrize(
    ("marked", "module", "expression"),
    [
        ("import fs from 'node:fs'; fs.|", "node:fs", MODULE),
        ("import * as p from 'node:path'; p.posix.|", "node:path", f"{MODULE}.posix"),
        ("import { promises as q } from 'fs'; q.|", "fs", f"{MODULE}.promises"),
        ("const fs = require('fs'); fs.|", "fs", f"({MODULE})"),
        ("const { promises: q } = require('fs'); q.|", "fs", f"({MODULE}).promises"),
        ("const fs = await import('fs'); fs.|", "fs", f"({MODULE})"),
        ("require('fs').|", "fs", MODULE),
    ],
)
def test_modules_that_the_cell_imports_are_known_before_it_runs(
    marked: str, module: str, expression: str
) -> None:
    """A name that an import declares stands for the module, or for what it exports."""
    target = _at(marked).targets[-1]
    assert (target.module, target.expression) == (module, expression)


def test_a_declared_name_stands_for_what_it_is_declared_with() -> None:
    """First the value of an earlier run, then the initialiser, through several names."""
    wanted = _at("const m = new Map([[1, 2]]); const n = m; n.|")
    assert _expressions(wanted) == ["n", "(m)", "((new Map([[1, 2]])))"]


def test_a_local_name_never_stands_for_a_global_of_the_same_name() -> None:
    """Parameters are unknown; a local constant is its initialiser only."""
    assert _expressions(_at("function f(a) { a.| }")) == []
    assert _expressions(_at("const a = 1; { const a = [2]; a.| }")) == ["([2])"]
    assert _expressions(_at("foo.bar((a) => a.|")) == []


def test_this_in_a_class_is_an_instance() -> None:
    """Methods behind the cursor are known too."""
    first, second = _expressions(_at("class A { go() { this.| } stop() {} }"))
    assert first.startswith("new (")
    assert second.endswith(").prototype")
    assert "stop() {}" in first
    assert _expressions(_at("const o = { m() { this.| } }")) == []


@pytest.mark.parametrize(
    ("marked", "names"),
    [
        ("function f(a, { b }, ...rest) { const loc = 1; | }", "a b f loc rest"),
        ("for (const item of list) { it| }", "item"),
        ("try {} catch (err) { er| }", "err"),
        ("alp|ha = 2; const alphabet = 1; class Alpine {}", "alphabet"),
        ("import d, { a as renamed, b } from 'm'; |", "b d renamed"),
        ("const [x, { y: [z] = [] }] = v; var w; |", "w x z"),
        ("if (a) { var hoisted = 1; let inner } |", "hoisted"),
        ("export const exported = 1;\nexport default class Named {}\n|", "Named exported"),
        ("const f = (x1) => { x| }", "x1"),
        ("x|\nfunction xLater() {}\nawait (", "xLater"),
    ],
)
def test_names_are_those_in_scope_that_the_cell_declares(marked: str, names: str) -> None:
    """Also what is declared below the cursor, and in text that does not parse."""
    assert sorted(binding.name for binding in _at(marked).names) == names.split()


def test_offsets_are_in_code_points() -> None:
    """Text outside of the basic plane before the cursor counts once a character."""
    wanted = _at("'😀'; thing.al|")
    assert (wanted.start, wanted.end) == (11, 13)


def test_names_that_are_imported_already_are_not_offered_again() -> None:
    """Between the braces of an import."""
    wanted = _at('import { readFile, | } from "node:fs"')
    assert wanted.written == {"readFile"}
    assert wanted.targets[0].module == "node:fs"


@pytest.mark.parametrize(
    ("marked", "expression"),
    [
        ("a.b|c + d", "a.bc"),
        ("f(g(1), |", "f"),
        ("add(1, |", "add"),
        ("name?|", "name"),
        ("a.b??|", "a.b"),
        ("new Map(|", "Map"),
        ("foo('x|')", "foo"),
        ("console.log|('x')", "console.log"),
        ("Math.ma|x(1, 2)", "Math.max"),
        ("x.y(1)|", "x.y"),
        ("[].ma|p", "[].map"),
        ("const t|hing = 1", "thing"),
        ("1 + |", None),
        ("// foo|", None),
        ("'str|'", None),
        ("for|", None),
        ("", None),
    ],
)
def test_inspection_is_of_the_name_at_the_cursor_or_of_the_function_called(
    marked: str, expression: str | None
) -> None:
    """The cursor may touch the name anywhere; else the innermost call around it counts."""
    cursor = marked.find("|") if "|" in marked else 0
    targets = wanted_expression(marked.replace("|", "", 1), cursor)
    assert (targets[0].expression if targets else None) == expression


@pytest.mark.parametrize("code", ["a" * 100_000 + ".", "(" * 3000, "'" * 3000, "a.b" * 5000])
def test_strange_text_is_answered(code: str) -> None:
    """No text takes long or fails."""
    assert wanted_at(code, len(code)).end == len(code)
    assert isinstance(wanted_expression(code, len(code)), tuple)
