"""A request's attempts on a scale of time: light before the first token, heavy from it on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from app.request_snapshot import Attempt, RequestDetail
from app.snapshot import EntryLimits
from app.words import duration, moment, reason_in_words
from screens.fall import Fall, fall_of, put_rail
from screens.gauge import usable
from screens.line import Line, fit
from screens.names import put_name
from screens.symbols import Symbols
from screens.themes import Role
from screens.trail import INKS, mark_of

_SECOND, _MINUTE = 1000.0, 60_000.0
_STEPS = (
    *(unit * step for unit in (1.0, 10.0, 100.0, _SECOND) for step in (1, 2, 5)),
    *(10 * _SECOND, 20 * _SECOND, 30 * _SECOND),
    *(_MINUTE * step for step in (1, 2, 5, 10, 20, 30, 60)),
)
"""Milliseconds between two ticks."""
_LIMIT = re.compile(r"\b[rt]p(?:mo?|h|d)\b", re.IGNORECASE)
"""A limit's name, in a provider's own words."""
_LEAST_GAP = 15
"""Cells between two ticks at least."""
_WAITED = 500.0
"""Milliseconds without an attempt that are shown as waiting."""
_WINDOWS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "mo": timedelta(days=31),
}
"""Of limits, by the end of their names: `rpm`, `tpd`."""
_WAITS = timedelta(minutes=1)
"""In which a request comes to all its entries."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From 0 to the total, on so many cells from a column on."""

    column: int
    cells: int
    total_ms: float

    def cell(self, ms: float) -> int:
        share = min(1.0, max(0.0, ms / self.total_ms)) if self.total_ms > 0 else 0.0
        return int(share * (self.cells - 1))

    def ticks(self) -> list[float]:
        """Milliseconds at 1-2-5 steps, without the total's own."""
        step = next((step for step in _STEPS if self.cell(step) > _LEAST_GAP), None)
        if step is None:
            return []
        room = self.cells - len(_mark(self.total_ms)) - 2
        ticks = (step * number for number in range(int(self.total_ms / step) + 1))
        return [ms for ms in ticks if self.cell(ms) + len(_mark(ms)) <= room]


def axis(scale: Scale) -> Line:
    """`0s … 0.5s … 1s … 1.9s`."""
    line = Line()
    for ms in scale.ticks():
        line.put(scale.column + scale.cell(ms), _mark(ms), "muted")
    line.right(scale.column + scale.cells, _mark(scale.total_ms), "muted")
    return line


def _mark(ms: float) -> str:
    """In seconds, as short as it goes: `0.5s`, `1s`, `1.9s`, `2m 14s`, `5m`."""
    seconds = ms / 1000
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}m {rest:02d}s" if rest else f"{minutes}m"
    if seconds >= 10:
        return f"{seconds:.0f}s"
    decimals = 1 if ms == 0 or seconds >= 0.1 else 2 if seconds >= 0.01 else 3
    # Down, as the bars are: a tick stands where the time is reached.
    cut = int(seconds * 10**decimals) / 10**decimals
    return f"{cut:.{decimals}f}".rstrip("0").rstrip(".") + "s"


def backs(
    detail: RequestDetail, limits: Mapping[str, EntryLimits], now: datetime
) -> dict[str, str]:
    """When the skipped entries come back that still wait for what they were skipped for.

    The log keeps the reason alone. Where an entry is out for the same reason now, and comes back
    within one window of the request, it has not been back since.
    """
    found: dict[str, str] = {}
    for entry, word in detail.trail:
        reason, known = word.removeprefix("skipped:"), limits.get(entry)
        window = _WINDOWS.get(reason[2:]) if reason != word else None
        if window is None or known is None or known.until is None or usable(known):
            continue
        if known.reason == reason and known.until - window <= detail.time + _WAITS:
            found[entry] = f"back {moment(known.until, now)}"
    return found


def timeline(
    detail: RequestDetail,
    width: int,
    column: int,
    symbols: Symbols,
    back: Mapping[str, str] = MappingProxyType({}),
) -> list[Line]:
    """The scale, then a row for each entry in chain order. Bars begin at `column`.

    `back` says when skipped entries return, see `backs`.
    """
    scale = Scale(column, width - 1 - column, detail.duration_ms)
    entries = [entry for entry, _ in detail.trail]
    asked = _attempts(detail)
    running = next((one.entry for one in asked if one.outcome == "trying"), None)
    fall = fall_of(entries, detail.entry or running)
    rows = _Rows(scale, fall, symbols, asked, back)
    lines = [axis(scale)]
    for place, (entry, word) in zip(fall.places, detail.trail, strict=True):
        lines.append(rows.line(entry, word, place == "landing", place == "dry"))
    if fall.dried_up and detail.outcome is not None:
        lines.append(_nobody(detail, symbols))
    return lines


def _attempts(detail: RequestDetail) -> list[Attempt]:
    """Those that were made, and the one that is under way."""
    attempts = list(detail.attempts)
    under_way = detail.entry or next((e for e, word in detail.trail if word == "trying"), None)
    if detail.outcome is None and under_way is not None:
        answered = next((one for one in attempts if one.outcome == "ok"), None)
        if answered is None:
            began = max((one.started_ms + one.duration_ms for one in attempts), default=0.0)
            first = None if detail.first_token_ms is None else detail.first_token_ms - began
            length = detail.duration_ms - began
            attempts.append(Attempt(under_way, "trying", None, began, length, first, ""))
    return attempts


def _nobody(detail: RequestDetail, symbols: Symbols) -> Line:
    line = Line()
    line.put(1, symbols.pool, "low", "b")
    line.put(3, symbols.marks["refused"], "out")
    status = f": the client got {detail.status}" if detail.status else ""
    line.put(5, f"nobody served{status}", "out")
    return line


@dataclass(frozen=True, slots=True)
class _Rows:
    scale: Scale
    fall: Fall
    symbols: Symbols
    attempts: Sequence[Attempt]
    back: Mapping[str, str]

    def line(self, entry: str, word: str, landing: bool, dry: bool) -> Line:
        symbols, scale = self.symbols, self.scale
        line = Line("band" if landing else "bg")
        mark = mark_of(word)
        sign: tuple[str, Role] = (symbols.marks[mark], INKS[mark]) if mark else (" ", "muted")
        place = "landing" if landing else "dry" if dry else "passed"
        put_rail(line, 1, place, sign, self.fall, symbols)
        mine = [(at, one) for at, one in enumerate(self.attempts) if one.entry == entry]
        ink: Role = "text" if mine else "muted"
        attributes = "b" if landing else ""
        cells = scale.column - 7
        put_name(line, 5, entry, cells, ink=ink, attributes=attributes, cut=symbols.cut)
        if mine:
            end = scale.column
            for at, attempt in mine:
                end = self._put_bar(line, at, attempt, landing)
            self._put_outcome(line, end, mine[-1][1])
        elif word.startswith("skipped"):
            told = f"skipped {reason_in_words(word.partition(':')[2])}"
            told = ", ".join(part for part in (told, self.back.get(entry)) if part)
            line.put(scale.column, fit(told, scale.cells, symbols.cut), "muted")
        else:
            line.put(scale.column, "not tried", "muted")
        return line

    def _put_bar(self, line: Line, at: int, attempt: Attempt, landing: bool) -> int:
        """Draw one attempt; returns the column after it."""
        scale, symbols = self.scale, self.symbols
        served = attempt.outcome in ("ok", "trying")
        ends = scale.total_ms if served and landing else attempt.started_ms + attempt.duration_ms
        begin, end = scale.cell(attempt.started_ms), scale.cell(ends) + 1
        self._put_wait(line, at, attempt, begin)
        column, stop = scale.column + begin, scale.column + max(end, begin + 1)
        if not served:
            ink = INKS[mark_of(attempt.outcome) or "failed"]
            line.put(column, symbols.start + symbols.empty * (stop - column - 1), ink)
            return stop
        heavy = stop
        if attempt.first_token_ms is not None:
            first = scale.cell(attempt.started_ms + attempt.first_token_ms)
            heavy = min(stop - 1, max(column, scale.column + first))
        if heavy > column:
            line.put(column, symbols.empty * (heavy - column), "flow")
        if stop > heavy:
            flowing = symbols.full * (stop - heavy)
            if attempt.outcome == "trying":
                flowing = flowing[:-1] + symbols.arriving
            line.put(heavy, flowing, "flow", "b")
        return stop

    def _put_wait(self, line: Line, at: int, attempt: Attempt, begin: int) -> None:
        """A request that waited says how long, before its next attempt."""
        earlier = self.attempts[:at]
        idle_from = max((one.started_ms + one.duration_ms for one in earlier), default=0.0)
        waited = attempt.started_ms - idle_from
        if waited < _WAITED:
            return
        start = self.scale.cell(idle_from) + (1 if earlier else 0)
        room = begin - start
        word = f" waited {duration(waited)} "
        column = self.scale.column + start
        if room >= len(word) + 3:
            at_column = line.put(column, self.symbols.unknown * (room - len(word)), "low")
            line.put(at_column, word, "low")
        elif room > 0:
            line.put(column, self.symbols.unknown * room, "low")

    def _put_outcome(self, line: Line, end: int, attempt: Attempt) -> None:
        """Behind a bar that brought nothing: the outcome and as much of the words as fits."""
        if attempt.outcome in ("ok", "trying"):
            return
        limit = self.scale.column + self.scale.cells
        told = _told(attempt, limit - end - 1)
        ink = INKS[mark_of(attempt.outcome) or "failed"]
        if limit - end > len(attempt.outcome) + 1:
            line.put(end + 1, fit(told, limit - end - 1, self.symbols.cut), ink)
        else:
            self._put_before(line, attempt, ink)

    def _put_before(self, line: Line, attempt: Attempt, ink: Role) -> None:
        begin = self.scale.column + self.scale.cell(attempt.started_ms)
        if begin - self.scale.column > len(attempt.outcome) + 1:
            line.right(begin - 1, attempt.outcome, ink)


def _told(attempt: Attempt, cells: int) -> str:
    """The outcome and why; of words that do not fit only the limit that they name."""
    told = f"{attempt.outcome} {attempt.detail}".strip()
    if attempt.detail.startswith(attempt.outcome):
        told = attempt.detail
    named = _LIMIT.search(attempt.detail)
    return f"{attempt.outcome} {named.group().lower()}" if len(told) > cells and named else told
