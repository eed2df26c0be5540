"""Write the reference of the command `acajs` in docs/cli.md, from the commands' declarations."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from typer.models import ArgumentInfo, OptionInfo

from acajs_kernel.cli import application

if TYPE_CHECKING:
    import typer

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
_BEGIN = "<!-- begin -->\n"
_END = "<!-- end -->\n"
_TYPES = {str: "TEXT", int: "INTEGER", float: "FLOAT", Path: "PATH"}


def page_with_reference(page: str) -> str:
    """Return the page with the reference as it is to be."""
    head, _, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not end:
        sys.exit(f"{_PAGE} has lost its marks {_BEGIN.strip()} and {_END.strip()}")
    sections = "\n".join(_section(name, run) for name, run in commands())
    return f"{head}{_BEGIN}\n{sections}\n{_END}{tail}"


def commands() -> list[tuple[str, Callable[..., object]]]:
    """Return all commands, by what a user types, with the functions that they call."""
    return sorted(_commands(application.application, "acajs"), key=lambda command: command[0])


def _commands(group: typer.Typer, path: str) -> Iterator[tuple[str, Callable[..., object]]]:
    for command in group.registered_commands:
        if command.callback is not None and not command.hidden:
            name = command.name or command.callback.__name__.replace("_", "-")
            yield f"{path} {name}", command.callback
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            yield from _commands(inner.typer_instance, f"{path} {inner.name}")


def _section(name: str, run: Callable[..., object]) -> str:
    rows: list[str] = []
    usage = [name]
    hints = typing.get_type_hints(run, include_extras=True)
    for parameter in inspect.signature(run).parameters.values():
        kind, *notes = typing.get_args(hints[parameter.name])
        note = next(each for each in notes if isinstance(each, (ArgumentInfo, OptionInfo)))
        is_required = parameter.default is inspect.Parameter.empty
        if isinstance(note, ArgumentInfo):
            shown = note.metavar or parameter.name.upper()
            usage.append(shown if is_required else f"[{shown}]")
            forms = f"`{_escaped(shown)}`"
        else:
            forms = _forms(parameter.name, kind, note)
        rows.append(f"| {forms} | {_meaning(note, parameter.default, is_required=is_required)} |")
    if any(row.startswith("| `-") for row in rows):
        usage.insert(1, "[OPTION]...")
    table = ["| argument or option | meaning |", "|---|---|", *rows] if rows else []
    text = inspect.cleandoc(run.__doc__ or "")
    lines = [f"### `{name}`", "", "```text", " ".join(usage), "```", "", text, "", *table]
    return "\n".join(lines).rstrip() + "\n"


def _forms(name: str, kind: object, note: OptionInfo) -> str:
    """Return the ways to write an option."""
    dashed = name.replace("_", "-")
    inner = [each for each in typing.get_args(kind) if each is not types.NoneType]
    is_flag = bool in {kind, *inner}
    # In an annotation the first form stands where typer has the default elsewhere.
    written = (note.default, *(note.param_decls or ()))
    declared = [text for text in written if isinstance(text, str) and text.startswith("-")]
    if is_flag and not declared:
        declared = [f"--{dashed}", f"--no-{dashed}"]
    value = note.metavar or _TYPES.get(typing.cast("type", inner[0] if inner else kind), "TEXT")
    suffix = "" if is_flag else f" {value}"
    return ", ".join(f"`{_escaped(text + suffix)}`" for text in declared or [f"--{dashed}"])


def _meaning(note: ArgumentInfo | OptionInfo, default: object, *, is_required: bool) -> str:
    text = " ".join((note.help or "").split())
    if is_required and isinstance(note, OptionInfo):
        text += " Required."
    elif not is_required and default not in {None, "", False} and note.show_default is not False:
        shown = default.value if hasattr(default, "value") else default
        text += f" Default: `{shown}`."
    return _escaped(text)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    _PAGE.write_text(page_with_reference(_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote the reference of acajs in {_PAGE}")
