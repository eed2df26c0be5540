"""The values of an enumeration's members, as far as they are known before it runs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["Constant", "constant_of", "unquote"]

Constant = float | str | None
"""A number, a text (whose content may be unknown and is empty then), or None: unknown."""

_ESCAPE = re.compile(r"\\(u\{[\da-fA-F]{1,6}\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|\r\n|[\s\S])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_BITS = 0xFFFFFFFF
_SIGN = 0x80000000


def constant_of(node: Node, known: Mapping[str, Constant], edits: Edits) -> Constant:
    """Return the value of an expression; None where only running it tells."""
    text = edits.of(node)
    value: Constant = None
    if node.type == "number":
        value = _number(text)
    elif node.type == "string" or (node.type == "template_string" and "${" not in text):
        value = unquote(text)
    elif node.type == "identifier":
        value = known.get(text, {"NaN": math.nan, "Infinity": math.inf}.get(text))
    elif node.type == "parenthesized_expression":
        value = constant_of(node.named_children[0], known, edits)
    elif node.type == "unary_expression":
        operand = constant_of(node.named_children[-1], known, edits)
        value = _unary(node.children[0].type, operand)
    elif node.type == "binary_expression":
        left = constant_of(node.children[0], known, edits)
        right = constant_of(node.children[-1], known, edits)
        value = _binary(node.children[1].type, left, right)
    return value


def unquote(text: str) -> str:
    """Return what a literal of a text stands for."""
    return _ESCAPE.sub(_unescape, text[1:-1])


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if escape[0] in "ux" and len(escape) > 1:
        return chr(int(escape[1:].strip("{}"), 16))
    if escape in "\n\r\u2028\u2029" or escape == "\r\n":
        return ""
    return _ESCAPES.get(escape, escape)


def _number(text: str) -> float | None:
    text = text.replace("_", "")
    try:
        return int(text, 0)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return None


def _int32(value: float) -> int:
    bits = int(value) & _BITS
    return bits - (1 << 32) if bits & _SIGN else bits


def _unary(operator: str, operand: Constant) -> Constant:
    if not isinstance(operand, (int, float)):
        return None
    return {"-": -operand, "+": operand, "~": ~_int32(operand)}.get(operator)


def _binary(operator: str, left: Constant, right: Constant) -> Constant:
    if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        return f"{left}{right}"
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        return None
    try:
        if operator in {"+", "-", "*", "/", "**", "%"}:
            return _arithmetic(operator, left, right)
        shift = int(right) & 31
        bits = {
            "<<": lambda: _int32(_int32(left) << shift),
            ">>": lambda: _int32(left) >> shift,
            ">>>": lambda: (int(left) & _BITS) >> shift,
            "&": lambda: _int32(_int32(left) & _int32(right)),
            "|": lambda: _int32(_int32(left) | _int32(right)),
            "^": lambda: _int32(_int32(left) ^ _int32(right)),
        }.get(operator)
        return None if bits is None else bits()
    except (ArithmeticError, ValueError):
        return None


def _arithmetic(operator: str, left: float, right: float) -> float:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right
    if operator == "**":
        return float(left**right)
    return math.fmod(left, right)
