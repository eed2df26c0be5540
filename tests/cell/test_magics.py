"""Which lines of a cell are magics and commands, and which are JavaScript."""

from __future__ import annotations

import time
from random import Random

import pytest

from acajs_kernel.cell.magics import MagicPart, ScriptPart, doubtful_commands, split_cell
from acajs_kernel.magics import may_hold_magics
from tests.cell.judge import Judge

JAVASCRIPT = [
    "",
    "1 + 1",
    "total\n% size",
    "const rest = total\n  % size;",
    "total\n%size",
    "total\n%who",
    "(total\n%size (1)\n)",
    "total\n%size +\n1",
    "total\n%size\n(\n1\n)",
    "`\n%who x\n${1}\n!npm install x\n`",
    "/*\n%who x\n!npm install x\n*/",
    "f(`${\n'a'}\n%who x\n`)",
    "'a\\\n%who x'",
    "a = [\n7\n%b\n]",
    "function f() {\n  return a\n  %b\n}",
    "!ready",
    "!ready && start()",
    "!!ready",
    "ready\n!= other",
    "!(function () {\n1\n2\n3\n4\n5\n6\n})()",
    "!function () {}()",
    "if (\n!ready\n) start()",
    "<!-- comment\n1",
    "#!/usr/bin/env node\n!x",
]

MAGICS = [
    ("%who", ["who "]),
    ("  %who", ["who "]),
    ("%time f(x)", ["time f(x)"]),
    ("%env A=1\n%env B=2", ["env A=1", "env B=2"]),
    ("%load a \\\n  b", ["load a  b"]),
    ("const a = 1;\n%who", ["who "]),
    ("const a = 1\n%time f(a)", ["time f(a)"]),
    ("function f() {}\n%who", ["who "]),
    ("class A {}\n%who", ["who "]),
    ("if (a) {}\n%who", ["who "]),
    ("import a from 'a'\n%who", ["who "]),
    ("// comment\n%who", ["who "]),
    ("/* comment\n%no x\n*/\n%who", ["who "]),
    ("`\n%no x\n`;\n%who", ["who "]),
    ("!npm install left-pad", ["sh npm install left-pad"]),
    ("f()\n!cat file.txt", ["sh cat file.txt"]),
    ("!echo it's", ["sh echo it's"]),
    ("! git status", ["sh git status"]),
    ("%time\r\n1", ["time "]),
]


@pytest.mark.parametrize("source", JAVASCRIPT)
def test_what_javascript_can_read_is_javascript(source: str) -> None:
    """Remainders, templates, comments, strings, negations: one part, unchanged."""
    parts = split_cell(source)
    assert parts in ([ScriptPart(source, 1)], [])


@pytest.mark.parametrize(("source", "expected"), MAGICS)
def test_what_javascript_cannot_read_is_a_magic(source: str, expected: list[str]) -> None:
    """At the start of a statement, between statements, behind declarations."""
    magics = [part for part in split_cell(source) if isinstance(part, MagicPart)]
    assert [f"{part.name} {part.arguments}" for part in magics] == expected
    assert all(part.body is None for part in magics)


def test_no_javascript_is_taken_for_a_magic(judge: Judge) -> None:
    """Of thousands of random cells, those that V8 parses stay one piece of JavaScript."""
    lines = [
        *(
            "a",
            "a;",
            "a +",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "`",
            "${",
            "/*",
            "*/",
            "// c",
            "'a\\",
            "b'",
        ),
        *("% b", "%b", "%who", "  %time", "%time a", "%b +", "%b (", "%env A", "%b // c", "%b;"),
        *("!a", "!a && b", "!a - b", "!ls -la", "!npm i x", "! a", "!(", "!function () {", "}()"),
        *("const c = a", "function f() {", "f(", "class A {", "if (a)", "if (a) {", "x = {", ".x"),
        *("}", ")", "`", "/x/", "b", "1", "/* c */", "", "export { a }", "async () => {"),
    ]
    random = Random(20)
    cells = {"\n".join(random.choices(lines, k=random.randint(2, 6))) for _ in range(40_000)}
    candidates = sorted(cell for cell in cells if may_hold_magics(cell))
    accepted = [
        cell
        for cell, is_program in zip(candidates, judge.are_modules(candidates), strict=True)
        if is_program
    ]
    assert len(accepted) > 300
    for cell in accepted:
        assert split_cell(cell) in ([ScriptPart(cell, 1)], [])
        # Line by line, too, as in a cell that does hold a magic.
        _, *rest = split_cell(f"%env A=1\n{cell}")
        assert rest in ([ScriptPart(f"\n{cell}", 2)], [])


def test_every_part_stands_where_it_stands_in_the_cell() -> None:
    """Lines and columns of errors are the cell's: what is left out is blank."""
    source = "const a = 1;\n%time f(a)\n\nb;\n  %time g(b)\nc"
    parts = split_cell(source)
    lines = source.split("\n")
    assert [part.line for part in parts] == [1, 2, 3, 5, 6]
    for part in parts:
        for number, line in enumerate(part.code.split("\n")):
            assert line == "" or lines[number].endswith(line.lstrip())
            assert len(line) in (0, len(lines[number]))


def test_a_magic_of_a_whole_cell_takes_the_lines_below_it() -> None:
    """Whatever they hold; blank lines and comments may stand before it."""
    text = "%who\n`\n!ls\n"
    (part,) = split_cell(f"\n// note\n%%sh -x\n{text}")
    assert isinstance(part, MagicPart)
    assert (part.name, part.arguments, part.body, part.line) == ("sh", "-x", text, 3)
    assert part.code == f"\n\n\n{text}"
    (alone,) = split_cell("%%html")
    assert isinstance(alone, MagicPart)
    assert alone.body == ""


def test_a_broken_cell_is_left_to_javascript() -> None:
    """Its own error is reported, and nothing behind it runs."""
    assert split_cell("const a = 'x\n%who") == [ScriptPart("const a = 'x\n%who", 1)]
    assert split_cell("f(\n%time x y") == [ScriptPart("f(\n%time x y", 1)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("!ls", {"ls"}),
        ("!ls -la\n!ls", {"ls"}),
        ("!ls /tmp\nf()\n!pwd", {"ls", "pwd"}),
        ("!ls > files", {"ls"}),
        ("!ls | sort", {"ls"}),
        ("!apt-get", {"apt"}),
        ("!xdg-open -x", {"xdg"}),
        ("!ready\nconst ready = 1", set()),
        ("!ready && start()", set()),
        ("!ready()", set()),
        ("!ready.state", set()),
        ("!this", set()),
        ("!npm install x", set()),
        ("1", set()),
    ],
)
def test_a_bare_command_depends_on_what_the_session_holds(source: str, words: set[str]) -> None:
    """A word that the cell mentions elsewhere, or that is called, is JavaScript at once."""
    assert doubtful_commands(source) == words


def test_a_bare_command_is_one_if_its_word_means_nothing() -> None:
    """Else it stays the negation that it is."""
    source = "f();\n!ls -la\n!ready"
    parts = split_cell(source, frozenset({"ls"}))
    assert [type(part) for part in parts] == [ScriptPart, MagicPart, ScriptPart]
    assert parts[2].code == "\n\n!ready"
    assert split_cell(source) == [ScriptPart(source, 1)]


@pytest.mark.parametrize(
    "source",
    [
        "`\n" + "%foo bar\n" * 3000 + "`;",
        "%who\n`\n" + "%foo bar\n" * 3000 + "`;",
        "%who\nf(\n" + "a\n%foo\n" * 3000 + ");",
        "%who\n" * 3000,
        "%who\n" + "!(\n" * 3000,
    ],
    ids=["template", "template-behind-magic", "brackets", "magics", "open-brackets"],
)
def test_long_cells_are_taken_apart_in_bounded_time(source: str) -> None:
    """Thousands of candidates do not make the time quadratic."""
    begun = time.process_time()
    split_cell(source)
    assert time.process_time() - begun < 20
