"""A row of the screen as runs of text at columns: what everything here is painted with."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from screens.inks import Inks
from screens.themes import Role

CONTENT = 160
"""Columns that a screen uses at most; what a terminal has beyond stays empty."""


@lru_cache(4096)
def visible(text: str) -> str:
    """Text from outside, with its control characters as pictures: nothing reaches the terminal
    that is not to be seen."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _picture(letter) for letter in text)


def _picture(letter: str) -> str:
    code = ord(letter)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return " " if unicodedata.category(letter) == "Zs" else "\ufffd"


def fit(text: str, cells: int, cut: str = "…") -> str:
    """Text that takes at most so many cells, its end cut off with `cut`."""
    text = visible(text)
    if cell_len(text) <= cells:
        return text
    if cells <= 0:
        return ""
    return set_cell_size(text, cells - 1).rstrip() + cut


_GROUNDS: Mapping[str, Role] = {"B": "band", "C": "cursor", "L": "lift", "P": "panel"}
"""Attributes that put a run on another ground than its row."""


@dataclass(slots=True)
class Line:
    """A row. Put from left to right or in any order: what is put later hides what it covers.

    Attributes are those of `Inks.style`, and the letters of `_GROUNDS`: a tab on `band` is `B`.
    """

    ground: Role = "bg"
    runs: list[tuple[int, str, Role, str]] = field(default_factory=list[tuple[int, str, Role, str]])
    """`(column, text, ink, attributes)`."""

    def put(self, column: int, text: str, ink: Role = "text", attributes: str = "") -> int:
        """Put text from a column on; returns the column after it."""
        text = visible(text)
        self.runs.append((column, text, ink, attributes))
        return column + cell_len(text)

    def right(self, end: int, text: str, ink: Role = "text", attributes: str = "") -> int:
        """Put text so that it ends before the column `end`; returns where it begins."""
        text = visible(text)
        column = end - cell_len(text)
        self.runs.append((column, text, ink, attributes))
        return column

    def strip(self, width: int, inks: Inks, spelling: Mapping[int, int] | None = None) -> Strip:
        """The row as Textual draws it, cut to `width`; `spelling` is that of the symbols.

        Blanks are segments of their own, in a style of their own: pictures made of the screen lose
        those that a text begins with.
        """
        segments: list[Segment] = []
        blank = inks.style("bg", self.ground)
        at = 0
        for column, text, ink, attributes in self._uncovered(width):
            if column > at:
                segments.append(Segment(" " * (column - at), blank))
            ground = self.ground
            for letter in attributes:
                ground = _GROUNDS.get(letter, ground)
            seen = "r" in attributes or "u" in attributes or ground != self.ground
            if text.startswith(" ") and not seen:
                blanks = len(text) - len(text.lstrip(" "))
                segments.append(Segment(" " * blanks, blank))
                column, text = column + blanks, text[blanks:]
            if spelling:
                text = text.translate(spelling)
            segments.append(Segment(text, inks.style(ink, ground, attributes)))
            at = column + cell_len(text)
        if at < width:
            segments.append(Segment(" " * (width - at), blank))
        return Strip(segments, max(at, width)).crop(0, width)

    def _uncovered(self, width: int) -> list[tuple[int, str, Role, str]]:
        """The runs from left to right; each ends where the next one begins."""
        ordered = sorted(self.runs, key=lambda run: run[0])
        shown: list[tuple[int, str, Role, str]] = []
        for position, (column, text, ink, attributes) in enumerate(ordered):
            end = ordered[position + 1][0] if position + 1 < len(ordered) else width
            if column < 0 or column >= width or not text:
                continue
            if column + cell_len(text) > end:
                text = set_cell_size(text, max(0, end - column))
            shown.append((column, text, ink, attributes))
        return shown


def heading(
    line: Line, end: int, title: str, note: str = "", *, column: int = 1, rule: str = "─"
) -> Line:
    """A bold heading, a rule up to a muted note that ends before `end`. Returns the line."""
    at = line.put(column, title, "text", "b") + 1
    if note:
        stop = line.right(end, note, "muted") - 1
    else:
        stop = end
    if stop > at:
        line.put(at, rule * (stop - at), "rule")
    return line
