"""The table of the statistics: who served how much, sorted by a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events

from app.contract import AdminError, By
from app.request_snapshot import StatsRow
from app.words import MISSING, count, dollars, thousands
from screens.line import CONTENT, Line, fit, heading
from screens.listing import Listing, Row
from screens.names import put_name
from screens.stats_figures import COLUMNS, GROUPS, Column, value_of
from screens.themes import Role
from screens.wrapped import wrap

_NARROW = (24, 31, 39, 46, 53, 60, 68, 79)
_WIDE = (40, 50, 60, 70, 80, 90, 100, 119)
_BAR = 14
_BAR_CELLS = 16


_NOTHING = (
    "Nothing to count yet. Numbers appear with the first request and are kept for ever as daily "
    "totals."
)


class StatsTable(Listing):
    """One row a provider, model, chain or client."""

    DEFAULT_CSS: ClassVar[str] = "StatsTable { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[StatsRow] | None = None
        self._error: AdminError | None = None
        self._by: By = "provider"
        self._sort: Column = "saved"
        self._tabs: list[tuple[int, int, By]] = []

    @property
    def height(self) -> int:
        """Rows it takes, with its head."""
        return 2 + max(3, len(self._rows or ()))

    def show(self, rows: Sequence[StatsRow] | None, by: By, sort: Column) -> None:
        """`rows`: None while they are asked for."""
        self._by, self._sort, self._error = by, sort, None
        if rows is not None:
            rows = sorted(rows, key=lambda row: (-value_of(row, sort), row.key))
        self._rows = rows
        self.repaint()

    def fail(self, error: AdminError) -> None:
        """Say why there are no numbers."""
        self._rows, self._error = None, error
        self.repaint()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        width = min(width, CONTENT)
        head = [Row(self._heading(width)), Row(self._columns(width))]
        if (error := self._error) is not None:
            head += [*_said(error.title, "text", width), *_said(error.message, "muted", width)]
            return [*head, *_said(error.hint or "asked again by itself", "flow", width)]
        if not self._rows:
            return head if self._rows is None else [*head, *_said(_NOTHING, "muted", width)]
        most = max(row.requests for row in self._rows)
        return head + [Row(self._row(row, most, width), row.key) for row in self._rows]

    def _heading(self, width: int) -> Line:
        line, rule = Line(), self.stage.symbols.rule
        at = width - 1 - len("  ".join(GROUPS)) - 4
        heading(line, at - 1, f"by {self._by}", rule=rule)
        line.put(at, "[", "muted")
        at += 2
        self._tabs = []
        for group in GROUPS:
            active = group == self._by
            end = line.put(at, group, "flow" if active else "muted", "bu" if active else "")
            self._tabs.append((at, end, group))
            at = end + 2
        line.put(at - 1, "]", "muted")
        return line

    def _columns(self, width: int) -> Line:
        line = Line()
        line.put(1, self._by, "muted")
        for column, end in self._ends(width):
            line.right(end, column, "muted", "u" if column == self._sort else "")
        return line

    def _ends(self, width: int) -> Sequence[tuple[Column, int]]:
        """The columns that have room, and the one before which each of them ends."""
        if width < 120:
            ends = [end for end in _NARROW[:-1] if end < width - 10]
            return [*zip(COLUMNS, ends, strict=False), ("saved", width - 1)]
        wider = (width - 120) / len(_WIDE)
        ends = [end + round(wider * number) for number, end in enumerate(_WIDE, 1)]
        return list(zip(COLUMNS, ends, strict=True))

    def _row(self, row: StatsRow, most: int, width: int) -> Line:
        line = Line("cursor" if row.key == self.cursor else "bg")
        ends = self._ends(width)
        wide = width >= 120 and self._by != "model"
        room = _BAR - 2 if wide else ends[0][1] - 9
        symbols = self.stage.symbols
        if self._by == "model":
            put_name(line, 1, row.key, room, cut=symbols.cut)
        else:
            line.put(1, fit(row.key, room, symbols.cut))
        if wide:
            full = max(1 if row.requests else 0, row.requests * _BAR_CELLS // max(1, most))
            line.put(_BAR, symbols.full * full, "flow2")
            line.put(_BAR + full, symbols.empty * (_BAR_CELLS - full), "rule")
        for column, end in ends:
            value = _told(row, column)
            line.right(end, value, "muted" if value in ("0", MISSING) else "text")
        return line

    def on_click(self, event: events.Click) -> None:
        if self.row_at(event.y) is None or event.y > 1:
            super().on_click(event)
            return
        for begin, end, group in self._tabs:
            if event.y == 0 and begin <= event.x < end:
                self.call_later(self.screen.run_action, f"group_by('{group}')")
        for column, end in self._ends(min(self.size.width, CONTENT)):
            if event.y == 1 and end - len(column) <= event.x < end:
                self.call_later(self.screen.run_action, f"sort_by('{column}')")


def _said(text: str, ink: Role, width: int) -> list[Row]:
    rows: list[Row] = []
    for part in wrap(text, width - 2):
        line = Line()
        line.put(1, part, ink)
        rows.append(Row(line))
    return rows


def _told(row: StatsRow, column: Column) -> str:
    match column:
        case "served":
            return thousands(row.requests)
        case "429s":
            return thousands(row.refused)
        case "failed":
            return thousands(row.failed)
        case "in":
            return count(row.tokens_in)
        case "out":
            return count(row.tokens_out)
        case "mean":
            return _seconds(row.mean_ms)
        case "p95":
            return _seconds(row.p95_ms)
        case "saved":
            return _dollars(row.saved_usd)


def _seconds(milliseconds: float | None) -> str:
    if milliseconds is None:
        return MISSING
    seconds = milliseconds / 1000
    return (
        f"{seconds:.1f}s"
        if seconds < 100
        else f"{round(seconds) // 60}m {round(seconds) % 60:02d}s"
    )


def _dollars(amount: float | None) -> str:
    """In cents, so that a column lines up; smaller amounts in full."""
    return f"${amount:,.2f}" if amount is not None and amount >= 0.01 else dollars(amount)
