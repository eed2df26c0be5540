"""Names that later cells declare again, in any way.

V8's REPL mode lets `let` and `class` replace each other and a constant a constant, and
refuses every other pair: a name is for ever what V8 made of it at first. That is one of two
places: a *lexical* binding, or a *property* of the global object, for `var` and functions.
A declaration that wants the other place becomes an assignment to where the name is, so that
functions of earlier cells see the new value. Constants are kept in bindings that can change,
and what assigns to them is refused by ``constants``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.edits import Edits

__all__ = ["Declarations"]

Place: TypeAlias = Literal["lexical", "property"]

_KEYWORDS = re.compile(r"\b(?:var|let|const|class|function)\b")
_WORDS = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_DECLARED_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})
_LISTS = frozenset({"program", "statement_block", "switch_case", "switch_default", "ERROR"})
_OWN_SCOPES = frozenset({"class_body", "class_static_block"})


class _Names(NamedTuple):
    """The names that cells have declared.

    Attributes:
        places: All of them, with the place that V8 has given each.
        constants: Those that cannot be assigned to.
        latest: The lexical ones of the latest cell.
        uninitialized: Those that may have no value, because their cell threw.
    """

    places: Mapping[str, Place] = {}
    constants: frozenset[str] = frozenset()
    latest: frozenset[str] = frozenset()
    uninitialized: frozenset[str] = frozenset()


class Declarations:
    """What the cells of one runtime have declared so far."""

    def __init__(self) -> None:
        self._names = self._names_before = _Names()

    def clear(self) -> None:
        """Forget all: the runtime is a new one."""
        self._names = self._names_before = _Names()

    def threw(self) -> None:
        """Take note that the latest cell threw: what it declares may have no value."""
        names = self._names
        self._names = names._replace(uninitialized=names.uninitialized | names.latest)

    def refused(self) -> None:
        """Take note that V8 has not compiled the latest cell: it has declared nothing."""
        self._names = self._names_before

    def admit(self, code: str) -> str:
        """Return a cell's code as V8 takes it after all cells before, and remember its names.

        Args:
            code: What REPL mode is to run.

        Returns:
            Code with the same number of lines; the very same object if nothing was done.
        """
        before = self._names_before = self._names
        has_keyword = _KEYWORDS.search(code) is not None
        if not has_keyword and before.constants.isdisjoint(_WORDS.findall(code)):
            self._names = before._replace(latest=frozenset())
            return code
        # Imported here because the first cells should not wait for a parser.
        from acajs_kernel.cell.edits import Edits  # noqa: PLC0415
        from acajs_kernel.cell.syntax import parse  # noqa: PLC0415

        root = parse(code)
        edits = Edits()
        cell = _Cell(root, edits, before.places, set(before.uninitialized))
        cell.convert()
        constants = (before.constants - cell.names.keys()) | cell.constants
        if constants:
            from acajs_kernel.cell.constants import refuse_assignments  # noqa: PLC0415

            refuse_assignments(root, constants, edits)
        self._names = _Names(
            places={**cell.names, **before.places},
            constants=constants,
            latest=frozenset(name for name, place in cell.names.items() if place == "lexical"),
            uninitialized=frozenset(cell.uninitialized - cell.names.keys()),
        )
        return edits.apply(code) if edits else code


@dataclass
class _Cell:
    """Goes through the declarations of one cell.

    Attributes:
        names: What it declares, and the place that each name would have at first.
        constants: Which of them are constants.
    """

    root: Node
    edits: Edits
    places: Mapping[str, Place]
    uninitialized: set[str]
    names: dict[str, Place] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)
    _before: list[str] = field(default_factory=list)

    def convert(self) -> None:
        for node in self.root.children:
            if node.has_error:
                continue
            if node.type == "lexical_declaration":
                self._lexical(node)
            elif node.type == "class_declaration":
                self._class(node)
            elif node.type in _DECLARED_FUNCTIONS:
                self._function(node)
        for node in _variables(self.root):
            self._variable(node)
        if self._before:
            self.edits.precede(_beginning(self.root), "".join(self._before))

    def _declare(self, names: list[str], place: Place) -> bool:
        """Remember names; return whether one of them has the other place already."""
        for name in names:
            self.names.setdefault(name, place)
        return any(self.places.get(name, place) != place for name in names)

    def _lexical(self, node: Node) -> None:
        kind = node.child_by_field_name("kind")
        names = _names_of(node)
        is_conflict = self._declare(names, "lexical")
        if kind is None or not names:
            return
        declarators = _declarators(node)
        is_constant = kind.type == "const"
        if is_constant:
            if any(child.child_by_field_name("value") is None for child in declarators):
                return  # V8 shall say so
            self.constants.update(names)
        if is_conflict:
            fresh = [name for name in names if self.places.get(name) != "property"]
            if fresh:
                self._before.append(f"let {','.join(fresh)};")
            self._assign(kind, declarators, missing="=void 0")
        elif is_constant:
            self.edits.replace(kind.start_byte, kind.end_byte, "let  ")

    def _assign(self, keyword: Node, declarators: list[Node], missing: str) -> None:
        """Turn a declaration into assignments, within one that declares nothing.

        Like a declaration it has no completion value.
        """
        self.edits.replace(keyword.start_byte, keyword.end_byte, "let {}=[")
        for child in declarators:
            if missing and child.child_by_field_name("value") is None:
                self.edits.close(child.end_byte, missing)
        self.edits.close(declarators[-1].end_byte, "];", outer=True)

    def _class(self, node: Node) -> None:
        name = _text(node.child_by_field_name("name"))
        if self._declare([name], "lexical"):
            self.edits.open(node.start_byte, f"let {{}}=[{name}=")
            self.edits.close(node.end_byte, "];", outer=True)

    def _function(self, node: Node) -> None:
        """Let a function of another name, which is there from the start, give this one."""
        name = _text(node.child_by_field_name("name"))
        if self._declare([name], "property"):
            self.edits.open(node.start_byte, f"function __acajs_{name}__(){{return ")
            self.edits.close(node.end_byte, "}", outer=True)
            self._before.append(f"let {name}=__acajs_{name}__();")

    def _variable(self, node: Node) -> None:
        names = _names_of(node)
        is_conflict = self._declare(names, "property")
        keyword = node.child_by_field_name("kind") or node.children[0]
        if not is_conflict or node.has_error:
            return
        fresh = [name for name in names if self.places.get(name) != "lexical"]
        if fresh:
            self._before.append(f"var {','.join(fresh)};")
        empty = self.uninitialized.intersection(names)
        if empty:
            self._before.append(f"let {','.join(sorted(empty))};")
            self.uninitialized -= empty
        parent = node.parent
        if node.type == "for_in_statement" or parent is None or parent.type == "for_statement":
            self.edits.replace(keyword.start_byte, keyword.end_byte, "   ")
        elif parent.type in _LISTS:
            self._assign(keyword, _declarators(node), missing="")
        else:
            self.edits.replace(keyword.start_byte, keyword.end_byte, "  (")
            self.edits.close(_declarators(node)[-1].end_byte, ")", outer=True)


def _text(node: Node | None) -> str:
    from acajs_kernel.cell.bindings import text_of  # noqa: PLC0415 -- as above

    return text_of(node)


def _declarators(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type == "variable_declarator"]


def _names_of(node: Node) -> list[str]:
    """Return the names that a declaration or the head of a loop declares."""
    from acajs_kernel.cell.bindings import declared_by, pattern_names  # noqa: PLC0415

    if node.type == "for_in_statement":
        return pattern_names(node.child_by_field_name("left"))
    return [binding.name for child in _declarators(node) for binding in declared_by(child)]


def _variables(node: Node) -> Iterator[Node]:
    """Yield what declares with `var` at the top level, also in blocks and the heads of loops."""
    from acajs_kernel.cell.bindings import FUNCTIONS  # noqa: PLC0415

    for child in node.named_children:
        is_loop = child.type == "for_in_statement"
        if child.type == "variable_declaration" or (
            is_loop and _text(child.child_by_field_name("kind")) == "var"
        ):
            yield child
        if child.type not in FUNCTIONS and child.type not in _OWN_SCOPES:
            yield from _variables(child)


def _beginning(root: Node) -> int:
    """Return where the statements begin, behind directives such as `"use strict"`."""
    for node in root.children:
        is_directive = (
            node.type == "expression_statement"
            and node.named_child_count == 1
            and node.named_children[0].type == "string"
        )
        if not is_directive and node.type != "hash_bang_line":
            return node.start_byte
    return root.end_byte
