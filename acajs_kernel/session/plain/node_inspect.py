"""JSON values as Node shows them.

The service parses a result whose text happens to be JSON, so an array or a number comes
back as a value and not as the text that Node printed. This module prints it again, by
the rules of `util.inspect` with its default options (Node 20, lib/internal/util/inspect.js),
without its limits on depth and length: what arrived is shown whole.
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from typing import Any

__all__ = ["inspect"]

_BREAK_LENGTH = 80
_COMPACT = 3
_GROUP_FROM = 6
_LONG_STRING = 16
_SEPARATOR = 2
_CHARACTER_HEIGHT = 2.5
_MOST_COLUMNS = 15
_SHORT_ENTRY = 6

_IDENTIFIER = re.compile(r"[a-zA-Z_][a-zA-Z_0-9]*\Z")
_ESCAPED = re.compile(r"[\x00-\x1f\x5c\x7f-\x9f\ud800-\udfff]")
_NAMED_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    "\\": "\\\\",
}


def inspect(value: Any) -> str:  # noqa: ANN401 -- a JSON value is any of Python's
    """Return the text that Node's `util.inspect` gives for a JSON value."""
    return _Inspector().format(value, 0)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[character]
    code = ord(character)
    surrogate = 0xD800  # lone ones are shown as \uXXXX, control characters as \xXX
    return f"\\u{code:x}" if code >= surrogate else f"\\x{code:02X}"


def _quote(text: str) -> str:
    """Quote as Node does: the quotation mark that needs no escaping, where there is one."""
    mark = "'"
    if "'" in text:
        if '"' not in text:
            mark = '"'
        elif "`" not in text and "${" not in text:
            mark = "`"
    escaped = _ESCAPED.sub(_escape, text)
    if mark == "'":
        escaped = escaped.replace("'", "\\'")
    return f"{mark}{escaped}{mark}"


def _number(value: float) -> str:
    """Print a number as JavaScript's Number.prototype.toString does."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digit_tuple, _ = Decimal(repr(value)).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = Decimal(repr(value)).adjusted() + 1
    first_exponential, last_small = 21, -6
    if len(digits) <= point <= first_exponential:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= first_exponential:
        text = f"{digits[:point]}.{digits[point:]}"
    elif last_small < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        exponent = point - 1
        mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
        text = f"{mantissa}e{'+' if exponent >= 0 else '-'}{abs(exponent)}"
    return "-" + text if sign else text


def _length(text: str) -> int:
    """Length as JavaScript counts it, in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    width = 0
    for character in unicodedata.normalize("NFC", text):
        if unicodedata.east_asian_width(character) in "FW":
            width += 2
        elif unicodedata.category(character) not in {"Mn", "Me", "Cf"}:
            width += 1
    return width


class _Inspector:
    """One walk; the deepest level reached last decides what stays on one line."""

    def __init__(self) -> None:
        self._indentation = 0
        self._current_depth = 0

    def format(self, value: Any, depth: int) -> str:  # noqa: ANN401 -- a JSON value
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return _number(value)
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, list):
            return self._array(value, depth)
        return self._object(value, depth)

    def _string(self, text: str) -> str:
        room = _BREAK_LENGTH - self._indentation - 4
        if _length(text) > _LONG_STRING and _length(text) > room:
            lines = re.findall(r"[^\n]*\n|[^\n]+", text)
            return f" +\n{' ' * (self._indentation + 2)}".join(map(_quote, lines))
        return _quote(text)

    def _array(self, values: list[Any], depth: int) -> str:
        if not values:
            return "[]"
        self._current_depth = depth
        output = []
        for value in values:
            self._indentation += 2
            output.append(self.format(value, depth + 1))
            self._indentation -= 2
        grouped = output
        if len(output) > _GROUP_FROM:
            grouped = self._group(output, values)
        return self._join(grouped, "[", "]", depth, grouped=len(grouped) != len(output))

    def _object(self, members: dict[str, Any], depth: int) -> str:
        if not members:
            return "{}"
        self._current_depth = depth
        output = []
        for key, value in members.items():
            self._indentation += 2
            text = self.format(value, depth + 1)
            self._indentation -= 2
            if key == "__proto__":
                name = "['__proto__']"
            else:
                name = key if _IDENTIFIER.match(key) else _quote(key)
            output.append(f"{name}: {text}")
        return self._join(output, "{", "}", depth, grouped=False)

    def _join(
        self, output: list[str], opener: str, closer: str, depth: int, *, grouped: bool
    ) -> str:
        if self._current_depth - depth < _COMPACT and not grouped:
            start = len(output) + self._indentation + len(opener) + 10
            total = len(output) + start
            fits = total + len(output) <= _BREAK_LENGTH
            if fits and total + sum(map(_length, output)) <= _BREAK_LENGTH:
                line = ", ".join(output)
                if "\n" not in line:
                    return f"{opener} {line} {closer}"
        indentation = "\n" + " " * self._indentation
        body = f",{indentation}  ".join(output)
        return f"{opener}{indentation}  {body}{indentation}{closer}"

    def _group(self, output: list[str], values: list[Any]) -> list[str]:
        """Line up many short entries in columns."""
        widths = [_width(entry) for entry in output]
        total = sum(widths) + _SEPARATOR * len(output)
        widest = max(widths)
        column = widest + _SEPARATOR
        if column * 3 + self._indentation >= _BREAK_LENGTH or (
            total / column <= 5 and widest > _SHORT_ENTRY  # noqa: PLR2004 -- Node's own number
        ):
            return output
        bias = math.sqrt(column - total / len(output))
        biased = max(column - 3 - bias, 1)
        columns = min(
            math.floor(math.sqrt(_CHARACTER_HEIGHT * biased * len(output)) / biased + 0.5),
            (_BREAK_LENGTH - self._indentation) // column,
            _COMPACT * 4,
            _MOST_COLUMNS,
        )
        if columns <= 1:
            return output
        column_widths = [max(widths[index::columns]) + _SEPARATOR for index in range(columns)]
        numeric = all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in values
        )
        lines = []
        for begin in range(0, len(output), columns):
            row = range(begin, min(begin + columns, len(output)))
            line = ""
            for index in row:
                entry = output[index]
                room = column_widths[index - begin] + len(entry) - widths[index]
                if index == row[-1]:
                    line += entry.rjust(room - _SEPARATOR) if numeric else entry
                elif numeric:
                    line += f"{entry}, ".rjust(room)
                else:
                    line += f"{entry}, ".ljust(room)
            lines.append(line)
        return lines
