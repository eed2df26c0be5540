"""jupyter_kernel_test, the Jupyter project's own suite for kernels, in plain mode."""

from __future__ import annotations

import os
from typing import ClassVar
from unittest import mock

import jupyter_kernel_test


class PlainModeTests(jupyter_kernel_test.KernelTests):  # type: ignore[misc] # it ships no types
    """Every sample that plain mode can answer."""

    kernel_name = "acajs"
    language_name = "javascript"
    file_extension = ".js"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('trouble')"
    code_generate_error = "throw new Error('wanted')"
    code_execute_result: ClassVar[list[dict[str, str]]] = [
        {"code": "6 * 7", "result": "42"},
        {"code": "[1, 2, 3].map((n) => n * n)", "result": "[ 1, 4, 9 ]"},
        {"code": "'a' + 'b'", "result": "'ab'"},
        {"code": "2 ** 10", "result": "1024"},
        {"code": "6 * 7", "result": "42"},
        {"code": "6 * 7", "result": "42"},
    ]
    complete_code_samples: ClassVar[list[str]] = [
        "1 + 1",
        "const a = {b: 1}",
        "function f() { return 1; }",
        "// note",
    ]
    incomplete_code_samples: ClassVar[list[str]] = [
        "function f() {",
        "[1, 2,",
        "const s = `text",
        "1 +",
    ]
    invalid_code_samples: ClassVar[list[str]] = ["let 1a = 2", ")", "const = 5"]
    code_history_pattern = "6 *"
    supported_history_operations = ("tail", "range", "search")

    @classmethod
    def setUpClass(cls) -> None:
        """Start the kernel in plain mode."""
        with mock.patch.dict(os.environ, {"ACAJS_RUNTIME": "plain", "ACAJS_HISTORY": "off"}):
            super().setUpClass()


class RichModeTests(PlainModeTests):
    """The whole suite but for the pager, which this kernel has not."""

    code_execute_result: ClassVar[list[dict[str, str]]] = [
        {"code": "6 * 7", "result": "\x1b[33m42\x1b[39m"},
        {"code": "await Promise.resolve('a')", "result": "\x1b[32m'a'\x1b[39m"},
        {"code": "null", "result": "\x1b[1mnull\x1b[22m"},
        {"code": "new (class Point { x = 1 })()", "result": "Point { x: \x1b[33m1\x1b[39m }"},
        {"code": "6 * 7", "result": "\x1b[33m42\x1b[39m"},
        {"code": "6 * 7", "result": "\x1b[33m42\x1b[39m"},
    ]
    code_display_data: ClassVar[list[dict[str, str]]] = [
        {"code": "Jupyter.display(Jupyter.html`<b>bold</b>`)", "mime": "text/html"},
        {
            "code": "Jupyter.display({'image/svg+xml': '<svg/>'}, {raw: true})",
            "mime": "image/svg+xml",
        },
    ]
    completion_samples: ClassVar[list[dict[str, object]]] = [
        {"text": "Math.sq", "matches": {"sqrt"}},
        {"text": "globalThis.structuredC", "matches": {"structuredClone"}},
        {"text": "process.versions.nod", "matches": {"node"}},
    ]
    code_inspect_sample = "Math.max"
    code_clear_output = "Jupyter.clear({wait: false})"

    @classmethod
    def setUpClass(cls) -> None:
        """Start the kernel in rich mode."""
        with mock.patch.dict(os.environ, {"ACAJS_RUNTIME": "rich", "ACAJS_HISTORY": "off"}):
            jupyter_kernel_test.KernelTests.setUpClass.__func__(cls)
