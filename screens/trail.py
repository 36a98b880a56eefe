"""A request's way in a few cells: `··×▶` is two skipped, one refused, the fourth served."""

from __future__ import annotations

from collections.abc import Sequence

from screens.line import Line
from screens.symbols import Mark, Symbols
from screens.themes import Role

_REFUSED = frozenset({"401", "402", "403", "404", "413", "429"})

INKS: dict[Mark, Role] = {"served": "flow", "skipped": "muted", "refused": "out", "failed": "low"}


def mark_of(word: str) -> Mark | None:
    """What a WORD of `x-429chain-trail` is drawn as; None: nothing was tried."""
    if word == "ok":
        return "served"
    if word.startswith("skipped"):
        return "skipped"
    if word in _REFUSED:
        return "refused"
    return None if word in ("not-tried", "trying") else "failed"


def put_trail(
    line: Line, column: int, trail: Sequence[tuple[str, str]], symbols: Symbols, cells: int = 6
) -> None:
    """Put a trail; of a longer one its end, behind the sign of a cut."""
    marks: list[Mark] = [mark for _, word in trail if (mark := mark_of(word)) is not None]
    if len(marks) > cells:
        line.put(column, symbols.cut, "muted")
        column, marks = column + 1, marks[-(cells - 1) :]
    for offset, mark in enumerate(marks):
        attributes = "b" if mark == "served" else ""
        line.put(column + offset, symbols.marks[mark], INKS[mark], attributes)
