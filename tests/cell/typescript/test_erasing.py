"""What is only type gives way, as in Node's own stripper and the TypeScript compiler."""

from __future__ import annotations

import re

import pytest

from acajs_kernel.cell.typescript import erase
from tests.cell.typescript.oracle import Oracle, read_cases

_TABLE = list(read_cases("cases"))
_CONFORMANCE = list(read_cases("conformance"))
_LINE_END = re.compile("\r\n|[\n\r\u2028\u2029]")


def _assert_erased(text: str, oracle: Oracle) -> None:
    erased = erase(text)
    assert erased is not None
    assert _LINE_END.findall(erased) == _LINE_END.findall(text)
    verdict = oracle.compare({"source": text, "erased": erased})
    assert verdict["difference"] is None, f"{verdict}\n{erased}"


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in _TABLE])
def test_erased_text_means_the_same_at_the_same_places(text: str, oracle: Oracle) -> None:
    """The syntax tree is the stripper's, with each name at its line and column."""
    _assert_erased(text, oracle)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in _CONFORMANCE])
def test_forms_of_the_language_are_erased(text: str, oracle: Oracle) -> None:
    """So is it over the whole language, by the categories of the compiler's own suite."""
    _assert_erased(text, oracle)


def test_tables_are_as_long_as_promised() -> None:
    """150 cases of our own, and 200 over the language."""
    assert len(_TABLE) >= 150
    assert len(_CONFORMANCE) >= 200


@pytest.mark.parametrize(
    "text",
    [
        "let x: = 1",
        "interface { a: 1 }",
        "function f(a: number {}",
        "type A = ",
        "const x = 1 as",
        "class A { private }}",
        "%%html\n<b>a</b>",
        "SELECT a FROM b",
        "let x: number = (",
    ],
)
def test_what_is_not_typescript_is_refused(text: str) -> None:
    """None tells the caller to say what JavaScript says."""
    assert erase(text) is None


def test_lone_surrogates_stay() -> None:
    """A text that is no Unicode is erased all the same."""
    assert erase('let x: "\ud800" = "\udc00"') == 'let x      = "\udc00"'


def test_columns_count_utf16_units() -> None:
    """A character outside of the basic plane leaves two spaces."""
    assert erase('let x: "😀" = 1') == "let x       = 1"


def test_jsx_stays_as_it_is() -> None:
    """With JSX a type gives way around it, and what stands in it is left alone."""
    text = "const a: JSX.Element = <A<string> b={1 as number} c='d'>it's {x!} {/* e */}</A>;"
    assert erase(text, jsx=True) == (
        "const a              = <A         b={1          } c='d'>it's {x } {/* e */}</A>;"
    )


@pytest.mark.parametrize(
    "text",
    [
        "let x: " + "keyof " * 5000 + "T = 1",
        "let x = 1 as " + "A<" * 3000 + "B" + ">" * 3000,
        "let x: " + "(" * 3000 + "T" + ")" * 3000 + " = 1",
        "type A = " + "`${" * 2000 + "T" + "}`" * 2000,
        "enum E { A = " + "-" * 1 + "(" * 3000 + "1" + ")" * 3000 + " }",
        "let x: " + "<" * 20000,
        "`" * 20001,
        "f<" * 5000 + "`",
    ],
)
@pytest.mark.timeout(20)
def test_depth_and_nonsense_end_soon(text: str) -> None:
    """What nobody writes by hand is erased or refused, and takes no time to speak of."""
    erased = erase(text)
    assert erased is None or ":" not in erased
