"""Expressions that the session can look up for the editor, made of what stands in a cell.

A name that the cell itself declares has no value before the cell has run; what it is
declared with stands for it then, as far as the session can evaluate that without effect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acajs_kernel.cell.bindings import FUNCTIONS, Binding, find_binding, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["MODULE", "Target", "module_called", "targets_of"]

MODULE = "__acajs_module__"
"""What stands in a target's expression for the module that the target names."""

# Node defines these as globals where it evaluates text, as getters that load them at first use.
_MODULE_GLOBALS = frozenset(
    {
        *("assert", "buffer", "child_process", "crypto", "dns", "events", "fs", "http", "https"),
        *("net", "os", "path", "querystring", "readline", "stream", "timers", "url", "util"),
        *("v8", "vm", "worker_threads", "zlib"),
    }
)
_MOST_CHARACTERS = 4000
_MOST_STEPS = 6
_ROOT_FIELDS = {
    "member_expression": "object",
    "subscript_expression": "object",
    "call_expression": "function",
    "new_expression": "constructor",
}
_WRAPPERS = frozenset({"parenthesized_expression", "await_expression"})


@dataclass(frozen=True)
class Target:
    """Something to look up.

    Attributes:
        expression: JavaScript, evaluated only if that has no effect.
        module: The specifier of the module that `MODULE` means in it; else empty.
    """

    expression: str
    module: str = ""


def targets_of(node: Node) -> tuple[Target, ...]:
    """Return what to look up for an expression, the likeliest first."""
    return tuple(
        target
        for target in dict.fromkeys(_targets(node, _MOST_STEPS))
        if len(target.expression) <= _MOST_CHARACTERS
    )


def module_called(node: Node | None) -> str | None:
    """Return the specifier in ``require("…")`` or ``import("…")``, else None."""
    if node is None or node.type != "call_expression":
        return None
    if text_of(node.child_by_field_name("function")) not in {"require", "import"}:
        return None
    arguments = node.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments and arguments.named_children else None
    return text_of(first)[1:-1] if first is not None and first.type == "string" else None


def _targets(node: Node, steps: int) -> list[Target]:
    module = module_called(node)
    if module is not None:
        return [Target(MODULE, module)]
    if steps == 0:
        return []
    if node.type in {"identifier", "this"}:
        return _name(node, steps)
    if node.type in _WRAPPERS:
        return _wrapped(node, steps)
    field = _ROOT_FIELDS.get(node.type)
    inner = node.child_by_field_name(field) if field else None
    if inner is None:
        return [Target(_expression(node))]
    text = node.text or b""
    head = text[: inner.start_byte - node.start_byte].decode("utf-8", "replace")
    tail = text[inner.end_byte - node.start_byte :].decode("utf-8", "replace")
    return [
        replace(target, expression=head + target.expression + tail)
        for target in _targets(inner, steps - 1)
    ]


def _wrapped(node: Node, steps: int) -> list[Target]:
    if not node.named_children:
        return []
    targets = _targets(node.named_children[-1], steps - 1)
    if node.type == "await_expression":  # only a module is known before it is awaited
        return [target for target in targets if target.expression == MODULE]
    return [replace(target, expression=f"({target.expression})") for target in targets]


def _name(node: Node, steps: int) -> list[Target]:
    name = text_of(node)
    if name == "this":
        return _this(node)
    found = find_binding(node, name)
    if found is None:
        return [Target(name), *([Target(MODULE, name)] if name in _MODULE_GLOBALS else [])]
    binding, is_global = found
    declared = _declared(binding, steps)
    return [Target(name), *declared] if is_global else declared


def _declared(binding: Binding, steps: int) -> list[Target]:
    """Return what stands for a name that has not got its value yet."""
    if binding.module is not None:
        # Most modules have what their default has, and CommonJS ones nothing else.
        path = "" if binding.path == ".default" else binding.path
        return [Target(MODULE + path, binding.module)]
    if binding.value is None:
        return []
    return [
        replace(target, expression=f"({target.expression}){binding.path}")
        for target in _targets(binding.value, steps - 1)
    ]


def _this(node: Node) -> list[Target]:
    """Return what `this` means: in a class an instance, at the top level the global object."""
    scope = node.parent
    while scope is not None:
        if scope.type == "class_body" and scope.parent is not None:
            text = f"({_expression(scope.parent)})"
            return [Target(f"new {text}"), Target(f"{text}.prototype")]
        if (
            scope.type in FUNCTIONS - {"arrow_function", "method_definition"}
            or scope.type == "object"
        ):
            return []
        scope = scope.parent
    return [Target("this")]


def _expression(node: Node) -> str:
    """Return a node's text, functions and classes in parentheses."""
    text = text_of(node)
    is_declaration = node.type.endswith("_declaration") or node.type in FUNCTIONS
    return f"({text})" if is_declaration or node.type == "object" else text
