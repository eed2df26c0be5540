"""Module syntax rewritten for REPL mode, and run by Node."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from acajs_kernel.cell.imports import rewrite_modules
from tests.cell.judge import Judge

TERMINATORS = re.compile("\r\n|[\n\r\u2028\u2029]")


class Case(NamedTuple):
    """A cell, an expression evaluated after it, and that expression's value."""

    source: str
    then: str
    value: object


BINDINGS = [
    Case('import d from "m"', "d", "default of m"),
    Case('import d from "m";', "d", "default of m"),
    Case("import d from 'm';", "d", "default of m"),
    Case('import{a}from"m"', "a", "a of m"),
    Case('import {a, b} from "m";', "[a, b]", ["a of m", "b of m"]),
    Case('import {a as b} from "m";', "b", "a of m"),
    Case('import {a, b as c,} from "m";', "[a, c]", ["a of m", "b of m"]),
    Case('import {default as d} from "m";', "d", "default of m"),
    Case('import {"x-y" as z} from "m";', "z", "x-y of m"),
    Case('import {as as as} from "m";', "as", "as of m"),
    Case('import {as} from "m";', "as", "as of m"),
    Case('import from from "m";', "from", "default of m"),
    Case('import type from "m";', "type", "default of m"),
    Case('import {type} from "m";', "type", "type of m"),
    Case('import * as ns from "m";', "ns.q", "q of m"),
    Case('import*as ns from"m"', "ns.q", "q of m"),
    Case('import d, {a} from "m";', "[d, a]", ["default of m", "a of m"]),
    Case('import d,{a as b,c}from"m";', "[d, b, c]", ["default of m", "a of m", "c of m"]),
    Case('import d, {} from "m";', "d", "default of m"),
    Case('import d, * as ns from "m";', "[d, ns.q]", ["default of m", "q of m"]),
    Case('import d,*as ns from"m"', "[d, ns.q]", ["default of m", "q of m"]),
    Case('import {} from "m";', "asked", ["m"]),
    Case('import "m";', "asked", ["m"]),
    Case('import "m"', "asked", ["m"]),
    Case('import"m"', "asked", ["m"]),
    Case('import "m"\n(1)', "asked", ["m"]),
    Case('import "m" /* c */ // d\n\n  [1].length', "asked", ["m"]),
    Case('import "m" with {type: "json"}\n`t`', "asked[0].options.with.type", "json"),
    Case('import "a"; import "b"; import "c"', "asked", ["a", "b", "c"]),
    Case('import d, {\n  a,\n  b as c, // why\n} from "m";', "[d, a, c].length", 3),
    Case('import {\n  a /* one\n two */ as\n b\n} from "m";', "b", "a of m"),
    Case('import // first\n* // second\nas // third\nns // fourth\nfrom "m"', "ns.q", "q of m"),
    Case('import\nd\nfrom\n"m"\n', "d", "default of m"),
    Case('/* x */ import d from "m"; // y', "d", "default of m"),
    Case('import d from "m"\n;[d].length', "d", "default of m"),
    Case('import d from "m"\n[1].map(String)', "d", "default of m"),
    Case('import d from "m" // no semicolon\n(1)', "d", "default of m"),
    Case('import d from "m" /* over\nlines */ (1)', "d", "default of m"),
    Case('var f = String\nimport d from "m"', "d", "default of m"),
    Case('import d from "m"; var e = d + "!"', "e", "default of m!"),
    Case('"use strict"\nimport d from "m"', "d", "default of m"),
    Case('#!/usr/bin/env node\nimport d from "m"', "d", "default of m"),
    Case('\ufeffimport d from "m"', "d", "default of m"),
    Case('import d from "m"\r\nvar e = 1\r\n', "d", "default of m"),
    Case('import d from "m"\u2028var e = 1', "d", "default of m"),
    Case('var s = "😀"; import d from "m"; var e = "é" + d', "e", "édefault of m"),
    Case('import d from "./dir/\\"q\\".js"', "d", 'default of ./dir/"q".js'),
    Case("import d from 'node:fs'", "d", "default of node:fs"),
    Case(
        'import d from "m" with {type: "json"};',
        "asked",
        [{"specifier": "m", "options": {"with": {"type": "json"}}}],
    ),
    Case(
        'import d, * as ns from "m" with {"type": "json"}',
        "[d, ns.q, asked[0].options.with.type]",
        ["default of m", "q of m", "json"],
    ),
    Case('import "m" with {type: "css"}', "asked[0].options.with.type", "css"),
    Case('import d from "m"\nwith\n{type:\n"json"}', "asked[0].options.with.type", "json"),
    Case('import d from "m" with {}', "asked[0].options", {"with": {}}),
    Case('import d from "m" assert {type: "json"};', "asked[0].options.with.type", "json"),
    Case('import d from "m"\nvar assert = 1', "[d, assert]", ["default of m", 1]),
    Case('import assert from "m"', "assert", "default of m"),
]

EXPRESSIONS = [
    Case('var p = import("m")', "p.then((m) => m.a)", "a of m"),
    Case('var p = (await import("m")).a', "p", "a of m"),
    Case('var {a} = await import("m")', "a", "a of m"),
    Case('var p = await import\n("m")', "p.a", "a of m"),
    Case(
        'await import("m", {with: {type: "json"}})',
        "asked",
        [{"specifier": "m", "options": {"with": {"type": "json"}}}],
    ),
    Case('var f = async () => (await import("m")).a', "f()", "a of m"),
    Case("async function f(n) { return (await import(n)).a }", 'f("q")', "a of q"),
    Case('class A { static f() { return import("m") } }', "A.f().then((m) => m.a)", "a of m"),
    Case('var s = `${(await import("m")).a} import("n")`', "s", 'a of m import("n")'),
    Case('var s = `${`${(await import("m")).a}`}`', "s", "a of m"),
    Case("var s = 'import(\"m\")'", "s", 'import("m")'),
    Case('var s = /import("m")/.source', "s", 'import("m")'),
    Case('// import("m")\n/* import.meta */ var s = 1', "s", 1),
    Case('var s = "import d from \\"m\\""', "s", 'import d from "m"'),
    Case("var s = `\nimport d from 'm'\nexport {d}\n`", "s", "\nimport d from 'm'\nexport {d}\n"),
    Case('var o = {import: (x) => x}; var s = o.import("m")', "s", "m"),
    Case('class A { import(x) { return x } }; var s = new A().import("m")', "s", "m"),
    Case("var s = import.meta.url", "s", "meta:url"),
    Case("var s = import\n.meta\n.url", "s", "meta:url"),
    Case("var f = () => import.meta.url", "f()", "meta:url"),
    Case("var {url} = import.meta", "url", "meta:url"),
    Case("function F() { this.n = new.target === F && import.meta.url }", "new F().n", "meta:url"),
]

EXPORTS = [
    Case("export const a = 1, b = 2;", "[a, b]", [1, 2]),
    Case("export let a = 1", "a", 1),
    Case("export var a = 1", "a", 1),
    Case("export function f() { return 1 }", "f()", 1),
    Case("export async function f() { return 1 }", "f()", 1),
    Case("export function* f() { yield 1 }", "[...f()]", [1]),
    Case("export class A { x = 1 }", "new A().x", 1),
    Case("export default function f() { return 1 }", "f()", 1),
    Case("export default async function f() { return 1 }", "f()", 1),
    Case("export default class A { x = 1 }", "new A().x", 1),
    Case("var f = 1\nexport default function () {}\n(1)", "f", 1),
    Case("var f = 1\nexport default class {}\n[1]", "f", 1),
    Case("var s = String\nexport {s}\n(1)", "s === String && 1", 1),
    Case("var a = 1; export {a, a as b}; var c = 2", "a + c", 3),
    Case("const a = 1, b = 2;\nexport {\n  a,\n  b as c,\n};", "a + b", 3),
    Case("export {}", "1", 1),
    Case('export {a, b as c} from "m"; var d = 1', "[asked, d]", [["m"], 1]),
    Case('export * from "m"\n[1].length', "asked", ["m"]),
    Case('export * from "m"\n(1)', "asked", ["m"]),
    Case('export * as q from "m"', "asked", ["m"]),
    Case('export {default} from "m"', "asked", ["m"]),
    Case('export {\n  a\n} from "m" with {type: "json"}', "asked[0].options.with.type", "json"),
    Case("export const u = import.meta.url", "u", "meta:url"),
    Case('export const {a} = await import("m")', "a", "a of m"),
    Case("export\nconst a = 1", "a", 1),
]

RESULTS = [
    Case("export default 1 + 1", "", 2),
    Case("export default {a: 1}", "", {"a": 1}),
    Case("export default {a: 1};", "", {"a": 1}),
    Case("export\ndefault\n[1]\n", "", [1]),
    Case('export default (await import("m")).a', "", "a of m"),
    Case("export default import.meta.url", "", "meta:url"),
    Case("var f = String\nexport default [1]", "", [1]),
    Case('5\nimport "m"', "", 5),
    Case('import d from "m"\nd', "", "default of m"),
    Case('export * from "m"', "", None),
    Case("const a = 1\nexport {a}", "", None),
    Case("1\nexport {}", "", 1),
]

ALL = BINDINGS + EXPRESSIONS + EXPORTS + RESULTS


def lines(text: str) -> list[str]:
    """Split a text where JavaScript ends lines."""
    return TERMINATORS.split(text)


@pytest.mark.parametrize("case", BINDINGS + EXPRESSIONS + EXPORTS, ids=lambda c: c.source[:50])
def test_a_rewritten_cell_binds_what_the_module_would(case: Case, judge: Judge) -> None:
    """The names that a cell imports or exports have their values in the next cell."""
    cell, then = judge.run(rewrite_modules(case.source), f"await {case.then}")
    assert "error" not in cell
    assert then == {"value": case.value}


@pytest.mark.parametrize("case", RESULTS, ids=lambda c: c.source[:50])
def test_a_rewritten_cell_has_the_right_result(case: Case, judge: Judge) -> None:
    """Imports and declarations have no value; a default export's expression has its own."""
    assert judge.run(rewrite_modules(case.source)) == [{"value": case.value}]


@pytest.mark.parametrize("case", ALL, ids=lambda c: c.source[:50])
def test_no_line_moves_and_a_second_time_changes_nothing(case: Case) -> None:
    """The number of lines stays, and rewritten code is left alone."""
    rewritten = rewrite_modules(case.source)
    assert len(lines(rewritten)) == len(lines(case.source))
    assert TERMINATORS.findall(rewritten) == TERMINATORS.findall(case.source)
    assert rewrite_modules(rewritten) == rewritten


@pytest.mark.parametrize("case", BINDINGS[:20], ids=lambda c: c.source[:50])
def test_a_cell_with_imports_may_run_again(case: Case, judge: Judge) -> None:
    """Imported names can be bound again by the same cell."""
    code = rewrite_modules(case.source)
    first, second, then = judge.run(code, code, case.then)
    assert first == second
    assert then == {"value": case.value}


def test_lines_without_module_syntax_keep_their_columns() -> None:
    """Other lines come out as they went in, character by character."""
    source = (
        'const x = 1\n  import {\n a } from "m"\n\tlet é = 2 // import\nexport default x\n  y()'
    )
    before, after = lines(source), lines(rewrite_modules(source))
    assert [after[i] for i in (0, 3, 5)] == [before[i] for i in (0, 3, 5)]
    assert after[1:3] == ["  const {", ' a } = await __acajs_import__("m");']


def test_declarations_keep_their_columns_behind_export() -> None:
    """The word `export` becomes as many spaces."""
    assert rewrite_modules("export const a = 1") == "       const a = 1"
    assert rewrite_modules("export default class A {}") == "               class A {}"


@pytest.mark.parametrize("case", BINDINGS + EXPORTS, ids=lambda c: c.source[:50])
def test_stacks_name_the_cells_own_lines(case: Case, judge: Judge) -> None:
    """An error thrown below rewritten code has the line where it stands in the cell."""
    source = f"{case.source}\n;throw new Error('here')"
    (outcome,) = judge.run(rewrite_modules(source))
    expected = len(re.split("\r\n|[\n\r\u2028\u2029]", source))
    assert outcome == {"error": "Error: here", "line": expected}


@pytest.mark.parametrize(
    ("source", "error", "line"),
    [
        ('import a from "m"\nlet x = ;', "Unexpected token ';'", 2),
        ('let y = 1\nlet x = (1;\nimport a from "m"', "Unexpected token ';'", 2),
        ("export const a = 1\nfoo bar", "Unexpected identifier", 2),
        ("export const a = (1;\n", "Unexpected token ';'", 1),
        ('import a from "m"\nlet y = (1;\n', "Unexpected token ';'", 2),
        ('import a from "m" foo', "Unexpected identifier", 1),
        ('import {a from "m"', "Cannot use import statement outside a module", 1),
        ('if (1) {\n import a from "m" }', "Cannot use import statement outside a module", 2),
        ('import {default} from "m"', "Cannot use import statement outside a module", 1),
        ('import {a, a} from "m"', "Identifier 'a' has already been declared", 1),
        ('import.defer("m")', "Unexpected identifier", 1),
    ],
)
def test_v8_reports_the_cells_own_syntax_error(
    source: str, error: str, line: int, judge: Judge
) -> None:
    """A broken cell gives V8's message for what is broken, on its line."""
    (outcome,) = judge.run(rewrite_modules(source))
    assert re.fullmatch(f"SyntaxError: .*(?:{error}).*", outcome["error"])
    assert outcome["line"] == line


@pytest.mark.parametrize(
    "source",
    [
        "",
        "const a = 1",
        'const s = "import"',
        "// export nothing",
        "let imports = 1, exports_ = 2",
        'x.import("m"); x.export',
        "import",
        "import defer * as ns from 'm'",
        "import source x from 'm'",
        "function f() {\nimport a from 'm'",
    ],
)
def test_what_needs_no_rewriting_comes_back_itself(source: str) -> None:
    """The very same object is returned."""
    assert rewrite_modules(source) is source


def test_a_large_cell_is_rewritten_within_five_seconds() -> None:
    """Ten thousand imports among ten thousand lines take less than five seconds."""
    source = 'import a from "m"; await import("n")\nlet x = {a: [1, 2, 3]}\n' * 10_000
    began = time.monotonic()
    assert rewrite_modules(source).count("__acajs_import__") == 20_000
    assert time.monotonic() - began < 5


SPACE = st.sampled_from([" ", "  ", "\t", "\n", " /* c */ ", " // c\n", "/* c\n */", "\r\n"])
NAME = st.sampled_from(["a", "b1", "$c", "_d", "as", "from", "of", "é", "type", "assert"])
STRING = st.sampled_from(['"m"', "'./m.js'", '"@a/b"', '"é\\n"'])


@st.composite
def import_statements(draw: st.DrawFn) -> str:
    """Draw an import statement of any form in any layout, which ends its line."""

    def space() -> str:
        return draw(SPACE)

    def specifier() -> str:
        name = draw(NAME)
        if draw(st.booleans()):
            exported = draw(st.sampled_from([name, "default", '"x-y"']))
            return f"{exported}{space()}as{space()}{name}"
        return name

    def named() -> str:
        parts = [specifier() for _ in range(draw(st.integers(0, 3)))]
        trailing = draw(st.booleans())
        comma = "," if parts and trailing else ""
        return "{" + space() + f"{space()},{space()}".join(parts) + comma + space() + "}"

    namespace = f"*{space()}as{space()}{draw(NAME)}"
    default = draw(NAME)
    clause: str = draw(
        st.sampled_from(["", default, "named", "namespace", "default,named", "default,namespace"])
    )
    clause = clause.replace("named", named()).replace("namespace", namespace)
    if clause.startswith("default,"):
        clause = clause.replace("default,", f"{default}{space()},{space()}", 1)
    source = draw(STRING)
    attributes = draw(st.sampled_from(["", ' with {type: "json"}', '/**/with{ "a" : "b" }']))
    end = draw(st.sampled_from([";", " ;", "", " // end", " /* end */"])) + "\n"
    if not clause:
        return f"import{space()}{source}{attributes}{end}"
    return f"import{space()}{clause}{space()}from{space()}{source}{attributes}{end}"


STATEMENTS = st.sampled_from(
    [
        "foo()\n",
        "x = y\n",
        "(1);\n",
        "[1]\n",
        "`t ${1} import('x')`\n",
        "/re/g\n",
        "var q = `\nimport x from 'y'\n`;\n",
        "if (x) { y() }\n",
        "label: for (;;) break label\n",
        "var z = import('x')\n",
        "await import('x');\n",
        "import.meta.url\n",
        "function f() { return import.meta }\n",
        "export {}\n",
        "export const [k, l] = [1, 2]\n",
        "export default { a: 1 }\n",
        "export default function () {}\n",
        "export * from 'x'\n",
        "// import\n",
        "/* export\n */\n",
        '"😀 import"\n',
        "\n",
    ]
)
PLAIN = st.text("abc()[]{}`'\"/*=;.,:\n $é😀\ud800<>!0", max_size=60)


@given(st.lists(st.one_of(import_statements(), STATEMENTS), max_size=6).map("".join))
@example('import a /* c */ from "m"\n')
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_random_modules_stay_parseable(judge: Judge, source: str) -> None:
    """What parses as a module parses when rewritten; lines stay, twice is once."""
    rewritten = rewrite_modules(source)
    assert TERMINATORS.findall(rewritten) == TERMINATORS.findall(source)
    assert rewrite_modules(rewritten) == rewritten
    before, after = judge.are_modules([source, rewritten])
    if before:
        assert after
        bare = re.sub(r"//.*|/\*[\s\S]*?\*/|`[\s\S]*?`|'[^']*'|\"[^\"]*\"", "", rewritten)
        assert not re.search(r"\b(import|export)\b", bare)


@given(st.lists(st.one_of(PLAIN, import_statements(), STATEMENTS), max_size=6).map("".join))
@settings(deadline=None)
def test_random_text_keeps_its_lines(source: str) -> None:
    """Whatever a cell holds, nothing raises and no line moves."""
    rewritten = rewrite_modules(source)
    assert TERMINATORS.findall(rewritten) == TERMINATORS.findall(source)


@given(PLAIN)
def test_text_without_module_syntax_is_returned_itself(source: str) -> None:
    """Without the words there is nothing to rewrite."""
    assert rewrite_modules(source) is source
