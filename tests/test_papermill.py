"""Parameters of papermill: which a cell declares, and what of them arrives in a notebook."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
import yaml
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import NoDatesSafeLoader

from acajs_kernel.papermill import JavaScriptTranslator
from tests.notebook_files import write_notebook

# A value, and what JavaScript's `util.inspect` shows of it.
_VALUES: dict[str, tuple[object, str]] = {
    "negative": (-7, "-7"),
    "fraction": (-1.5, "-1.5"),
    "tiny": (1e-300, "1e-300"),
    "zero": (-0.0, "-0"),
    "none": (None, "null"),
    "yes": (True, "true"),
    "not_a_number": (math.nan, "NaN"),
    "infinite": (math.inf, "Infinity"),
    "below_all": (-math.inf, "-Infinity"),
    "safe": (2**53 - 1, "9007199254740991"),
    "big": (2**53, "9007199254740992n"),
    "negative_big": (-(10**30), f"-{10**30}n"),
    "quotes": ("""it's "so" `${1}`""", r"""'it\'s "so" `${1}`'"""),
    "lines": ("a\nb\r\\n\t", r"'a\nb\r\\n\t'"),
    "separators": ("\u2028\u2029", "'\u2028\u2029'"),
    "surrogate": ("\ud800", r"'\uD800'"),
    "emoji": ("é😀", "'é😀'"),
    "tag": ("</script><!--", "'</script><!--'"),
    "nothing": ([], "[]"),
    "empty": ({}, "{}"),
    "nested": (
        {"a": [1, {"b": [None, -2]}], "__proto__": {"c": 1}, "d e": "f"},
        "{ a: [ 1, { b: [ null, -2 ] } ], ['__proto__']: { c: 1 }, 'd e': 'f' }",
    ),
}


@pytest.fixture
def rich(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernels that papermill launches run in rich mode."""
    _let_kernels_run("rich", monkeypatch)


def _let_kernels_run(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACAJS_RUNTIME", runtime)
    monkeypatch.setenv("ACAJS_HISTORY", "off")


def _notebook(path: Path, declarations: str, *cells: str) -> Path:
    return write_notebook(path, declarations, *cells, tags=["parameters"])


def _run(path: Path, **parameters: object) -> Any:
    # Without a file for the outcome: papermill cannot write what JSON or UTF-8 does not have.
    return papermill.execute_notebook(path, None, parameters=parameters, progress_bar=False)


def _printed(notebook: Any) -> str:
    return "".join(output["text"] for output in notebook.cells[-1].outputs)


def _shows(names: list[str]) -> str:
    shown = "\n".join(
        f"console.log(require('node:util').inspect({name}, {{ depth: 9, breakLength: Infinity }}));"
        for name in names
    )
    return f"{shown}\n"


@pytest.mark.parametrize(
    ("runtime", "keyword"),
    [("plain", "let"), ("plain", "var"), ("rich", "let"), ("rich", "const"), ("rich", "var")],
)
def test_every_value_arrives_as_it_is(
    runtime: str, keyword: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers, texts and structures are in JavaScript what they are in Python and YAML."""
    _let_kernels_run(runtime, monkeypatch)
    names = list(_VALUES)
    path = _notebook(
        tmp_path / "values.ipynb",
        "\n".join(f"{keyword} {name} = 'default';" for name in names),
        _shows([name for name in names if name != "surrogate"]),
        # Half of a pair cannot be printed.
        "console.log(surrogate === '\\ud800', surrogate.length)",
    )
    ran = _run(path, **{name: value for name, (value, _) in _VALUES.items()})
    expected = [shown for name, (_, shown) in _VALUES.items() if name != "surrogate"]
    printed = "".join(output["text"] for output in ran.cells[-2].outputs)
    assert printed == "\n".join([*expected, ""])
    assert _printed(ran) == "true 1\n"
    assert ran.cells[1].outputs == []


@pytest.mark.usefixtures("rich")
def test_each_parameter_is_set_in_the_way_of_its_declaration(tmp_path: Path) -> None:
    """In rich mode let, const and var can stand in one cell, patterns and lists among them."""
    path = _notebook(
        tmp_path / "mixed.ipynb",
        "const a = 1, b = () => a;\nlet c = 2;\nvar d = 3;\n"
        "const { e, f: [g] } = { e: 4, f: [5] };",
        "console.log(a, b(), c, d, e, g, typeof h === 'undefined' || h)",
    )
    assert _printed(_run(path)) == "1 1 2 3 4 5 true\n"
    ran = _run(path, a=10, c=20, d=30, e=40, g=50, h=60)
    assert _printed(ran) == "10 10 20 30 40 50 60\n"


def test_a_constant_in_plain_mode_ends_in_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the constant, and how to declare it instead."""
    _let_kernels_run("plain", monkeypatch)
    path = _notebook(tmp_path / "constant.ipynb", "const limit = 1;", "console.log(limit)")
    with pytest.raises(PapermillExecutionError) as raised:
        _run(path, limit=2)
    told = str(raised.value)
    assert "SyntaxError: Identifier 'limit' has already been declared" in told
    assert (
        "Declare it with let or\nvar and assign to it, as a parameter of papermill must be" in told
    )


@pytest.mark.usefixtures("rich")
def test_a_notebook_without_declarations_takes_parameters(tmp_path: Path) -> None:
    """What was inspected before has no part in the next notebook; an output can be run again."""
    constants = _notebook(tmp_path / "constants.ipynb", "const x = 1;", "console.log(x)")
    assert "const x = 2;" in _run(constants, x=2).cells[1].source
    bare = _notebook(tmp_path / "bare.ipynb", "", "console.log(x)")
    ran = _run(bare, x=3)
    assert "const" not in ran.cells[1].source
    assert _printed(ran) == "3\n"
    nbformat.write(ran, tmp_path / "again.ipynb")
    assert _printed(_run(tmp_path / "again.ipynb", x=4)) == "4\n"


def test_notebooks_that_are_prepared_at_once_keep_their_constants_apart() -> None:
    """Threads that inspect one cell and write another do not see each other's."""
    JavaScriptTranslator.inspect({"source": "const x = 1"})
    written: list[str] = []
    other = threading.Thread(target=lambda: written.append(JavaScriptTranslator.codify({"x": 2})))
    other.start()
    other.join()
    written.append(JavaScriptTranslator.codify({"x": 2}))
    written.append(JavaScriptTranslator.codify({"x": 2}))
    assert [text.splitlines()[1] for text in written] == ["x = 2;", "const x = 2;", "x = 2;"]


def test_every_declarator_is_listed_with_its_default_and_its_comment(tmp_path: Path) -> None:
    """A list of declarators is as many parameters, and none of them is unknown."""
    path = _notebook(
        tmp_path / "list.ipynb",
        "let big = 0, d = null\n"
        "const size = [1, // wide\n  2], /* as it is */\n  name = ';'; // who",
    )
    listed = papermill.inspect_notebook(path)
    assert [(one["name"], one["default"], one["help"]) for one in listed.values()] == [
        ("big", "0", ""),
        ("d", "null", ""),
        ("size", "[1, 2]", "as it is"),
        ("name", "';'", "who"),
    ]


def test_dates_of_yaml_are_texts() -> None:
    """Papermill reads YAML without dates, and so they arrive as they are written."""
    value = yaml.load("2024-05-06", Loader=NoDatesSafeLoader)
    assert JavaScriptTranslator.translate(value) == '"2024-05-06"'
