"""Under a chain: what the next request would do, what was changed, the entry under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.contract import AdminError
from screens.chains_list import CONTENT
from screens.chains_words import Piece, wrapped
from screens.journal import Noted
from screens.line import Line, fit, heading
from screens.painted import Painted
from screens.themes import Role

CARD_FROM = 110
"""Columns from which the entry under the cursor stands beside the changes."""


@dataclass(frozen=True, slots=True)
class Below:
    """What stands under the list of a chain."""

    dry_run: Sequence[Piece]
    changes: Sequence[Noted]
    card: Callable[[int, int], Sequence[Line]]
    """The entry under the cursor, painted between two columns."""


class ChainBelow(Painted):
    DEFAULT_CSS: ClassVar[str] = "ChainBelow { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._below: Below | None = None
        self._empty: tuple[str, bool, AdminError | None] = ("", True, None)

    def show(self, below: Below) -> None:
        self._below = below
        self.repaint()

    def say_empty(self, address: str, loading: bool, trouble: AdminError | None) -> None:
        """There is no chain, or no picture yet."""
        self._below = None
        self._empty = (address, loading, trouble)
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        below = self._below
        if below is None:
            return self._nothing(width)
        end = min(width, CONTENT) - 1
        rule = self.stage.symbols.rule
        note = "dry run, nothing is sent" if width >= 60 else "dry run"
        lines = [Line(), heading(Line(), end, "the next request", note, rule=rule)]
        sentence = wrapped(below.dry_run, 1, end)
        lines += sentence[: max(1, min(3, height - 3))]
        lines.append(Line())
        with_card = width >= CARD_FROM
        changes_end = 60 if with_card else end
        lines += self._changes(below.changes, changes_end, rule)
        if with_card:
            # The card begins beside the heading of the changes.
            begin = len(lines) - len(below.changes or (None,)) - 1
            _beside(lines, begin, below.card(64, end))
        return lines[:height]

    def _nothing(self, width: int) -> list[Line]:
        address, loading, trouble = self._empty
        if loading and trouble is not None:
            return says(
                (str(trouble), "text"), (trouble.hint, "muted"), ("asked again at once", "flow")
            )
        if loading:
            return says((f"asking {address} for its chains", "muted"))
        symbols = self.stage.symbols
        left = max(8, (min(width, CONTENT) - _WIDTH) // 2) if width >= 76 else 2
        lines = [Line() for _ in range(6)]
        lines[0].put(left, symbols.ledge, "flow", "b")
        lines[0].put(left + 3, "no chain yet", "text", "b")
        for line, text in zip(lines[1:4], _WHAT, strict=True):
            line.put(left + 1, symbols.fall, "flow", "b")
            line.put(left + 5, fit(text, width - left - 6, symbols.cut), "muted")
        lines[4].put(left + 1, symbols.landing, "flow", "b")
        lines[4].put(left + 5, "n", "flow", "b")
        lines[4].put(left + 8, "make a chain")
        lines[5].put(left + 1, symbols.dry, "faint")
        lines[5].put(left + 5, "5", "flow", "b")
        lines[5].put(left + 8, "add a provider first, if there is none", "muted")
        return lines

    def _changes(self, changes: Iterable[Noted], end: int, rule: str) -> list[Line]:
        lines = [heading(Line(), end, "changes", "^z undoes", rule=rule)]
        for change in changes:
            line = Line()
            line.put(1, f"{change.at.astimezone():%H:%M}", "muted")
            line.put(8, fit(change.text, end - 8, self.stage.symbols.cut))
            lines.append(line)
        if len(lines) == 1:
            line = Line()
            line.put(1, "none in this session", "muted")
            lines.append(line)
        return lines


_WHAT = (
    "A chain is a list of models in the order you like. A request",
    "takes the first one that has free budget left.",
    "",
)
_WIDTH = 64
"""Cells of the page without a chain."""


def says(*texts: tuple[str, Role]) -> list[Line]:
    """What, why and what next, in place of what cannot be shown."""
    lines = [Line()]
    for text, ink in texts:
        line = Line()
        line.put(1, text, ink)
        lines.append(line)
    return lines


def _beside(lines: list[Line], begin: int, more: Sequence[Line]) -> None:
    """Put rows to the right of those that are there."""
    for offset, line in enumerate(more):
        while len(lines) <= begin + offset:
            lines.append(Line())
        lines[begin + offset].runs.extend(line.runs)
