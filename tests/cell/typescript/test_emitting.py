"""What TypeScript has at run time runs to the values that the compiler's JavaScript gives."""

from __future__ import annotations

import pytest

from acajs_kernel.cell.typescript import TypeScriptError, erase
from tests.cell.typescript.oracle import Oracle, read_cases


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=name) for name, text in read_cases("runtime")]
)
def test_values_are_the_compilers(text: str, oracle: Oracle) -> None:
    """The last value and what is exported are the same, and so is the number of lines."""
    emitted = erase(text)
    assert emitted is not None
    assert emitted.count("\n") == text.count("\n")
    values = oracle.evaluate({"source": text, "erased": emitted})
    assert values["actual"] in {values["compiled"], values["transformed"]}, emitted
    assert "Error" not in values["actual"]


@pytest.mark.parametrize(
    ("text", "line", "column", "parts"),
    [
        ('enum E {\n  A = "a",\n  B }', 3, 3, ["member B of the enum E", 'B = "B"']),
        ("enum E { [x] = 1 }", 1, 10, ["fixed name", "[x]"]),
        ("/* é😀 */ enum E { A = '', B }", 1, 27, ["member B"]),
        ("class A { constructor(private { x }: any) {} }", 1, 23, ["parameter property", "this."]),
        (
            "class A extends B { constructor(public x: 1) { if (x) super(); } }",
            1,
            21,
            ["super(…)", "this.x = x"],
        ),
        ("namespace N { export const x = 1; export default x; }", 1, 35, ["namespace N", "name"]),
        ("namespace N { const x = 1; export { x }; }", 1, 28, ["export { x }", "declarations"]),
        ('namespace N { import a from "a"; f(a) }', 1, 15, ["cannot import", "above it"]),
    ],
)
def test_errors_name_construct_place_and_remedy(
    text: str, line: int, column: int, parts: list[str]
) -> None:
    """What cannot run is said so that it can be mended."""
    with pytest.raises(TypeScriptError) as raised:
        erase(text)
    assert (raised.value.line, raised.value.column) == (line, column)
    for part in parts:
        assert part in str(raised.value)


def test_lines_of_what_is_emitted_stay() -> None:
    """An error in the value of a member, or in a namespace, has its line and column."""
    text = "enum E {\n  A = f(),\n  B = 2,\n}\nnamespace N {\n  export const x = g();\n}\n"
    emitted = erase(text)
    assert emitted is not None
    lines = emitted.split("\n")
    assert "f()" in lines[1]
    assert lines[5].index("g()") == text.split("\n")[5].index("g()")
