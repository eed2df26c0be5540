"""The table of what was injected and what happened."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Row", "table_text"]


@dataclass
class Row:
    """What one kind of fault did over all its positions.

    Attributes:
        fault: The fault's name.
        positions: At how many positions it was injected.
        survived: Positions less the cells that showed anything else than in the clean run.
        requests_more: Requests beyond those that came without a fault, which is what
            asking again has cost; polls vary by a few.
        pauses: Pauses before asking again.
        told: Cells that ended in an error of ours.
        twice: Cells that ran more than once.
    """

    fault: str
    positions: int = 0
    survived: int = 0
    requests_more: int = 0
    pauses: int = 0
    told: int = 0
    twice: int = 0


def table_text(title: str, rows: list[Row]) -> str:
    """Return the table as text for people."""
    head = ("fault", "positions", "survived", "requests more", "pauses", "told", "ran twice")
    lines = [
        (
            row.fault,
            *map(
                str,
                (
                    row.positions,
                    row.survived,
                    row.requests_more,
                    row.pauses,
                    row.told,
                    row.twice,
                ),
            ),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    shown = [
        "  ".join(
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in [head, *lines]
    ]
    return "\n".join([title, *shown])
