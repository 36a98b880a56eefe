"""What is left of a screen that is too small to show anything."""

from __future__ import annotations

from typing import ClassVar

from app.words import count
from screens.line import Line
from screens.painted import Painted
from screens.picture import Picture
from screens.wrapped import wrap

LEAST = (60, 16)
"""Columns and rows below which no screen is painted."""


class TooSmall(Painted):
    """One sentence: the proxy goes on."""

    DEFAULT_CSS: ClassVar[str] = "TooSmall { height: 1fr; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self._told = ""

    def show(self, picture: Picture | None, address: str) -> None:
        self._told = f"terminal too small ({LEAST[0]}x{LEAST[1]} needed)"
        if picture is not None:
            running = count(picture.status.counts.in_flight)
            self._told += f"; the proxy runs on {address}, {running} in flight"
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        for row in wrap(self._told, width)[:height]:
            line = Line()
            line.put(0, row)
            lines.append(line)
        return lines
