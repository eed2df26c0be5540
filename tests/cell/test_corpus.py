"""What is rewritten, against V8's own parser and acorn, over thousands of modules."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from acajs_kernel.cell.completeness import is_program
from acajs_kernel.cell.imports import rewrite_modules
from acajs_kernel.cell.magics import MagicPart, split_cell
from acajs_kernel.cell.repl import for_repl
from tests.cell.judge import Judge
from tests.seeds import SEED

_MADE = 800
_MANY = 6000
_AT_ONCE = 300

# Lines that the grammar takes for the continuation of those before: `let a = 1, b` and a
# line with `+1`, an arrow function with braces and one with a regular expression. Nothing
# of them is rewritten.
_KNOWN_TO_V8_ALONE = 0.01


# What is refused in modules and not in scripts; to export what is not declared is harmless.
_MODULES_ALONE = re.compile(
    r"^SyntaxError: Export '.*' is not defined|strict mode|Duplicate export"
)


def _slices(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def _check_rewriting(judge: Judge, sources: list[str]) -> None:
    for some in _slices(sources):
        rewritten = [rewrite_modules(source) for source in some]
        complaints = judge.repl_complaints(rewritten)
        differences = judge.differences(list(zip(some, rewritten, strict=True)))
        for source, code, complaint, difference in zip(
            some, rewritten, complaints, differences, strict=True
        ):
            assert (complaint, difference) == ("", ""), f"{source}\n---\n{code}"
            assert source.count("\n") == code.count("\n"), source


# A run of the checks finds the same as the last one; other seeds are for who looks for more.


@pytest.fixture(scope="module")
def modules(judge: Judge) -> list[str]:
    """Modules of installed packages, and statements with comments everywhere."""
    return judge.corpus(seed=SEED, count=_MADE)


def test_a_module_becomes_a_script_that_does_the_same(judge: Judge, modules: list[str]) -> None:
    """V8 parses it; each import is a call, nothing else has changed, every line is in its place."""
    assert len(modules) > _MADE
    _check_rewriting(judge, modules)


@pytest.mark.slow
def test_thousands_of_modules_become_scripts_that_do_the_same(judge: Judge) -> None:
    """The same with more of them."""
    _check_rewriting(judge, judge.corpus(seed=SEED, count=_MANY))


def test_objects_at_the_end_of_modules_stay_parsable(judge: Judge, modules: list[str]) -> None:
    """Parentheses around what ends in a brace break no program."""
    ending = [source for source in modules if source.rstrip().endswith("}")]
    for some in _slices(ending):
        for source, complaint in zip(
            some, judge.repl_complaints([for_repl(source) for source in some]), strict=True
        ):
            assert complaint == "", source


def test_what_v8_refuses_is_refused_after_rewriting(judge: Judge, modules: list[str]) -> None:
    """A text with a token too few does not become a program of something else."""
    chooser = random.Random(len(modules))
    broken = []
    for source in modules:
        if len(source) < _AT_ONCE and len(source) > 1:
            place = chooser.randrange(len(source))
            broken.append(source[:place] + source[place + 1 :])
    for some in _slices(broken):
        answers = zip(
            some,
            judge.module_complaints(some),
            judge.repl_complaints(some),
            judge.repl_complaints([rewrite_modules(source) for source in some]),
            strict=True,
        )
        for source, refused, complaint, after in answers:
            if refused and complaint and not _MODULES_ALONE.search(refused):
                assert after, f"{source}\n---\n{rewrite_modules(source)}"


def test_modules_hold_no_magics(modules: list[str]) -> None:
    """A line that begins with a sign is JavaScript where V8 takes it as JavaScript."""
    programs = [is_program(source) for source in modules]
    assert programs.count(False) <= len(modules) * _KNOWN_TO_V8_ALONE
    for source, is_one in zip(modules, programs, strict=True):
        if is_one:
            assert not any(isinstance(part, MagicPart) for part in split_cell(source)), source


_COMMENTS = [
    '// import os from "node:os"',
    "// import 'x'",
    '// export * from "x"',
    '// taken from "x"',
    '/* import os from "node:os" */',
    "// it's",
    "// `",
    "// {",
    "// export",
]


@pytest.mark.parametrize("comment", _COMMENTS)
def test_a_comment_above_changes_nothing(judge: Judge, comment: str) -> None:
    """Imports, exports, objects and commands mean below a comment what they mean alone."""
    below = ['import path from "node:path"', "export const a = 1", 'await import("m")', "{ a: 1 }"]
    for line in below:
        assert for_repl(f"{comment}\n{line}") == f"{comment}\n{for_repl(line)}"
    objects = judge.run(for_repl(f"{comment}\n{{ a: 1 }}"))
    assert objects == [{"value": {"a": 1}}]
    parts = split_cell(f"{comment}\n!echo hi", frozenset({"echo"}))
    assert [part.arguments for part in parts if isinstance(part, MagicPart)] == ["echo hi"]
