"""Stats: tokens, dollars and failures of a day or a month, by whom they were served."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, cast

from textual import events
from textual.widget import Widget

from app.contract import AdminError, By
from app.request_snapshot import StatsRow
from screens.chrome import WIDE
from screens.keys import Key, bindings
from screens.listing import Listing
from screens.picture import Picture
from screens.stats_bars import BarChart, Figures, LandedChart
from screens.stats_export import export
from screens.stats_figures import (
    COLUMNS,
    GROUPS,
    PERIODS,
    Column,
    Period,
    every_bar,
    span_of,
    totals,
)
from screens.stats_table import StatsTable
from screens.view import View

_CHROME = 6
"""Rows of brand, status, notice, figures, a blank and the footer."""
_TALL = 36
"""Rows from which there is room to show where requests landed."""
_LANDED = 11
_BARS = 7
"""Of the chart that are seen if there is room, as many as there are days in a week."""
_LEAST_ROWS, _ROWS = 5, 10
"""Of the table with its head: before the chart has its bars, and before it has more."""
_EVERY = 5.0
"""Seconds between two looks: totals change slowly, and asking costs a query."""


class StatsView(View):
    """`p` takes another period, `[` and `]` another group, `s` another order."""

    TAB: ClassVar[str] = "stats"
    MOVING = frozenset()
    VERBS = (
        Key("stats.previous", "left_square_bracket", "group(-1)", "", "the group before", "["),
        Key("stats.next", "right_square_bracket", "group(1)", "group", "the next group", "[ ]"),
        Key("stats.period", "p", "period", "period", "today, yesterday, 7 or 30 days"),
        Key("stats.sort", "s", "sort", "sort", "sort by the next column"),
        Key("stats.open", "enter", "open", "requests", "the requests behind the row"),
        Key("stats.export", "x", "export", "export", "write the table to a file"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]
    DEFAULT_CSS: ClassVar[str] = """
    StatsView Figures { margin: 0 0 1 0; }
    StatsView BarChart { margin: 0 0 1 0; }
    StatsView LandedChart { display: none; margin: 1 0 0 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.figures = Figures()
        self.chart = BarChart()
        self.table = StatsTable()
        self.landed = LandedChart()
        self._period: Period = "7 days"
        self._by: By = "provider"
        self._sort: Column = "saved"
        self._rows: Sequence[StatsRow] | None = None
        self._asked_at = float("-inf")

    def body(self) -> Iterable[Widget]:
        yield self.figures
        yield self.chart
        yield self.table
        yield self.landed

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._arrange()

    def _arrange(self) -> None:
        """The table as high as its rows, the bars as many as there is room for."""
        width, height = self.size
        room = height - _CHROME
        landed = width >= WIDE and height >= _TALL
        self.landed.display = landed
        if landed:
            room -= _LANDED
        bars = max(room - 2 - _ROWS, min(_BARS, room - 2 - _LEAST_ROWS))
        bars = min(self.chart.bars or _BARS, bars)
        self.chart.styles.height = bars + 1
        self.table.styles.height = max(3, min(self.table.height, room - bars - 2))

    def show(self, picture: Picture | None) -> None:
        self.figures.repaint()
        if picture is None or self.shell.screen is not self:
            return
        if self.shell.feed.elapsed() - self._asked_at >= _EVERY:
            self._ask()

    def _ask(self) -> None:
        self._asked_at = self.shell.feed.elapsed()
        self.run_worker(self._read(), exclusive=True, group="stats")

    async def _read(self) -> None:
        picture = self.shell.feed.latest
        if picture is None:
            return
        now = picture.now.astimezone()
        span, admin = span_of(self._period, now.date()), self.shell.admin
        first, last = span.days
        by_hour = span if span.by == "hour" else span_of("today", now.date())
        try:
            bars = await admin.stats(by=span.by, from_=first, to=last)
            rows = await admin.stats(by=self._by, from_=first, to=last)
            hours = bars
            if by_hour is not span:
                hours = await admin.stats(by="hour", from_=by_hour.days[0], to=by_hour.days[1])
        except AdminError as error:
            self._rows = None
            self.table.fail(error)
            return
        self._rows = rows
        self.figures.show(totals(bars), self._period)
        each = "hour" if span.by == "hour" else "day"
        self.chart.show(every_bar(span, bars, now), each)
        day = "yesterday" if self._period == "yesterday" else "today"
        self.landed.show(every_bar(by_hour, hours, now), day)
        self.table.show(rows, self._by, self._sort)
        self._arrange()

    # Keys.

    def action_group(self, by: int) -> None:
        self.action_group_by(GROUPS[(GROUPS.index(self._by) + by) % len(GROUPS)])

    def action_group_by(self, group: str) -> None:
        self._by = cast("By", group)
        self.table.show(None, self._by, self._sort)
        self._ask()

    def action_period(self) -> None:
        self._period = PERIODS[(PERIODS.index(self._period) + 1) % len(PERIODS)]
        self.figures.show(None, self._period)
        self._ask()

    def action_sort(self) -> None:
        self.action_sort_by(COLUMNS[(COLUMNS.index(self._sort) + 1) % len(COLUMNS)])

    def action_sort_by(self, column: str) -> None:
        self._sort = cast("Column", column)
        self.table.show(self._rows, self._by, self._sort)

    def action_export(self) -> None:
        if self._rows:
            export(self.shell, self._by, self._period, self._rows)

    async def action_open(self) -> None:
        if self.table.cursor is not None:
            await self._open(self.table.cursor)

    async def on_listing_chosen(self, event: Listing.Chosen) -> None:
        await self._open(event.key)

    async def _open(self, key: str) -> None:
        from screens.requests import RequestsView

        await self.shell.action_go("requests")
        if isinstance(self.shell.screen, RequestsView):
            name = self._by if self._by in ("provider", "chain") else "q"
            self.shell.screen.filter_by(**{name: key})
