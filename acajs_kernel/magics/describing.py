"""The magics' help, all of it made of their declarations."""

from __future__ import annotations

from collections.abc import Mapping

from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.registry import magics

__all__ = ["describe_all", "describe_magic", "markdown_table"]


def describe_magic(magic: Magic) -> Mapping[str, str]:
    """Return the help of one magic as a MIME bundle."""
    forms = "\n".join(magic.usage)
    sentences = [magic.summary, magic.details]
    if magic.needs_rich:
        sentences.append("It needs the rich runtime.")
    text = "\n\n".join(filter(None, sentences))
    return {
        "text/plain": f"{forms}\n\n{text}\n".replace("`", ""),
        "text/markdown": f"```text\n{forms}\n```\n\n{text}\n",
    }


def describe_all() -> Mapping[str, str]:
    """Return a list of all magics as a MIME bundle."""
    every = magics().values()
    width = max(len(form) for magic in every for form in magic.usage)
    lines = [
        f"{form:<{width}}  {magic.summary if form == magic.usage[0] else ''}".rstrip()
        for magic in every
        for form in magic.usage
    ]
    more = "More about one of them: %help NAME, or its name with a question mark, as in %time?"
    return {
        "text/plain": "\n".join(lines).replace("`", "") + f"\n\n{more}\n",
        "text/markdown": f"{markdown_table()}\n{more.replace('%time?', '`%time?`')}\n",
    }


def markdown_table() -> str:
    """Return the table of all magics in Markdown."""
    lines = ["| magic | what it does | where |", "|---|---|---|"]
    for magic in magics().values():
        forms = "<br>".join(f"`{form}`".replace("|", "\\|") for form in magic.usage)
        notes = " Needs the rich runtime." if magic.needs_rich else ""
        details = f" {magic.details}" if magic.details else ""
        what = f"{magic.summary}{details}{notes}".replace("|", "\\|")
        lines.append(f"| {forms} | {what} | {magic.where} |")
    return "\n".join(lines) + "\n"
