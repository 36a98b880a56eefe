"""The figures at the head of the board: pace, tokens, money, how many requests fell."""

from __future__ import annotations

from typing import ClassVar

from app.snapshot import Counts
from app.words import count, dollars, share, thousands
from screens.gauge import sparkline
from screens.line import Line
from screens.painted import Painted
from screens.picture import Picture
from screens.themes import Role

_TWO_ROWS_FROM = 118


class Figures(Painted):
    """One row of figures; two where there is room, the second explains the first."""

    DEFAULT_CSS: ClassVar[str] = "Figures { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None

    @staticmethod
    def rows_at(width: int, height: int) -> int:
        """How many rows the figures take on a screen of this size."""
        return 2 if width >= _TWO_ROWS_FROM and height >= 30 else 1

    def show(self, picture: Picture | None) -> None:
        self._picture = picture
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        if self._picture is None:
            return []
        counts, pace = self._picture.status.counts, self._picture.pace
        if height > 1:
            lines = [self._wide(counts), self._explained(counts, pace)]
        elif width >= 76:
            lines = [self._row(counts, pace, width)]
        else:
            lines = [self._short(counts)]
        return [stale(line) for line in lines] if self._picture.silent_s >= 2 else lines

    def _wide(self, counts: Counts) -> Line:
        line = Line()
        _put(line, 1, count(counts.requests_per_minute), "req/min")
        _put(line, 32, count(counts.tokens_today), "tokens today")
        _put(line, 63, dollars(counts.saved_today_usd), "saved today")
        _put(line, 94, share(counts.waterfalled_share), "waterfalled")
        return line

    def _explained(self, counts: Counts, pace: tuple[float | None, ...]) -> Line:
        line = Line()
        symbols = self.stage.symbols
        line.put(1, sparkline(pace[-22:], symbols), "flow2")
        into = counts.tokens_today - counts.tokens_out_today
        out = count(counts.tokens_out_today)
        line.put(32, f"{count(into)} in {symbols.dot} {out} out", "muted")
        requests = f"{thousands(counts.requests_today)} requests"
        line.put(63, f"{requests}, {thousands(counts.failed_today)} failed", "muted")
        if counts.waterfalled_share is not None:
            fell = round(counts.waterfalled_share * counts.requests_today)
            line.put(94, f"{thousands(fell)} fell past an entry", "muted")
        return line

    def _row(self, counts: Counts, pace: tuple[float | None, ...], width: int) -> Line:
        line = Line()
        at = _put(line, 1, count(counts.requests_per_minute), "req/min") + 1
        line.put(at, sparkline(pace[-8:], self.stage.symbols), "flow2")
        _put(line, 24, count(counts.tokens_today), "tokens today")
        _put(line, 45, dollars(counts.saved_today_usd), "saved")
        begin = line.right(width - 1, "waterfalled", "muted") - 1
        line.right(begin, share(counts.waterfalled_share), "text", "b")
        return line

    def _short(self, counts: Counts) -> Line:
        line = Line()
        at = _put(line, 1, count(counts.requests_per_minute), "req/min") + 3
        at = _put(line, at, count(counts.tokens_today), "tokens") + 3
        at = _put(line, at, dollars(counts.saved_today_usd), "saved") + 3
        _put(line, at, share(counts.waterfalled_share), "waterfalled")
        return line


def _put(line: Line, column: int, value: str, label: str) -> int:
    column = line.put(column, value, "text", "b")
    return line.put(column + 1, label, "muted")


def stale(line: Line) -> Line:
    """A row of a picture that is no longer fresh: one ink, no band, the words as they were."""
    quiet: frozenset[Role] = frozenset({"faint", "rule"})
    runs: list[tuple[int, str, Role, str]] = [
        (column, text, ink if ink in quiet else "muted", attributes)
        for column, text, ink, attributes in line.runs
    ]
    return Line("bg", runs)
