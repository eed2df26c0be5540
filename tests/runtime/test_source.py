"""What travels: stripped without a change of meaning, versioned, small."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import zlib
from importlib import resources
from pathlib import Path

import brotli
import pytest

import acajs_kernel
from acajs_kernel.runtime import bundling
from acajs_kernel.runtime.bundling import bundle, strip
from acajs_kernel.runtime.source import build_source, stub, travelling_source

SOURCES = Path(acajs_kernel.__file__).parent

_NODE = shutil.which("node")

needs_node = pytest.mark.skipif(_NODE is None, reason="there is no node on PATH")


def run_node(script: str) -> str:
    """Return what a script prints."""
    assert _NODE is not None
    return subprocess.run(
        # Not as an argument: Linux takes 128 KiB in one.
        [_NODE, "-"],
        input=script,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1; // why\n  b = 2;", "a = 1;b = 2;"),
        ("a = /* why */ 1", "a = 1"),
        ("/** @type {number} */\nlet a", "let a"),
        ("a = `x // y\n    z /* w */`", "a = `x // y\n    z /* w */`"),
        ("a = /\\/\\/ [/*]  x/g", "a = /\\/\\/ [/*]  x/g"),
        ("a = '// no  comment'", "a = '// no  comment'"),
        ('a = "it\\\n    goes on"', 'a = "it\\\n    goes on"'),
        ("a\n  // why\n  ++b", "a\n++b"),
        ("return /* \n */ 1", "return\n1"),
        ("a = b + +c - -d", "a = b + +c - -d"),
        ("if (a) {\n    b()\n    c()\n}", "if(a){b()\nc()\n}"),
        ("f(\n  1,\n  2,\n)", "f(1,2,)"),
    ],
)
def test_strip_removes_layout_only(text: str, expected: str) -> None:
    """Comments, indentation and needless spaces go; literals and line ends that matter stay."""
    assert strip(text) == expected


def test_strip_refuses_what_is_not_javascript() -> None:
    """A text that does not parse is not sent."""
    with pytest.raises(ValueError, match="not JavaScript"):
        strip("let = = 1")


@needs_node
def test_every_stripped_module_parses() -> None:
    """Node accepts each module as it travels, in strict mode as it is written."""
    folder = resources.files("acajs_kernel.runtime")
    files = [
        file
        for place in (folder, folder / "agent", folder / "runner")
        for file in place.iterdir()
        if file.name.endswith(".js")
    ]
    assert len(files) > 15
    texts = [strip(file.read_text(encoding="utf-8")) for file in files]
    assert all(text.startswith('"use strict";') for text in texts)
    for text in texts:  # together they are too long for a command line
        script = f"new Function('module', 'exports', 'require', {json.dumps(text)})"
        assert run_node(f"{script}; console.log('parsed')") == "parsed\n"


@needs_node
def test_a_stripped_program_prints_what_the_program_prints() -> None:
    """Automatic semicolons, templates, regular expressions and operators keep their meaning."""
    program = """
      const out = [];   // a list
      let a = 1
      let b = 2
      a
      ++b
      out.push(a, b, `t ${ a /* not text */ + 1 }  // text`);
      out.push(/[/*]  \\/\\/ x/.source, "two  spaces", a - -b, a + +b, typeof a);
      const f = () => {
        return /* a line ends
          here */ 1;
      };
      out.push(f(), ((x) => x /2/ 1)(8), (function () { return [] })().length)
      label: for (const k of [1, 2]) { if (k === 2) break label; out.push(k) }
      class C { static #p = 3; static get p() { return C.#p } }
      out.push(C.p, a ? .5 : 1, a?.toString?.())
      console.log(JSON.stringify(out))
    """
    assert run_node(strip(program)) == run_node(program) != ""


def test_the_bundle_holds_every_module_that_is_required() -> None:
    """The programs are closed: each relative path that is required is in the bundle."""
    for entry, modules in (("agent.js", "agent/answers.js"), ("runner.js", "runner/output.js")):
        text = bundle(entry)
        names = set(re.findall(r'"([\w/]+\.js)":\(module,exports,require\)=>', text))
        assert {entry, modules} <= names
        for specifier in re.findall(r'require\("(\.[^"]+)"\)', text):
            assert any(name.endswith(specifier.lstrip("./")) for name in names)


def _unpacked(code: str) -> str:
    """Return the program that an installing execution holds compressed."""
    match = re.search(r'"(\w+)","([A-Za-z0-9+/=]{1000,})"', code)
    assert match is not None
    unpack = {"brotliDecompressSync": brotli.decompress, "inflateSync": zlib.decompress}[match[1]]
    unpacked: bytes = unpack(base64.b64decode(match[2]))
    return unpacked.decode()


def test_what_travels_is_small_ascii_and_without_comments() -> None:
    """One request carries it all; no encoding on the way can change it."""
    code = travelling_source().install_code
    assert code.isascii()
    # Every session's first cell waits for it, and proxies refuse requests of unusual size. It
    # grows with what the runtime withstands; what is only longer must not come unnoticed.
    assert len(code) < 80_000
    program = _unpacked(code)
    assert "@param" not in program
    assert "/**" not in program


def test_the_version_names_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another text has another version, the same text the same."""
    first = build_source()
    assert re.fullmatch(r"[0-9a-f]{16}", first.version)
    assert first.version in _unpacked(first.install_code)
    assert build_source() == first
    original = bundle
    monkeypatch.setattr(bundling, "bundle", lambda entry: original(entry) + " ")
    assert build_source().version != first.version


_LOAD = """
import sys
from acajs_kernel.runtime.source import travelling_source
print(travelling_source().version, "tree_sitter" in sys.modules)
"""


def test_what_travels_is_prepared_once_for_each_change(tmp_path: Path) -> None:
    """The second process parses nothing; one after a change, or without the file, does."""
    package = tmp_path / "acajs_kernel"
    # The package's own marker of its version is all else that the module needs.
    (package / "runtime").mkdir(parents=True)
    shutil.copy(SOURCES / "__init__.py", package)
    shutil.copytree(SOURCES / "runtime", package / "runtime", dirs_exist_ok=True)
    prepared = package / "runtime" / "travelling.json"
    prepared.unlink(missing_ok=True)

    def load() -> list[str]:
        command = [sys.executable, "-c", _LOAD]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60
        ).stdout.split()

    version, has_parsed = load()
    assert (has_parsed, load()) == ("True", [version, "False"])
    with (package / "runtime" / "agent.js").open("a") as file:
        file.write("const addition = 1;\n")
    changed, has_parsed = load()
    assert changed != version
    assert (has_parsed, load()) == ("True", [changed, "False"])
    prepared.write_text("not JSON")
    assert load() == [changed, "True"]


def test_what_travels_is_the_same_prepared_and_built() -> None:
    """What was prepared is what the sources give."""
    assert travelling_source() == build_source()


def test_the_stub_is_ascii_and_carries_the_request_as_json() -> None:
    """Whatever a cell holds arrives as it is, in a text of ASCII characters."""
    request = {"op": "run", "code": "'é😀\u2028' // \ud800"}
    code = stub(request)
    assert code.isascii()
    marker = f'"{travelling_source().version}",'
    start = code.index(marker) + len(marker)
    assert json.loads(code[start : code.rindex(")")]) == request


def test_the_module_needs_no_parser_to_be_imported() -> None:
    """Plain mode and the command line do not pay for tree-sitter."""
    script = "import acajs_kernel.runtime.source, sys; print('tree_sitter' in sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert printed == "False\n"
