"""The way of a test prompt down its chain, drawn as it happens."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from app.words import count, dollars, duration, moment, reason_in_words
from screens.fall import Fall, Place, put_ledge, put_rail
from screens.line import Line, fit, heading
from screens.names import put_name
from screens.painted import Painted
from screens.prompt_run import Run, Tried
from screens.themes import Role
from screens.trail import INKS, mark_of
from screens.wrapped import wrap

_FLOWING = 8
"""Cells of the line that says tokens arrive."""
_ROWS = 3
"""That what became of an entry takes at most."""


class TrailPane(Painted):
    """Skipped, tried, served: one entry after the other, with times."""

    DEFAULT_CSS: ClassVar[str] = "TrailPane { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self._now: datetime | None = None
        self._saved: float | None = None

    def show(self, run: Run | None, now: datetime | None, saved: float | None = None) -> None:
        self._run, self._now, self._saved = run, now, saved
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        run = self._run
        note = duration(run.seconds * 1000) if run is not None else ""
        head = heading(Line(), width - 1, "trail", note, rule=self.stage.symbols.rule, column=0)
        if run is None:
            return [head]
        lines = [head, *self._chain(run, width)]
        facts = self._facts(run)
        if facts and len(lines) + len(facts) < height:
            lines += [Line(), *facts]
        return lines

    def _chain(self, run: Run, width: int) -> list[Line]:
        symbols = self.stage.symbols
        failed = run.answered is not None and run.answered.entry is None
        fall = Fall(places=(), dried_up=failed)
        ledge = Line()
        put_ledge(ledge, 0, fall, symbols)
        ledge.put(3, fit(run.title, width - 4, symbols.cut), "text", "b")
        lines = [ledge]
        for entry in run.entries:
            tried = run.tried.get(entry)
            place: Place = "passed" if tried is not None else "dry"
            if entry == run.landing:
                place = "landing"
            lines += self._entry(run, entry, tried, place, fall, width)
        if failed:
            lines.append(self._pool(run, width))
        return lines

    def _entry(
        self, run: Run, entry: str, tried: Tried | None, place: Place, fall: Fall, width: int
    ) -> list[Line]:
        symbols = self.stage.symbols
        line = Line("band" if place == "landing" else "bg")
        mark = mark_of(tried.word) if tried is not None else None
        asked = tried is not None and tried.word == "trying"
        sign: tuple[str, Role] = (" ", "muted")
        if mark is not None:
            sign = (symbols.marks[mark], INKS[mark])
        elif asked:
            sign = (symbols.live, "flow")
        if fall.dried_up and tried is None:
            # Nobody came to it, and the water still goes down to the pool.
            line.put(1, symbols.fall, fall.ink, "b")
        else:
            put_rail(line, 1, place, sign, fall, symbols)
        bright: Role = "text" if place == "landing" or asked else "muted"
        bold = "b" if place == "landing" else ""
        put_name(line, 5, entry, width - 6, ink=bright, attributes=bold, cut=symbols.cut)
        told: list[Line] = []
        for text, ink in self._told(run, tried, place):
            for row in wrap(text, width - 6)[:_ROWS]:
                below = Line()
                if place == "passed":
                    below.put(1, symbols.fall, fall.ink, "b")
                below.put(5, row, ink)
                told.append(below)
        if place == "landing" and run.runs:
            told.append(self._streaming(run))
        return [line, *told]

    def _streaming(self, run: Run) -> Line:
        symbols, line = self.stage.symbols, Line()
        at = line.put(5, "streaming", "muted") + 1
        line.put(at, symbols.full * (run.pieces % _FLOWING) + symbols.arriving, "flow")
        return line

    def _told(self, run: Run, tried: Tried | None, place: Place) -> list[tuple[str, Role]]:
        if tried is None:
            return []
        if place == "landing":
            return self._landed(run)
        if tried.word == "trying":
            seconds = run.elapsed() - tried.began if run.runs else 0.0
            word = f"asking {seconds:.1f}s" if run.runs else "asked"
            return [(word, "muted")]
        back = f", back {moment(tried.retry_at, self._now)}" if tried.retry_at and self._now else ""
        if tried.word.startswith("skipped"):
            reason = reason_in_words(tried.word.partition(":")[2])
            return [(f"skipped  {reason}{back}", "muted")]
        took = duration(((tried.ended or tried.began) - tried.began) * 1000)
        mark = mark_of(tried.word)
        ink: Role = INKS[mark] if mark is not None else "muted"
        detail = f" {tried.detail}" if tried.detail else ""
        return [(f"{tried.word}{detail}  {took}{back}", ink)]

    def _landed(self, run: Run) -> list[tuple[str, Role]]:
        answered, first = run.answered, run.first_token
        rows: list[tuple[str, Role]] = []
        if answered is not None and answered.first_token_ms is not None:
            rows.append((f"first token {duration(answered.first_token_ms)}", "flow"))
        elif first is not None:
            rows.append((f"first token {duration((first - run.began) * 1000)}", "flow"))
        if answered is not None:
            rows.append((f"done in {duration(answered.duration_ms)}", "muted"))
        return rows

    def _pool(self, run: Run, width: int) -> Line:
        symbols = self.stage.symbols
        line = Line("cursor")
        line.put(1, symbols.pool, "low", "b")
        line.put(3, symbols.states["cooling"], "low")
        words = [tried.word for tried in run.tried.values()]
        skipped = sum(word.startswith("skipped") for word in words)
        line.put(
            5, fit(f"nobody: {skipped} skipped, {len(words) - skipped} tried", width - 6), "low"
        )
        return line

    def _facts(self, run: Run) -> list[Line]:
        answered = run.answered
        facts: list[tuple[str, str]] = []
        if answered is not None:
            about = "~" if answered.estimated else ""
            spent = (
                f"{about}{count(answered.tokens_in)} in · {about}{count(answered.tokens_out)} out"
            )
            if answered.entry is not None:
                facts.append(("tokens", spent))
            if self._saved is not None:
                facts.append(("saved", dollars(self._saved)))
            facts.append(("request id", answered.id))
        elif run.pieces:
            facts.append(("tokens", f"~{count(run.pieces)} out so far"))
        lines: list[Line] = []
        for label, value in facts:
            line = Line()
            line.put(0, label, "muted")
            line.put(12, value)
            lines.append(line)
        return lines
