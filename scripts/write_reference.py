"""Write the parts of the documentation that repeat what the code says.

    python scripts/write_reference.py

`docs/configuration.md` comes from the settings' traits, `docs/display-api.md` from the types
of what cells find in rich mode. A test fails while either is not current.
"""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path

from traitlets import Enum

from acajs_kernel.config import Settings

_DOCUMENTATION = Path(__file__).parent.parent / "docs"
_DECLARATION = re.compile(
    r"^(?:/\*\*(?P<words>(?:(?!\*/).)*)\*/\n)?"
    r"^(?P<head>(?:interface|type|declare (?:function|const)) (?P<name>[\w$]+)[^\n]*\n"
    r"(?:[ \t]+[^\n]*\n)*(?:^\}\n)?)",
    re.MULTILINE | re.DOTALL,
)

_CONFIGURATION = """\
# Settings

<!-- Written by scripts/write_reference.py from acajs_kernel/config.py. -->

Each setting is a trait of the kernel. If you set it in several places, the first of these wins:

1. the kernel's command line, in the `argv` of a kernel spec: `--AcaJsKernel.runtime=plain`;
2. the configuration file `acajs_config.py`, in the folder `profile_default` of IPython's folder
   (`~/.ipython`): `c.AcaJsKernel.runtime = "plain"`;
3. the environment variable, in the shell that starts Jupyter or in the `env` of a kernel spec.

You can set the token only in the environment, since every user of a machine can see a command
line.
"""

_DISPLAY = """\
# Display API

<!-- Written by scripts/write_reference.py from acajs_kernel/runtime/acajs.d.ts. -->

What cells find in rich mode, besides Node's own globals. To get an editor's help outside notebooks,
put `/// <reference path="acajs.d.ts" />` into a file of yours.
[Show tables, charts, images](display.md) has examples.
"""


def configuration() -> str:
    """Return the page of settings."""
    parts = [_CONFIGURATION]
    traits = Settings.class_own_traits()
    for name, trait in traits.items():
        words = " ".join(str(trait.help).split())
        text, _, variables = words.partition(" Environment: ")
        shown = re.sub(r"\b([A-Z]\w*_\w+)\b", r"`\1`", variables)
        facts = [f"Environment: {shown.rstrip('.')}", f"Default: {_default(name)}"]
        if isinstance(trait, Enum):
            facts.append(f"Values: {', '.join(f'`{value}`' for value in trait.values if value)}")
        if not trait.metadata.get("config"):
            facts.append("Not an option, nor for a configuration file.")
        listed = "\n".join(f"- {fact}" for fact in facts)
        parts.append(f"## {name} {{ #{name.replace('_', '-')} }}\n\n{text}\n\n{listed}\n")
    return "\n".join(parts)


def _default(name: str) -> str:
    value = getattr(Settings(), name)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"`{shown}`" if shown else "empty"


def display_api() -> str:
    """Return the page of what cells find in rich mode.

    Raises:
        ValueError: The types are written in a way that this does not understand.
    """
    types = resources.files("acajs_kernel").joinpath("runtime/acajs.d.ts").read_text("utf-8")
    parts = [_DISPLAY]
    found = list(_DECLARATION.finditer(types))
    if len(found) != len(re.findall(r"^(?:interface|type|declare) ", types, re.MULTILINE)):
        raise ValueError("a declaration of acajs.d.ts was not recognised")
    sections = {
        "Functions and objects": [one for one in found if one["head"].startswith("declare")],
        "Types": [one for one in found if not one["head"].startswith("declare")],
    }
    for title, declarations in sections.items():
        parts.append(f"## {title}\n")
        for name, members in _grouped(declarations).items():
            parts.append(f"### {name}\n")
            for words, head in members:
                if words:
                    parts.append(f"{words}\n")
                parts.append(f"```typescript\n{head.rstrip()}\n```\n")
    return "\n".join(parts)


def _grouped(declarations: list[re.Match[str]]) -> dict[str, list[tuple[str, str]]]:
    """Return each name's declarations, of which an interface may have several."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in declarations:
        words = " ".join(re.sub(r"^\s*\*", "", one["words"] or "", flags=re.MULTILINE).split())
        groups.setdefault(one["name"], []).append((words, one["head"]))
    return groups


PAGES = {"configuration.md": configuration, "display-api.md": display_api}
"""The pages that are written, and what gives their text."""


def main() -> None:
    """Write the pages."""
    for name in [name for name in os.environ if name.startswith(("ACAJS_", "AZURE_"))]:
        del os.environ[name]  # the defaults are those of nobody's machine
    for name, text in PAGES.items():
        (_DOCUMENTATION / name).write_text(text(), encoding="utf-8")
        print(_DOCUMENTATION / name)


if __name__ == "__main__":
    main()
