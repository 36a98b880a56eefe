"""An entry's row on the board: rail, name, gauges, when it is full again, its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len

from app.snapshot import EntryLimits, Gauge
from app.words import limit_word
from screens.fall import Fall, Place, put_rail
from screens.gauge import (
    put_bar,
    put_value,
    role_of,
    state_ink,
    state_symbol,
    state_words,
    usable,
    when,
)
from screens.line import Line
from screens.names import put_name
from screens.symbols import Symbols
from screens.themes import Role

CONTENT = 160
"""Columns that are used at most; what a terminal has beyond stays empty."""

NAME = 6
"""Where names begin: after the cursor's column and the rail."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a row's parts stand. `value` and `value2` are the columns before which those end."""

    name_cells: int
    bar: int
    bar_cells: int
    value: int
    dim: int
    when: int
    when_cells: int
    state: int
    bar2: int | None = None
    bar2_cells: int = 0
    value2: int = 0
    dim2: int = 0


def columns(width: int) -> Columns:
    """The columns at a width; what a narrow screen loses first is what says least."""
    width = min(width, CONTENT)
    if width < 120:
        return _one_gauge(width)
    name_cells = 39 + min(20, width - 120)
    spare = max(0, width - 140)
    bar_cells = 10 + min(6, spare)
    bar2_cells = 8 + min(8, spare - (bar_cells - 10))
    bar = NAME + name_cells + 1
    value = bar + bar_cells + 10
    bar2 = value + 19
    value2 = bar2 + bar2_cells + 10
    return Columns(
        name_cells, bar, bar_cells, value, value + 1, value + 6, 12, value2 + 5,
        bar2, bar2_cells, value2, value2 + 1,
    )  # fmt: skip


def _one_gauge(width: int) -> Columns:
    missing = 80 - width
    name_cells, bar_cells, when_cells = 23, 8, 12
    if missing <= 0:
        name_cells -= missing
    else:
        # In the order in which a row gives up: the word before a time, the name, the bar.
        when_cells, missing = 5, missing - 7
        shorter = max(0, min(5, missing))
        name_cells, missing = name_cells - shorter, missing - shorter
        bar_cells = 8 if missing <= 0 else 6 if missing <= 2 else 4
        missing -= 8 - bar_cells
        name_cells -= max(0, missing)
    bar = NAME + name_cells + 1
    value = bar + bar_cells + 10
    moment = value + 6
    return Columns(
        name_cells, bar, bar_cells, value, value + 1, moment, when_cells, moment + when_cells + 1
    )


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What is drawn of an entry. `gauges` are its limits, the one that tells most first.

    `served`: a request has just been served by it.
    """

    entry: str
    limits: EntryLimits | None
    gauges: tuple[Gauge, ...]
    place: Place
    served: bool = False

    def line(self, at: Columns, fall: Fall, now: datetime, symbols: Symbols) -> Line:
        landing = self.place == "landing"
        line = Line("band" if landing else "bg")
        limits = self.limits
        if limits is None:
            put_rail(line, 2, self.place, (symbols.states["available"], "faint"), fall, symbols)
            put_name(line, NAME, self.entry, at.name_cells, ink="muted", cut=symbols.cut)
            put_bar(line, at.bar, at.bar_cells, None, "faint", symbols)
            return line
        good = usable(limits)
        sign = state_symbol(limits, symbols)
        put_rail(line, 2, self.place, sign, fall, symbols)
        if self.served:
            line.put(4, symbols.next if landing else sign[0], "flow", "br")
        ink: Role = "text" if good else "muted"
        put_name(
            line,
            NAME,
            self.entry,
            at.name_cells,
            ink=ink,
            attributes="b" if landing else "",
            cut=symbols.cut,
        )
        if limits.state != "off":
            self._put_gauges(line, limits, at, now, symbols)
        attributes = "b" if landing and good else ""
        line.put(at.state, state_words(limits), state_ink(limits, landing=landing), attributes)
        return line

    def _put_gauges(
        self, line: Line, limits: EntryLimits, at: Columns, now: datetime, symbols: Symbols
    ) -> None:
        landing = self.place == "landing"
        first = self.gauges[0] if self.gauges else None
        if first is None:
            put_bar(line, at.bar, at.bar_cells, None, "faint", symbols)
            line.right(at.value, "no limit", "muted")
        else:
            role = role_of(first, limits, landing=landing)
            put_bar(line, at.bar, at.bar_cells, first, role, symbols)
            put_value(line, at.value, first, limits)
            line.put(at.dim, limit_word(first), "muted")
        put_when(line, at.when, at.when_cells, limits, first, now, landing=landing)
        if at.bar2 is not None and len(self.gauges) > 1:
            second = self.gauges[1]
            role = role_of(second, limits, landing=False)
            put_bar(line, at.bar2, at.bar2_cells, second, role, symbols)
            put_value(line, at.value2, second, limits)
            line.put(at.dim2, limit_word(second), "muted")


def put_when(
    line: Line,
    column: int,
    cells: int,
    limits: EntryLimits,
    gauge: Gauge | None,
    now: datetime,
    *,
    landing: bool,
    precise: bool = False,
) -> None:
    """`resets 42s`; the time alone, then its first word, where that is too long.

    `precise`: a bucket is `full` then, it never resets.
    """
    word, time = when(limits, gauge, now)
    if not time:
        return
    if word == "full" and not precise:
        word = "resets"
    # Only a time that says where the next request goes, or who comes back, stands out.
    ink: Role = "text" if landing or not usable(limits) else "muted"
    if cell_len(word) + 1 + cell_len(time) <= cells:
        column = line.put(column, word, "muted") + 1
    elif cell_len(time) > cells:
        time = time.split()[0]
    line.put(column, time, ink)
