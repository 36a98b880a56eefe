"""The parts of the statistics that are drawn: figures, bars, where requests landed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding

from app.request_snapshot import Landed, StatsRow
from app.words import MISSING, count, dollars, share
from screens.chrome import WIDE
from screens.keys import MOVES, bindings
from screens.line import CONTENT, Line, heading
from screens.painted import Painted
from screens.stats_figures import Period, Totals
from screens.themes import Role

Bars = Sequence[tuple[str, StatsRow | None]]


class Figures(Painted):
    """What the whole period comes to, and which period it is."""

    def __init__(self) -> None:
        super().__init__()
        self._totals: Totals | None = None
        self._period: Period = "today"

    def show(self, totals: Totals | None, period: Period) -> None:
        self._totals, self._period = totals, period
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        width = min(width, CONTENT)
        line, totals = Line(), self._totals
        starts = (1, 18, 35, 52) if width < WIDE else (1, 25, 49, 73)
        if totals is not None:
            figures = (
                (count(totals.tokens), "tokens"),
                (dollars(totals.saved_usd), "saved"),
                (f"{totals.requests:,}", "request" if totals.requests == 1 else "requests"),
                (share(totals.waterfalled), "waterfalled"),
            )
            room = width - 3 - len(self._period)
            for start, (value, label) in zip(starts, figures, strict=True):
                if start + len(value) + 1 + len(label) < room:
                    line.put(line.put(start, value, "text", "b") + 1, label, "muted")
        line.right(width - 1, f"{self._period}{self.stage.symbols.open}", "flow")
        return [line]

    async def on_click(self, event: events.Click) -> None:
        if event.x > min(self.size.width, CONTENT) - 12:
            await self.screen.run_action("period")


class BarChart(Painted, can_focus=True):
    """Tokens by hour or day, what was answered bright, what was asked dim, on one scale.

    The newest are seen; the others by scrolling.
    """

    BINDINGS: ClassVar[list[Binding]] = bindings(MOVES)  # pyright: ignore[reportIncompatibleVariableOverride]
    DEFAULT_CSS: ClassVar[str] = "BarChart { height: 8; }"

    def __init__(self) -> None:
        super().__init__()
        self._bars: Bars = ()
        self._title = "tokens a day"
        self._from_end = 0

    @property
    def bars(self) -> int:
        """How many there are."""
        return len(self._bars)

    def show(self, bars: Bars, each: Literal["hour", "day"]) -> None:
        self._bars, self._title = bars, f"tokens {'an hour' if each == 'hour' else 'a day'}"
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        width = min(width, CONTENT)
        symbols, room = self.stage.symbols, height - 1
        self._from_end = max(0, min(self._from_end, len(self._bars) - room))
        last = len(self._bars) - self._from_end
        shown = self._bars[max(0, last - room) : last]
        more = (
            f" · {len(self._bars) - len(shown)} more, scroll"
            if len(shown) < len(self._bars)
            else ""
        )
        note = f"out bright, in dim{more}"
        head = heading(Line(), width - 1, self._title, note, rule=symbols.rule)
        if self.has_focus:
            head.put(1, self._title, "text", "bu")
        lines = [head]
        top = max((_tokens(row) for _, row in self._bars), default=0)
        cells = width - 40 if width < WIDE else width - 46
        return lines + [self._bar(label, row, top, cells, width) for label, row in shown]

    def _bar(self, label: str, row: StatsRow | None, top: int, cells: int, width: int) -> Line:
        line, symbols = Line(), self.stage.symbols
        line.put(1, label, "muted")
        end = 9 + cells
        if row is None or not _tokens(row):
            line.right(end + 9, MISSING, "muted")
            return line
        out = _cells(row.tokens_out, top, cells)
        both = max(_cells(_tokens(row), top, cells), out + (1 if row.tokens_in else 0))
        both = min(both, cells)
        line.put(9, symbols.full * min(out, both), "flow")
        line.put(9 + out, symbols.full * (both - out), "flow2")
        line.put(9 + both, symbols.empty * (cells - both), "rule")
        line.right(end + 9, count(_tokens(row)))
        line.right(width - 1, "saved", "muted")
        line.right(width - 7, dollars(row.saved_usd))
        return line

    def action_move(self, by: int) -> None:
        self._from_end -= by
        self.repaint()

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 2))

    def action_first(self) -> None:
        self.action_move(-len(self._bars))

    def action_last(self) -> None:
        self.action_move(len(self._bars))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(3)


class LandedChart(Painted):
    """Where today's requests came down, by hour: the picture of a day in which limits run dry."""

    DEFAULT_CSS: ClassVar[str] = "LandedChart { height: 10; }"

    def __init__(self) -> None:
        super().__init__()
        self._hours: Bars = ()
        self._day = "today"

    def show(self, hours: Bars, day: str) -> None:
        """`day` is what a person calls the day of the hours."""
        self._hours, self._day = hours, day
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        width = min(width, CONTENT)
        symbols = self.stage.symbols
        title = f"requests by hour, {self._day}"
        lines = [heading(Line(), width - 1, title, "where they landed", rule=symbols.rule)]
        landed = [row.landed if row is not None else None for _, row in self._hours]
        known = [one for one in landed if one is not None]
        parts = [[_part(one, name) for one in landed] for _, name, _ in _ROWS]
        top = max((value for part in parts for value in part), default=0)
        everything = sum(_part(one, name) for one in known for _, name, _ in _ROWS)
        step = max(3, min(6, (width - 36) // max(1, len(self._hours))))
        for (label, name, ink), part in zip(_ROWS, parts, strict=True):
            line = self._row(label, part, top, step, ink)
            share_of = share(sum(part) / everything if everything else None)
            line.right(width - 1, str(sum(part)) if name == "nobody" else share_of)
            lines.append(line)
            if name != "nobody":
                lines.append(Line())
        lines.append(self._axis(step))
        return lines

    def _row(self, label: str, part: Sequence[int], top: int, step: int, ink: Role) -> Line:
        line, symbols = Line(), self.stage.symbols
        line.put(1, label, "muted")
        steps = len(symbols.spark) - 1
        for number, value in enumerate(part):
            if value and top:
                height = symbols.spark[-(-value * steps // top)]
                line.put(28 + step * number, height * (step - 1), ink)
        return line

    def _axis(self, step: int) -> Line:
        line = Line()
        for number, (label, _) in enumerate(self._hours):
            if step >= 4 or number % 2 == 0:
                line.put(28 + step * number, label[:2], "muted")
        return line


_ROWS: tuple[tuple[str, str, Role], ...] = (
    ("served by the first entry", "first", "flow"),
    ("fell past one", "second", "flow2"),
    ("fell past two or more", "later", "low"),
    ("nobody could serve", "nobody", "out"),
)


def _part(landed: Landed | None, name: str) -> int:
    return int(getattr(landed, name)) if landed is not None else 0


def _tokens(row: StatsRow | None) -> int:
    return row.tokens_in + row.tokens_out if row is not None else 0


def _cells(tokens: int, top: int, cells: int) -> int:
    return max(1 if tokens else 0, tokens * cells // top) if top else 0
