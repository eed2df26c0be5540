"""Small line charts as SVG, without a library: axes from zero, one line a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Chart", "draw"]

_WIDTH, _HEIGHT = 400, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 16, 36, 44
_COLORS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700")
_TICKS = 4


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        title: What it shows.
        x_title: The horizontal axis.
        y_title: The vertical axis, with its unit.
        series: Points by name, in the order of x.
    """

    title: str
    x_title: str
    y_title: str
    series: Mapping[str, Sequence[tuple[float, float]]]


def draw(charts: Sequence[Chart], *, columns: int = 2) -> str:
    """Return one SVG with all charts."""
    rows = -(-len(charts) // columns)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * _WIDTH}" '
            f'height="{rows * _HEIGHT}" font-family="sans-serif" font-size="11">'
        ),
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for index, chart in enumerate(charts):
        x, y = index % columns * _WIDTH, index // columns * _HEIGHT
        parts += [f'<g transform="translate({x},{y})">', *_draw_one(chart), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _draw_one(chart: Chart) -> list[str]:
    points = [point for line in chart.series.values() for point in line]
    x_end = max(x for x, _ in points) or 1
    y_end = max(y for _, y in points) * 1.1 or 1
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(x: float, y: float) -> str:
        return f"{_LEFT + x / x_end * width:.1f},{_TOP + height - y / y_end * height:.1f}"

    parts = [
        f'<text x="{_LEFT}" y="18" font-size="13" font-weight="bold">{escape(chart.title)}</text>',
        (
            f'<text x="{_LEFT + width / 2}" y="{_HEIGHT - 8}" text-anchor="middle">'
            f"{escape(chart.x_title)}</text>"
        ),
        (
            f'<text transform="translate(12,{_TOP + height / 2}) rotate(-90)" text-anchor="middle">'
            f"{escape(chart.y_title)}</text>"
        ),
    ]
    for tick in range(_TICKS + 1):
        x, y = x_end * tick / _TICKS, y_end * tick / _TICKS
        across, down = place(x, 0), place(0, y)
        parts += [
            (
                f'<text x="{across.split(",")[0]}" y="{_TOP + height + 14}" text-anchor="middle">'
                f"{x:,.6g}</text>"
            ),
            (
                f'<text x="{_LEFT - 4}" y="{float(down.split(",")[1]) + 4}" text-anchor="end">'
                f"{y:,.3g}</text>"
            ),
            f'<polyline points="{down} {place(x_end, y)}" stroke="#ddd" fill="none"/>',
        ]
    for index, (name, line) in enumerate(chart.series.items()):
        color = _COLORS[index % len(_COLORS)]
        shown = " ".join(place(x, y) for x, y in line)
        parts.append(f'<polyline points="{shown}" stroke="{color}" stroke-width="2" fill="none"/>')
        parts += [
            f'<circle cx="{spot.split(",")[0]}" cy="{spot.split(",")[1]}" r="2.5" fill="{color}"/>'
            for spot in shown.split()
        ]
        if len(chart.series) > 1:
            parts.append(
                f'<text x="{_LEFT + 8}" y="{_TOP + 12 + 14 * index}" fill="{color}">'
                f"{escape(name)}</text>"
            )
    return parts
