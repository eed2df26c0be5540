"""Parameters for papermill, which has no translator for JavaScript of its own.

Papermill (https://papermill.readthedocs.io) writes parameters into a notebook in the
notebook's language. It loads engines of other packages through the entry point group
``papermill.engine`` whenever it is imported, but has no such group for translators; so this
module, which is the entry point, registers the translator when it is loaded, and offers
papermill's own engine under another name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from papermill.engines import NBClientEngine as Engine
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

from acajs_kernel.cell.parameters import declared_parameters

__all__ = ["Engine", "JavaScriptTranslator"]

_LANGUAGE = "javascript"
_LARGEST_SAFE_INTEGER = 2**53 - 1

_constants: ContextVar[frozenset[str]] = ContextVar("_constants", default=frozenset())
"""What the cell that was inspected last declares with `const`."""


class JavaScriptTranslator(Translator):
    """Writes values of JSON and YAML as JavaScript.

    What the notebook's own cell declares with ``let`` or ``var`` is assigned, which works
    in rich and in plain mode; a second declaration would fail in one of them. A ``const``
    is declared again as one, which rich mode takes; in plain mode it ends in an error that
    says so. Papermill does not show the notebook to `codify`, but has the cell inspected
    just before.
    """

    @classmethod
    def translate_escaped_str(cls, str_val: object) -> str:
        """Write a text, or what is none of the types of JSON as its text."""
        return json.dumps(str(str_val))

    @classmethod
    def translate_none(cls, val: None) -> str:  # noqa: ARG003 -- papermill's signature
        """Write None as null."""
        return "null"

    @classmethod
    def translate_int(cls, val: int) -> str:
        """Write an integer; one that a number cannot hold exactly becomes a BigInt."""
        return f"{val}n" if abs(val) > _LARGEST_SAFE_INTEGER else str(val)

    @classmethod
    def translate_float(cls, val: float) -> str:
        """Write a number, with JavaScript's names for what is none."""
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_dict(cls, val: Mapping[str, Any]) -> str:
        """Write an object; the keys are computed, since ``__proto__`` is special otherwise."""
        entries = (f"[{json.dumps(str(key))}]: {cls.translate(item)}" for key, item in val.items())
        return f"{{ {', '.join(entries)} }}" if val else "{}"

    @classmethod
    def translate_list(cls, val: list[Any]) -> str:
        """Write an array."""
        return f"[{', '.join(cls.translate(item) for item in val)}]"

    @classmethod
    def comment(cls, cmt_str: str) -> str:
        """Write a comment of one line."""
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name: str, str_val: str) -> str:
        """Write an assignment, or what replaces a constant."""
        return f"{'const ' if name in _constants.get() else ''}{name} = {str_val};"

    @classmethod
    def codify(cls, parameters: Mapping[str, Any], comment: str = "Parameters") -> str:
        """Write a whole cell, which shows no value."""
        try:
            written: str = super().codify(parameters, comment)
        finally:
            _constants.set(frozenset())  # the next notebook may have no cell to inspect
        return f"{written}void 0;\n"

    @classmethod
    def inspect(cls, parameters_cell: Mapping[str, Any]) -> list[Parameter]:
        """List a cell's parameters: the variables that it declares, at its top level."""
        declared = declared_parameters(parameters_cell["source"])
        _constants.set(frozenset(one.name for one in declared if one.keyword == "const"))
        return [Parameter(one.name, "None", one.default, one.comment) for one in declared]


def _register() -> None:
    """Register the translator, unless a later papermill knows JavaScript itself."""
    try:
        papermill_translators.find_translator("", _LANGUAGE)
    except PapermillException:
        papermill_translators.register(_LANGUAGE, JavaScriptTranslator)


_register()
