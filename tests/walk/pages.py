"""The blocks of code that a page shows, in order, with what they are said to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.checkout import REPOSITORY

__all__ = [
    "PAGES",
    "REASONS",
    "RUN_LANGUAGES",
    "Block",
    "blocks_in",
    "blocks_of",
    "first_block",
    "workflow_commands",
]

REASONS = {
    "azure": "it needs a subscription of Azure",
    "publish": "it publishes this documentation",
    "release": "it supposes a release on PyPI, which there is not yet",
    "hub": "test_hub runs it, on a hub of its own",
    "checks": "it runs the project's own checks, which is what runs this test",
    "site": "it serves this documentation on a port that is always the same",
}
"""Why a block is not run, by the word of its mark ``<!-- not run: WORD -->``."""

RUN_LANGUAGES = frozenset({"sh", "js", "python"})
_OUTPUT_LANGUAGES = frozenset({"text", "json"})
_PAGE_FROM_CODE = re.compile(r"^<!-- Written by scripts/\S+ from \S+ -->$", re.MULTILINE)
_PART_FROM_CODE = re.compile(r"^<!-- begin -->$.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>[^>]*?) -->\n\s*)?"
    r"^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


def _navigation() -> list[str]:
    """Return the pages of the documentation, in the order in which readers meet them."""
    # The file names no Python objects, unlike other configurations of mkdocs.
    read = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    pages: list[str] = []
    for entry in read["nav"]:
        for value in entry.values():
            titles = value if isinstance(value, list) else [entry]
            pages += [f"docs/{page}" for title in titles for page in title.values()]
    return pages


PAGES = ["README.md", *_navigation(), "examples/jupyterhub/README.md", "CONTRIBUTING.md"]
"""Every page that is walked, from the first to the last; paths in the repository."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page.

    Attributes:
        page: The page's path in the repository.
        line: The number of its first line, for messages.
        language: What it is marked as.
        text: The code, without the indentation of the list that it may stand in.
        reason: Why it is not run: a word of `REASONS`, or empty.
        output: What it is said to print, or None.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str
    output: str | None

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page}:{self.line}"


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page of the repository, in order."""
    return blocks_in((REPOSITORY / page).read_text(encoding="utf-8"), page)


def first_block(page: str) -> Block:
    """Return the first block of a page that is run: what a newcomer pastes first."""
    return next(block for block in blocks_of(page) if not block.reason)


def blocks_in(text: str, page: str) -> list[Block]:
    """Return the blocks of a page's text, in order; what is written from the code is left out.

    A block marked ``text`` or ``json`` is the output of the one before it, unless that has an
    output already or has the mark of a block that is not run.
    """
    if _PAGE_FROM_CODE.search(text):
        return []
    text = _PART_FROM_CODE.sub(lambda found: "\n" * found[0].count("\n"), text)
    blocks: list[Block] = []
    for found in _FENCE.finditer(text):
        indent = len(found["indent"])
        lines = [line[indent:] for line in found["text"].splitlines()]
        block = Block(
            page,
            text.count("\n", 0, found.start("text")) + 1,
            found["language"],
            "".join(f"{line}\n" for line in lines),
            found["reason"] or "",
            None,
        )
        before = blocks[-1] if blocks else None
        if (
            block.language in _OUTPUT_LANGUAGES
            and not block.reason
            and before is not None
            and before.language in RUN_LANGUAGES
            and before.output is None
            and not before.reason
        ):
            blocks[-1] = Block(
                page, before.line, before.language, before.text, before.reason, block.text
            )
        else:
            blocks.append(block)
    return blocks


def workflow_commands(path: Path, job: str) -> list[str]:
    """Return the commands of a workflow's job, in order."""
    steps = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"][job]["steps"]
    return [step["run"] for step in steps if "run" in step]
