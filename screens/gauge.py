"""A limit as a bar of what is left, `31/50`, its name and when it is full again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from app.snapshot import EntryLimits, Gauge
from app.words import count, moment
from screens.line import Line
from screens.symbols import Symbols
from screens.themes import Role

_WINDOWS = {"minute": 0, "hour": 1, "day": 2, "month": 3, None: -1}


def usable(entry: EntryLimits) -> bool:
    """Whether routing would send a small request there."""
    return entry.state in ("available", "tracking")


def ranked(entry: EntryLimits) -> list[Gauge]:
    """What tells most first: used up (the latest to come back before), then the least left."""

    def order(gauge: Gauge) -> tuple[float, float, int]:
        window = _WINDOWS[gauge.window]
        if gauge.remaining <= 0:
            back = gauge.resets_at.timestamp() if gauge.resets_at else 0.0
            return (0, -back, window)
        return (1, gauge.remaining / max(1, gauge.limit), window)

    return sorted(entry.gauges, key=order)


def is_low(gauge: Gauge) -> bool:
    return gauge.remaining > 0 and gauge.remaining * 5 < gauge.limit


def role_of(gauge: Gauge, entry: EntryLimits, *, landing: bool) -> Role:
    if gauge.remaining <= 0:
        return "out"
    if not usable(entry):
        return "faint"
    if is_low(gauge):
        return "low"
    return "flow" if landing else "flow2"


def bar(gauge: Gauge, cells: int, symbols: Symbols) -> tuple[str, str]:
    """What is left and what is gone. Full only at 100 %, empty only at 0."""
    halves = max(0, gauge.remaining) * 2 * cells // max(1, gauge.limit)
    if gauge.remaining > 0:
        halves = max(1, halves)
    halves = min(halves, 2 * cells)
    left = symbols.full * (halves // 2) + (symbols.half if halves % 2 else "")
    return left, symbols.empty * (cells - len(left))


def put_bar(
    line: Line, column: int, cells: int, gauge: Gauge | None, role: Role, symbols: Symbols
) -> None:
    """A bar; dotted where no limit is known."""
    if gauge is None:
        line.put(column, symbols.unknown * cells, "faint")
        return
    left, gone = bar(gauge, cells, symbols)
    if left:
        line.put(column, left, role)
    if gone:
        line.put(column + len(left), gone, "out" if role == "out" else "faint")


def put_value(line: Line, end: int, gauge: Gauge, entry: EntryLimits) -> None:
    """`31/50`, ending before the column `end`; coloured where it is low or used up."""
    tail = f"/{count(gauge.limit)}"
    begin = line.right(end, tail, "muted")
    ink: Role = "text" if usable(entry) else "muted"
    if gauge.remaining <= 0:
        ink = "out"
    elif is_low(gauge) and usable(entry):
        ink = "low"
    line.right(begin, count(gauge.remaining), ink)


def when(
    entry: EntryLimits, gauge: Gauge | None, now: datetime, zone: tzinfo | None = None
) -> tuple[str, str]:
    """`("resets", "42s")`, `("back", "14:31")`, `("probe", "12s")`; blanks where nobody knows."""
    if entry.state == "down":
        return ("probe", moment(entry.until, now, zone)) if entry.until else ("", "")
    if not usable(entry):
        return ("back", moment(entry.until, now, zone)) if entry.until else ("", "")
    if gauge is None or gauge.resets_at is None or gauge.resets_at <= now:
        return ("", "")
    word = "full" if gauge.kind == "bucket" else "resets"
    return word, moment(gauge.resets_at, now, zone)


def state_words(entry: EntryLimits) -> str:
    """`tracking`, `off no-key`; the reason alone where both are too long for 12 cells."""
    if entry.state != "off" or entry.reason is None:
        return entry.state
    both = f"off {entry.reason}"
    return both if len(both) <= 12 else entry.reason


def state_symbol(entry: EntryLimits, symbols: Symbols) -> tuple[str, Role]:
    """The sign of an entry's state, and its ink."""
    if entry.state == "tracking":
        gauges = ranked(entry)
        if gauges and is_low(gauges[0]):
            return symbols.low, "low"
    inks: dict[str, Role] = {
        "available": "flow",
        "tracking": "flow",
        "exhausted": "out",
        "cooling": "low",
        "down": "out",
        "off": "muted",
    }
    return symbols.states[entry.state], inks[entry.state]


def state_ink(entry: EntryLimits, *, landing: bool) -> Role:
    """Of the state's word."""
    if landing and usable(entry):
        return "flow"
    sign = state_symbol(entry, _ANY)[1]
    return "muted" if sign == "flow" else sign


_ANY = Symbols()


def sparkline(values: Sequence[float | None], symbols: Symbols) -> str:
    """A line of eighths on a scale from 0 to the largest; blank where there is no value."""
    top = max((value for value in values if value is not None), default=0.0)
    steps = len(symbols.spark) - 1

    def height(value: float | None) -> str:
        if value is None:
            return " "
        return symbols.spark[round(value / top * steps) if top else 0]

    return "".join(height(value) for value in values)
