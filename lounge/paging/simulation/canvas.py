"""A drawing in SVG, written by hand: scales, axes, lines and words, for light and dark alike."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 760
COLOURS: Final = ("#2f7fd1", "#d9822b", "#2e9e6b", "#b4579f")
"""Told apart also by those who see few colours (after M. Okabe and K. Ito), and each has a dash of its own."""
DASHES: Final = ("", "7 4", "2 3", "9 3 2 3")
_STYLE: Final = """
  .ground { fill: #ffffff } .ink { fill: #24292f } .soft { fill: #57606a } .axis { stroke: #57606a }
  .grid { stroke: #d8dee4 } .mark { stroke: #57606a; stroke-dasharray: 1 3 }
  text { font: 13px system-ui, sans-serif } .title { font-size: 15px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #15191e } .ink { fill: #e6e9ed } .soft { fill: #a3adb8 } .axis { stroke: #a3adb8 }
    .grid { stroke: #323a43 } .mark { stroke: #a3adb8 }
  }
"""


class Scale(Struct, frozen=True):
    """Maps values to pixels, evenly or by their logarithm; `ticks` are values with their words."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Return where a value stands; what is beyond the ends stands at the ends."""
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


class Canvas:
    """A drawing that grows."""

    def __init__(self, height: int, title: str, description: str) -> None:
        """Begin with the title; the description is for those who do not see it."""
        self._height = height
        self._title = title
        self._description = description
        self._parts: list[str] = []
        self.words(24, 28, title, kind="title ink")

    def words(
        self, x: float, y: float, text: str, *, kind: str = "soft", anchor: str = "start", turned: bool = False
    ) -> None:
        """Write words; `turned` from below to above."""
        turn = f' transform="rotate(-90 {_n(x)} {_n(y)})"' if turned else ""
        at = f'x="{_n(x)}" y="{_n(y)}"'
        self._parts.append(f'<text class="{kind}" {at} text-anchor="{anchor}"{turn}>{escape(text)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a straight line."""
        self._parts.append(f'<line class="{kind}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>')

    def curve(self, points: Sequence[tuple[float, float]], number: int) -> None:
        """Draw a line through points, in the colour and dash of this number."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dash = f' stroke-dasharray="{DASHES[number]}"' if DASHES[number] else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="2.5" '
            f'stroke-linejoin="round"{dash}/>'
        )

    def bar(self, x1: float, x2: float, y: float, height: float, number: int) -> None:
        """Draw a bar between two places."""
        left, width = min(x1, x2), max(abs(x2 - x1), 0.5)
        self._parts.append(
            f'<rect x="{_n(left)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{COLOURS[number]}"/>'
        )

    def dot(self, x: float, y: float) -> None:
        """Draw a dot."""
        self._parts.append(f'<circle class="ink" cx="{_n(x)}" cy="{_n(y)}" r="5"/>')

    def legend(self, x: float, y: float, names: Sequence[str], step: float) -> None:
        """Say which line is whose."""
        for number, name in enumerate(names):
            left = x + number * step
            self.curve([(left, y - 4), (left + 34, y - 4)], number)
            self.words(left + 42, y, name, kind="ink")

    def axes(self, across: Scale, up: Scale, across_words: str, up_words: str) -> None:
        """Draw both axes, with a grid, ticks and what they measure."""
        for value, word in up.ticks:
            y = up.at(value)
            self.line(across.start, y, across.end, y, "grid")
            self.words(across.start - 8, y + 4, word, anchor="end")
        for value, word in across.ticks:
            x = across.at(value)
            self.line(x, up.start, x, up.end, "grid")
            self.words(x, up.start + 19, word, anchor="middle")
        self.line(across.start, up.start, across.end, up.start, "axis")
        self.line(across.start, up.start, across.start, up.end, "axis")
        self.words((across.start + across.end) / 2, up.start + 42, across_words, anchor="middle")
        self.words(20, (up.start + up.end) / 2, up_words, anchor="middle", turned=True)

    def text(self) -> str:
        """Return the file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self._height}" width="{WIDTH}" '
            f'height="{self._height}" role="img" aria-labelledby="t d">'
        )
        named = f'<title id="t">{escape(self._title)}</title><desc id="d">{escape(self._description)}</desc>'
        ground = f'<rect class="ground" width="{WIDTH}" height="{self._height}"/>'
        return "\n".join([head, named, f"<style>{_STYLE}</style>", ground, *self._parts, "</svg>", ""])


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
