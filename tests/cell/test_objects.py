"""Object literals at the end of a cell are objects."""

from __future__ import annotations

import pytest

from acajs_kernel.cell.objects import parenthesize_object


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{ a: 1 }", "({ a: 1 })"),
        ("{ a: 1, b: [2] }", "({ a: 1, b: [2] })"),
        ("{}", "({})"),
        ("{ name }", "({ name })"),
        ("{ ...rest }\n", "({ ...rest })\n"),
        ("{ m() { return 1; } }", "({ m() { return 1; } })"),
        ("{\n  a: 1,\n  b: 2,\n}", "({\n  a: 1,\n  b: 2,\n})"),
        ("// note\n{ 'a-b': 1 }", "// note\n({ 'a-b': 1 })"),
        ("const x = 1\n{ x: x, y: 2 }", "const x = 1\n;({ x: x, y: 2 })"),
        ("f()\n{ ...x }", "f()\n;({ ...x })"),
        ("{ a: '😀' }", "({ a: '😀' })"),
    ],
)
def test_what_reads_as_an_object_becomes_one(source: str, code: str) -> None:
    """The literal is put in parentheses, and cannot become a call of what precedes it."""
    assert parenthesize_object(source) == code


@pytest.mark.parametrize(
    "source",
    [
        "{ a: 1 };",
        "{ let x = 1; x }",
        "{ f(); g() }",
        "1\n{ name }",
        "1\n{}",
        "if (x) { a: 1 }",
        "for (;;) {}",
        "function f() { return { a: 1 } }",
        "class A { m() {} }",
        "() => { a: 1 }",
        "const o = { a: 1 }",
        "`${1}`",
        "label: { break label }",
        "{ a: 1",
        "x = { a: 1 }",
        "",
    ],
)
def test_everything_else_stays_as_it_is(source: str) -> None:
    """Blocks, bodies and what already is an expression are left alone."""
    assert parenthesize_object(source) is source
