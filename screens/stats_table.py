"""The table of the statistics: who served how much, sorted by a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events

from app.contract import By
from app.request_snapshot import StatsRow
from app.words import MISSING, count, dollars
from screens.chrome import WIDE
from screens.line import Line, fit, heading
from screens.listing import Listing, Row
from screens.names import put_name
from screens.stats_figures import COLUMNS, GROUPS, Column, value_of

_NARROW = (24, 31, 39, 46, 53, 60, 68, 79)
_WIDE = (40, 50, 60, 70, 80, 90, 100, 119)
_BAR = 14
_BAR_CELLS = 16


class StatsTable(Listing):
    """One row a provider, model, chain or client."""

    DEFAULT_CSS: ClassVar[str] = "StatsTable { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[StatsRow] | None = None
        self._by: By = "provider"
        self._sort: Column = "saved"
        self._tabs: list[tuple[int, int, By]] = []

    def show(self, rows: Sequence[StatsRow] | None, by: By, sort: Column) -> None:
        """`rows`: None while they are asked for."""
        self._by, self._sort = by, sort
        if rows is not None:
            rows = sorted(rows, key=lambda row: (-value_of(row, sort), row.key))
        self._rows = rows
        self.repaint()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        head = [Row(self._heading(width)), Row(self._columns(width))]
        if self._rows is None:
            return head
        if not self._rows:
            line = Line()
            line.put(
                1,
                fit(
                    "Nothing to count yet. Numbers appear with the first request and are kept for "
                    "ever as daily totals.",
                    width - 2,
                    self.stage.symbols.cut,
                ),
                "muted",
            )
            return [*head, Row(line)]
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
        for column, end in zip(COLUMNS, self._ends(width), strict=True):
            line.right(end, column, "muted", "u" if column == self._sort else "")
        return line

    def _ends(self, width: int) -> Sequence[int]:
        if width < WIDE:
            return _NARROW
        return (*_WIDE[:-1], width - 1) if width >= 120 else (*_NARROW[:-1], width - 1)

    def _row(self, row: StatsRow, most: int, width: int) -> Line:
        line = Line("cursor" if row.key == self.cursor else "bg")
        ends = self._ends(width)
        wide = width >= 120 and self._by != "model"
        room = _BAR - 2 if wide else ends[0] - 9
        symbols = self.stage.symbols
        if self._by == "model":
            put_name(line, 1, row.key, room, cut=symbols.cut)
        else:
            line.put(1, fit(row.key, room, symbols.cut))
        if wide:
            full = max(1 if row.requests else 0, row.requests * _BAR_CELLS // max(1, most))
            line.put(_BAR, symbols.full * full, "flow2")
            line.put(_BAR + full, symbols.empty * (_BAR_CELLS - full), "rule")
        values = (
            f"{row.requests:,}",
            f"{row.refused:,}",
            f"{row.failed:,}",
            count(row.tokens_in),
            count(row.tokens_out),
            _seconds(row.mean_ms),
            _seconds(row.p95_ms),
            _dollars(row.saved_usd),
        )
        for end, value in zip(ends, values, strict=True):
            line.right(end, value, "muted" if value in ("0", MISSING) else "text")
        return line

    def on_click(self, event: events.Click) -> None:
        if self.row_at(event.y) is None or event.y > 1:
            super().on_click(event)
            return
        for begin, end, group in self._tabs:
            if event.y == 0 and begin <= event.x < end:
                self.call_later(self.screen.run_action, f"group_by('{group}')")
        for column, end in zip(COLUMNS, self._ends(self.size.width), strict=True):
            if event.y == 1 and end - len(column) <= event.x < end:
                self.call_later(self.screen.run_action, f"sort_by('{column}')")


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
