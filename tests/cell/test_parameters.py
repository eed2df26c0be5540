"""What a cell of parameters declares."""

from __future__ import annotations

import pytest

from acajs_kernel.cell.parameters import declared_parameters


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        ("let x = 1; // how many", [("x", "let", "1", "how many")]),
        ("var x", [("x", "var", "undefined", "")]),
        (
            "let big = 0, d = null",
            [("big", "let", "0", ""), ("d", "let", "null", "")],
        ),
        (
            "let a = 1, // first\n    b = 2; // second",
            [("a", "let", "1", "first"), ("b", "let", "2", "second")],
        ),
        (
            "let a = 1 /* one */, b = 2 // both\nlet c = 3",
            [("a", "let", "1", "one"), ("b", "let", "2", "both"), ("c", "let", "3", "")],
        ),
        ("let a = 1, b = 2 // both", [("a", "let", "1", "both"), ("b", "let", "2", "both")]),
        ("let a = 1; f(/* not a's */)", [("a", "let", "1", "")]),
        (
            "const a = [1, // in it\n  2 /* too */]; // behind",
            [("a", "const", "[1, 2 ]", "behind")],
        ),
        ("const s = '; // ' + `,`;", [("s", "const", "'; // ' + `,`", "")]),
        (
            "const { a, b: [c] } = f({ a: 1 }); // both",
            [
                ("a", "const", "f({ a: 1 }).a", "both"),
                ("c", "const", "f({ a: 1 }).b[0]", "both"),
            ],
        ),
        (
            "let é = '\ud800', $_ = '\u2028' // é",
            [("é", "let", "'\ufffd'", "é"), ("$_", "let", "'\u2028'", "é")],
        ),
        ("if (y) { let x = 1; var z }\nfunction f() { const q = 1 }\nx = 2", []),
        ("%env A=1\nlet x = 1", [("x", "let", "1", "")]),
        (
            "let x = ;\nlet y = 2 // kept",
            [("x", "let", "undefined", ""), ("y", "let", "2", "kept")],
        ),
    ],
)
def test_declarations_are_listed(source: str, expected: list[tuple[str, str, str, str]]) -> None:
    """Each name of a top-level declaration comes with keyword, default and comment."""
    found = declared_parameters(source)
    assert [(one.name, one.keyword, one.default, one.comment) for one in found] == expected
