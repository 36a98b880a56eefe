"""Text that grows, broken into rows: what is complete is broken once."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells

from screens.line import visible


def wrap(text: str, width: int) -> list[str]:
    """One paragraph in rows of at most `width` cells, broken at blanks where there are some."""
    width = max(1, width)
    text = visible(text.expandtabs(4))
    if cell_len(text) <= width:
        return [text]
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        joined = f"{row} {word}" if row else word
        if cell_len(joined) <= width:
            row = joined
            continue
        if row:
            rows.append(row)
        *full, row = chop_cells(word, width) or [""]
        rows += full
    return [*rows, row]


class Wrapped:
    """Rows of a text that is added to at its end."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._tail = ""
        self._text = ""
        self._width = 0

    @property
    def text(self) -> str:
        return self._text

    def add(self, piece: str) -> None:
        piece = piece.replace("\r\n", "\n")
        self._text += piece
        *lines, self._tail = (self._tail + piece).split("\n")
        for line in lines:
            self._done += wrap(line, self._width)

    def rows(self, width: int) -> list[str]:
        """All rows at a width; broken anew only where that is another one."""
        if width != self._width:
            self._width, self._done = width, []
            *lines, self._tail = self._text.split("\n")
            for line in lines:
                self._done += wrap(line, width)
        return [*self._done, *wrap(self._tail, width)] if self._text else []
