"""Everything about one entry: all its limits with where they come from, its last hour and day."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from app.snapshot import EntryLimits, Gauge
from app.words import MISSING, count, duration, limit_word, reason_in_words, thousands
from screens.board_chains import from_now
from screens.board_figures import stale
from screens.board_rows import put_when
from screens.board_story import Story
from screens.gauge import put_bar, put_value, ranked, role_of, sparkline, state_symbol, usable
from screens.line import Line, fit, heading
from screens.names import short
from screens.painted import Painted
from screens.picture import Picture
from screens.wrapped import wrap

_VALUES = 13
"""Columns from a pane's left edge to the values beside the labels."""
_REFUSAL_ROWS = 3


class EntryPane(Painted):
    """The entry under the cursor, from the column `left` on, at most so many `cells` wide."""

    DEFAULT_CSS: ClassVar[str] = "EntryPane { width: 42; height: 1fr; }"

    def __init__(self, *, left: int = 0, cells: int = 41) -> None:
        super().__init__()
        self._left = left
        self._cells = cells
        self._entry: str | None = None
        self._picture: Picture | None = None
        self._story: Story | None = None

    def show(self, picture: Picture | None, entry: str | None, story: Story | None) -> None:
        """`story` may be that of another entry while this one's is read; then it is not shown."""
        self._picture, self._entry = picture, entry
        self._story = story if story and story.entry == entry else None
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        picture, entry = self._picture, self._entry
        if picture is None or entry is None:
            return []
        end = min(width - 1, self._left + self._cells)
        lines = [self._title(entry, end)]
        limits = picture.limits.get(entry)
        if limits is not None:
            lines.append(self._state(picture, limits, end))
            lines += self._gauges(picture, limits, end)
            lines += ["", *self._health(limits), *self._told(end, picture.now)]
        made = [line if isinstance(line, Line) else Line() for line in lines]
        return [stale(line) for line in made] if picture.silent_s >= 2 else made

    def _title(self, entry: str, end: int) -> Line:
        symbols = self.stage.symbols
        provider, model = short(entry, end - self._left - 3, symbols.cut)
        return heading(Line(), end, provider + model, column=self._left, rule=symbols.rule)

    def _state(self, picture: Picture, limits: EntryLimits, end: int) -> Line:
        line, symbols = Line(), self.stage.symbols
        serves = any(chain.next == limits.entry for chain in picture.chains)
        if serves:
            line.put(self._left, symbols.next, "flow", "b")
            line.put(self._left + 2, "would serve the next request", "text")
            return line
        line.put(self._left, *state_symbol(limits, symbols))
        line.put(self._left + 2, fit(_state_told(limits, picture.now), end - self._left - 2))
        return line

    def _gauges(self, picture: Picture, limits: EntryLimits, end: int) -> list[Line | str]:
        lines: list[Line | str] = []
        landing = any(chain.next == limits.entry for chain in picture.chains)
        symbols, left = self.stage.symbols, self._left
        for gauge in ranked(limits):
            line = Line()
            put_bar(line, left, 13, gauge, role_of(gauge, limits, landing=landing), symbols)
            put_value(line, left + 23, gauge, limits)
            line.put(left + 24, limit_word(gauge), "muted")
            cells = end - left - 29
            own = _alone(limits, gauge)
            put_when(line, left + 29, cells, own, gauge, picture.now, landing=True, precise=True)
            about = Line()
            about.put(left, fit(_source(gauge, symbols.dot), end - left, symbols.cut), "muted")
            lines += ["", line, about]
        if not lines and limits.state != "off":
            line = Line()
            put_bar(line, left, 13, None, "faint", symbols)
            line.put(left + 15, "no limit known", "muted")
            lines = ["", line]
        return lines

    def _health(self, limits: EntryLimits) -> list[Line]:
        health = limits.health
        hour = f"{thousands(health.attempts)} tried, {thousands(health.refused)} refused"
        if health.failed:
            hour += f", {thousands(health.failed)} failed"
        total = (
            f"{_rough(health.p50_ms)} median {self.stage.symbols.dot} {_rough(health.p95_ms)} p95"
        )
        return [
            self._value("last hour", hour),
            self._value("first token", f"{duration(health.first_token_p50_ms)} median"),
            self._value("total", total),
        ]

    def _told(self, end: int, now: datetime) -> list[Line | str]:
        story, symbols = self._story, self.stage.symbols
        if story is None:
            return []
        lines: list[Line | str] = []
        if story.today is not None:
            served, tokens = story.today
            told = f"{thousands(served)} served {symbols.dot} {count(tokens)} tokens"
            lines.append(self._value("today", told))
        minutes = self._value("per minute", "")
        minutes.put(self._left + _VALUES, sparkline(story.per_minute(now), symbols), "flow2")
        lines.append(minutes)
        if story.refusal is not None:
            refusal = story.refusal
            told = f"{refusal.time.astimezone():%H:%M} {refusal.status} {refusal.detail}"
            first, *more = wrap(told.strip(), end - self._left - _VALUES)
            lines += ["", self._value("last refusal", first)]
            lines += [self._value("", row) for row in more[: _REFUSAL_ROWS - 1]]
        return lines

    def _value(self, label: str, value: str) -> Line:
        line = Line()
        line.put(self._left, label, "muted")
        line.put(self._left + _VALUES, value)
        return line


def _rough(milliseconds: float | None) -> str:
    return MISSING if milliseconds is None else f"{milliseconds / 1000:.1f}s"


def _state_told(limits: EntryLimits, now: datetime) -> str:
    if usable(limits):
        return f"{limits.state}, not needed now"
    why = limits.reason or ""
    told = limits.state
    if why not in ("", "down", "cooldown"):
        told += f": {reason_in_words(why)}"
    if limits.until is not None:
        told += f", {'probe' if limits.state == 'down' else 'back'} {from_now(limits.until, now)}"
    return told


def _alone(limits: EntryLimits, gauge: Gauge) -> EntryLimits:
    """An entry as if this were its only limit: a gauge says when itself is full again."""
    state = "exhausted" if gauge.remaining <= 0 else "tracking"
    return EntryLimits(limits.entry, state, None, gauge.resets_at, (gauge,), limits.health)


def _source(gauge: Gauge, dot: str) -> str:
    """`pool *:free · header`; a preset's size that nothing confirmed is called a guess."""
    scope = f"pool {gauge.pool}" if gauge.scope == "pool" else gauge.scope
    source = f"{gauge.source}, a guess" if gauge.guess else gauge.source
    return f"{scope} {dot} {source}"
