"""Whether a cell is complete: agreed with Node's own REPL wherever it can tell."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acajs_kernel.cell.completeness import Completeness, check_completeness
from tests.cell.judge import Judge

TYPESCRIPT = [
    ("const a: number = 1", "complete"),
    ("interface A { x: number }", "complete"),
    ("enum C { A }", "complete"),
    ("function f(x: number) {", "incomplete"),
    ("interface A {\n  x: number", "incomplete"),
    ("class A<T> {\n  private x: T;", "incomplete"),
    ("const f = (x: number): string =>", "incomplete"),
    ("type X =", "incomplete"),
    ("f<number>(", "incomplete"),
    ("let x: number = ;", "invalid"),
    ("let x: number = 1)", "invalid"),
]

# Node's REPL gives the same verdict on each of these.
COMPLETE = [
    "",
    "  \n",
    "// c",
    "/* c */",
    "1",
    "1;",
    "x = 1",
    "a ? b : c",
    "foo(1)",
    "[1]",
    "{}",
    "({a: 1})",
    "`a ${b}`",
    "`a ${`b`}`",
    "/re/",
    "/[/]/",
    "a / b",
    "if (x) y",
    "if (x) {}",
    "if (x) {} else {}",
    "for (const x of y) z",
    "while (x) y",
    "do {} while (x)",
    "try {} catch {}",
    "switch (x) {}",
    "function f() {}",
    "async",
    "(a, b)",
    "() => {}",
    "class A {}",
    "let x",
    "let",
    "var x",
    "await",
    "await x",
    "const x = await foo()",
    "new Foo",
    "yield_",
    'import("m")',
    "a < b",
    "a < b > c",
    "x = y\n",
    "foo // c",
    '"use strict"',
    "#!/usr/bin/env node\n1",
    "#!/usr/bin/env node",
    "x++",
    "x = async",
    "(function () {})",
    "(async () => {\n  await 1\n})()",
    "debugger",
    "{ a }",
    "a\n",
    "foo`a`",
]

INCOMPLETE = [
    "/* c",
    "1 +",
    "x =",
    "x ==",
    "a &&",
    "a ||",
    "a ??",
    "a ?",
    "a ? b",
    "a ? b :",
    "a.",
    "a?.",
    "a,",
    "!",
    "-",
    "foo(",
    "foo(1",
    "foo(1,",
    "[",
    "[1",
    "[1,",
    "{",
    "{a: 1",
    "{a: 1,",
    "({",
    "({a",
    "({a:",
    "({a: 1}",
    "`a",
    "`a\nb",
    "`a ${",
    "`a ${b",
    "`a ${b}",
    "`a ${`b",
    "'a\\",
    "'a\\\n",
    '"a" +',
    "/re/.test(",
    "a /",
    "a / b /",
    "if",
    "if (",
    "if (x",
    "if (x)",
    "if (x) {",
    "if (x) y; else",
    "if (x) {} else {",
    "for",
    "for (",
    "for (;;",
    "for (;;)",
    "for (;;) {",
    "for (const x of",
    "for (const x of y",
    "for (const x of y)",
    "for await (const x of y) {",
    "while (",
    "while (x)",
    "do",
    "do {",
    "do {}",
    "do {} while",
    "do {} while (x",
    "try",
    "try {",
    "try {}",
    "try {} catch",
    "try {} catch (e",
    "try {} catch (e)",
    "try {} catch (e) {",
    "try {} finally",
    "switch",
    "switch (x",
    "switch (x)",
    "switch (x) {",
    "switch (x) { case",
    "switch (x) { case 1",
    "switch (x) { case 1:",
    "switch (x) { default",
    "function",
    "function f",
    "function f(",
    "function f(a",
    "function f(a, {b",
    "function f()",
    "function f() {",
    "function f() {\n  return 1",
    "function* g",
    "async function",
    "async function f() {\n  await x",
    "async (",
    "async () =>",
    "async x => {",
    "x =>",
    "(a, b) =>",
    "(a, b",
    "() => {",
    "x => (",
    "x => ({",
    "class",
    "class A",
    "class A extends",
    "class A extends B",
    "class A extends foo(",
    "class A {",
    "class A { x",
    "class A { x =",
    "class A { foo(",
    "class A { foo()",
    "class A { foo() {",
    "class A { get x",
    "class A { static {",
    "class A { #x = 1",
    "let x =",
    "let x = 1,",
    "let {a",
    "let {a}",
    "let {a} =",
    "let [a",
    "const x",
    "const x =",
    "const {a, b: {c",
    "function f() { return",
    "await foo(",
    "throw",
    "new",
    "new Foo(",
    "typeof",
    "delete",
    "void",
    "import(",
    "foo:",
    "foo: for",
    "a <",
    "x = {\n  a: 1,\n  b() {\n    return 2",
    "x = {a, ...",
    "foo(...",
    "label: {",
    "`\\",
    "`a\\`",
    "a ? {",
    "a ? foo(",
    "a ? foo(b) : {",
    "foo()\n  .bar(",
    "foo( // c",
    "foo(/* c",
    "x +=",
    "x **",
    "a in",
    "a instanceof",
    "a ?.",
    "async function* f() { for await (const x of",
    "function f(a =",
    "function f(a = {",
    "function f({a} = {}",
    "({get",
    "({get a",
    "({async",
    "({[a",
    "({[a]",
    "class A { [a",
    "class A { async",
    "class A { *foo",
    "if (x) /re/.test(",
    "x = function",
    "x = function (",
    "x = class",
    "x = class {",
    "(function () {",
    "(function () {})(",
    "(() => {",
    "let y = `${a",
    "let y = `\n",
    "let y = `${a}\n",
    "$(`",
    "with (x",
    "with (x)",
    "{ a",
    "a => a ? b :",
    "x = a ? b",
    "while (1) {\n  foo()\n",
    "const f = async ({a, b}, c) =>",
    "foo`",
    "x = [1,\n 2,",
    "()",
    "() =>",
    "for (let i = 0; i < 10",
    "for (let i = 0; i < 10; i++",
    "for (let i = 0; i < 10; i++)",
    "for (x in",
    "for (x in y",
]

INVALID = [
    "...",
    "foo)",
    "foo)(",
    "]",
    "}",
    '"a',
    '"a\nb"',
    "/re",
    "return 1",
    "return",
    "return foo(",
    "foo bar",
    "foo bar {",
    "1 2",
    "let x = ; function f() {",
    "let x = 1 = 2",
    "a b c",
    "x = <div/>",
    "foo(]",
    "[)",
    "{]",
    "(}",
    "foo(1 2",
    "if (x) }",
    "var 1a",
    "0x",
    "1e",
    "#",
    "\\",
    "}\n/re/",
    "}{",
    "=>",
    "?",
    "a ? : b",
    "if else",
    "case 1:",
    "try { foo( } catch",
]

# What cells may hold and Node's REPL does not take: module syntax and decorators.
COMPLETE_HERE = [
    'import a from "m"',
    'import a from "m"\n(1)',
    'import {\n  a,\n} from "m";',
    'import "m"',
    "export const x = 1",
    "export default {a: 1}",
    "import.meta.url",
    'import d from "m" with {type: "json"}',
    "@dec class A {}",
]
INCOMPLETE_HERE = [
    "import",
    "import a",
    "import a from",
    "import {",
    "import {a",
    "import {a}",
    "import {a} from",
    "import a, {",
    "import * as",
    "export default",
    "export {",
    "export {a} from",
    "export const x = {",
    'import x from "y"\nfoo(',
    "@dec",
    "@dec(",
    "@dec class A {",
]
# Errors that V8 finds after parsing: to run the cell is how they are shown.
COMPLETE_AND_WRONG = ["x = /(/", "let a; let a", "break", "new.target", "const a = 1; a = 2; a++"]


@pytest.mark.parametrize("source", COMPLETE + COMPLETE_HERE + COMPLETE_AND_WRONG)
def test_a_complete_cell_is_complete(source: str) -> None:
    """Nothing more is asked for."""
    assert check_completeness(source) == Completeness("complete")


@pytest.mark.parametrize("source", INCOMPLETE + INCOMPLETE_HERE)
def test_an_unfinished_cell_is_incomplete(source: str) -> None:
    """Another line is asked for."""
    assert check_completeness(source).status == "incomplete"


@pytest.mark.parametrize("source", INVALID)
def test_a_wrong_cell_is_invalid(source: str) -> None:
    """No further line could mend it."""
    assert check_completeness(source) == Completeness("invalid")


def test_nodes_own_repl_agrees_with_the_table(judge: Judge) -> None:
    """The verdicts above are those of Node's REPL, which parses with acorn and V8."""
    assert judge.completeness(COMPLETE) == ["complete"] * len(COMPLETE)
    assert judge.completeness(INCOMPLETE) == ["incomplete"] * len(INCOMPLETE)
    assert judge.completeness(INVALID) == ["invalid"] * len(INVALID)
    assert len(COMPLETE + INCOMPLETE + INVALID) > 250


def test_nodes_own_repl_agrees_at_every_line_of_a_program(judge: Judge) -> None:
    """A program typed line by line gets Node's verdict at each line's end."""
    lines = Path(__file__).with_name("judge.js").read_text(encoding="utf-8").split("\n")
    typed = ["\n".join(lines[:count]) for count in range(1, len(lines) + 1)]
    assert [check_completeness(text).status for text in typed] == judge.completeness(typed)


@pytest.mark.parametrize(
    ("source", "indent"),
    [
        ("x = [", "  "),
        ("if (x) {", "  "),
        ("if (x) { // why", "  "),
        ("if (x) {\n\n", "  "),
        ("if (x) {\n  y()", "  "),
        ("if (x) {\n  for (;;) {", "    "),
        ("if (x) {\n\tfor (;;) {", "\t  "),
        ("if (x) {\n  y()\n  }\n  else", "  "),
        ("foo(1,", ""),
        ("x =", ""),
        ("foo(`a {", ""),
        ("  foo(`${", "    "),
        ("  /* {", "  "),
        ("  x = {a,", "  "),
    ],
)
def test_the_next_line_is_indented_behind_an_opening_bracket(source: str, indent: str) -> None:
    """It begins as the last line does, two columns deeper behind a bracket."""
    assert check_completeness(source) == Completeness("incomplete", indent)


def test_a_large_unfinished_cell_is_judged_within_two_seconds() -> None:
    """Two thousand lines, complete, unfinished or wrong, take less than two seconds each."""
    block = "function f(a) {\n  return a ? [1, 2] : {b: `${a}`}\n}\n" * 700
    for end, status in (("", "complete"), ("if (x) {", "incomplete"), ("foo)", "invalid")):
        began = time.monotonic()
        assert check_completeness(block + end).status == status
        assert time.monotonic() - began < 2


def test_many_open_brackets_are_judged_in_bounded_time() -> None:
    """Depth costs no more than length: three questions take less than six seconds."""
    began = time.monotonic()
    assert check_completeness("foo(" * 300).status == "incomplete"
    assert check_completeness("`${" * 300).status == "incomplete"
    assert check_completeness("a ? [" * 300).status == "incomplete"
    assert time.monotonic() - began < 6


TEXT = st.text("abc()[]{}`'\"/*\\=>;.,:?\n $é😀\ud800<!0#@", max_size=40)


@given(TEXT)
@settings(deadline=None)
def test_any_text_gets_a_verdict(source: str) -> None:
    """Nothing raises, and only unfinished text has an indentation."""
    verdict = check_completeness(source)
    assert verdict.status in {"complete", "incomplete", "invalid"}
    assert not verdict.indent or verdict.status == "incomplete"
    assert not verdict.indent.strip()


@pytest.mark.parametrize(("source", "status"), TYPESCRIPT)
def test_typescript_is_judged_as_such(source: str, status: str) -> None:
    """What JavaScript refuses may be complete, or go on, in TypeScript."""
    assert check_completeness(source).status == status
