"""A request in full: who served it, how long it took, every attempt on a scale of time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding

from app.contract import AdminError
from app.request_snapshot import Attempt, Bodies, RequestDetail
from app.words import duration
from screens.bodies import missing, rows, size
from screens.keys import MOVES, bindings
from screens.line import CONTENT, Line, fit, heading
from screens.names import split
from screens.painted import Painted
from screens.picture import Picture
from screens.requests_words import outcome_words, tokens_words
from screens.timeline import backs, timeline
from screens.trail import INKS, mark_of
from screens.wrapped import wrap

_VALUES = 13
_WIDE = 116


class RequestPane(Painted, can_focus=True):
    """One request; scrolls where it is longer than the pane."""

    BINDINGS: ClassVar[list[Binding]] = bindings(MOVES)  # pyright: ignore[reportIncompatibleVariableOverride]
    DEFAULT_CSS: ClassVar[str] = "RequestPane { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._detail: RequestDetail | None = None
        self._error: AdminError | None = None
        self._picture: Picture | None = None
        self._reads = False
        self._laid_out: tuple[Bodies, int] | None = None
        self._bodies: Sequence[Line] = ()
        self._top = 0
        self._length = 0

    @property
    def detail(self) -> RequestDetail | None:
        return self._detail

    def show(self, detail: RequestDetail | None) -> None:
        """Show a request; None: nothing."""
        if detail is None or self._detail is None or detail.id != self._detail.id:
            self._top, self._bodies = 0, ()
        self._detail, self._error = detail, None
        self.repaint()

    def tick(self, picture: Picture | None) -> None:
        """When skipped entries are back changes with time."""
        self._picture = picture
        self.repaint()

    def read(self, reads: bool) -> None:
        """Show what was asked and answered, or the attempts again."""
        self._reads, self._top = reads, 0
        self.repaint()

    @property
    def reads(self) -> bool:
        """Whether the bodies are seen."""
        return self._reads and self._detail is not None and self._detail.bodies is not None

    def fail(self, error: AdminError) -> None:
        """Say why it cannot be shown, and what to do."""
        self._detail, self._error = None, error
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        width = min(width, CONTENT)
        if self._error is not None:
            return _error_lines(self._error, width)
        if self._detail is None:
            return []
        head: list[Line] = []
        lines: Sequence[Line] = self._body_rows(self._detail, width) if self.reads else ()
        if lines:
            room = height - 2
            last = min(len(lines), self._top + room)
            head = [self._title(self._detail, width, (self._top + 1, last, len(lines))), Line()]
        else:
            lines = self._rows(self._detail, width)
        self._length = len(lines) + len(head)
        self._top = max(0, min(self._top, self._length - height))
        return [*head, *lines[self._top : self._top + height - len(head)]]

    def _body_rows(self, detail: RequestDetail, width: int) -> Sequence[Line]:
        """None until they are laid out: of long ones that takes a while."""
        if detail.bodies is not None and self._laid_out != (detail.bodies, width):
            self._laid_out = detail.bodies, width
            self.run_worker(self._lay_out(detail.bodies, width), group="bodies", exclusive=True)
        return self._bodies

    async def _lay_out(self, bodies: Bodies, width: int) -> None:
        self._bodies = await asyncio.to_thread(rows, bodies, width, self.stage.symbols)
        self.repaint()

    def _rows(self, detail: RequestDetail, width: int) -> list[Line]:
        symbols, picture = self.stage.symbols, self._picture
        back = backs(detail, picture.limits, picture.now) if picture is not None else {}
        column = 31 if width < _WIDE else 45
        return [
            self._title(detail, width),
            *self._facts(detail, width),
            Line(),
            *timeline(detail, width, column, symbols, back),
            Line(),
            *self._own_words(detail, width),
            self._bodies_words(detail, width),
        ]

    def _title(
        self, detail: RequestDetail, width: int, seen: tuple[int, int, int] | None = None
    ) -> Line:
        """`seen`: the first and last row of so many."""
        dot = f" {self.stage.symbols.dot} "
        time = detail.time.astimezone()
        kind = "stream" if detail.stream else "plain"
        clock = f"{time:%H:%M:%S}.{time.microsecond // 1000:03d}"
        note = dot.join((detail.chain, kind, clock))
        if seen is not None:
            first, last, rows = seen
            note = f"rows {first} to {last} of {rows}"
        title = fit(detail.id, width - len(note) - 6, self.stage.symbols.cut)
        return heading(Line(), width - 1, title, note, rule=self.stage.symbols.rule)

    def _facts(self, detail: RequestDetail, width: int) -> list[Line]:
        served, tokens, time, asked = (_label(word) for word in _LABELS)
        room = width - _VALUES - 1
        word, ink = outcome_words(detail)
        if detail.entry is not None:
            name = fit(detail.entry, room - 14, self.stage.symbols.cut)
            at = served.put(_VALUES, name, "text", "b")
            if detail.outcome != "ok" and word:
                served.put(at + 2, word, ink)
        elif detail.outcome is None:
            served.put(_VALUES, "nobody yet", "flow")
        else:
            at = served.put(_VALUES, "nobody", "out", "b")
            served.put(at + 2, word, ink)
        at = _pair(tokens, _VALUES, tokens_words(detail.tokens_in, detail), "in")
        at = _pair(tokens, at + 2, tokens_words(detail.tokens_out, detail), "out")
        if pace := _pace(detail):
            _pair(tokens, at + 2, str(pace), "tok/s", "muted")
        at = _VALUES
        if detail.first_token_ms is not None:
            at = _pair(time, at, duration(detail.first_token_ms), "first token") + 2
        _pair(time, at, duration(detail.duration_ms), "so far" if word == "" else "total")
        at = asked.put(_VALUES, fit(detail.client, 30, self.stage.symbols.cut))
        if detail.agent:
            told = f"{self.stage.symbols.dot} {detail.agent}"
            asked.put(at + 1, fit(told, width - at - 3, self.stage.symbols.cut), "muted")
        return [served, tokens, time, asked]

    def _own_words(self, detail: RequestDetail, width: int) -> list[Line]:
        lines: list[Line] = []
        for attempt in detail.attempts:
            if attempt.detail:
                lines += [self._who_says(attempt), *_indented(attempt.detail, width), Line()]
        return lines

    def _bodies_words(self, detail: RequestDetail, width: int) -> Line:
        """What there is of the bodies; it never moves."""
        line, cut = Line(), self.stage.symbols.cut
        if detail.bodies is None:
            line.put(1, fit(missing(detail), width - 2, cut), "muted")
            return line
        at = line.put(1, "b", "flow", "b")
        asked, answered = size(detail.bodies.request), size(detail.bodies.answer)
        told = f"shows the bodies: {asked} asked, {answered} answered"
        line.put(at + 1, fit(told, width - 4, cut), "muted")
        return line

    def _who_says(self, attempt: Attempt) -> Line:
        line, symbols = Line(), self.stage.symbols
        mark = mark_of(attempt.outcome) or "failed"
        line.put(1, symbols.passed[0], INKS[mark], "b")
        provider = split(attempt.entry)[0].rstrip("/") or attempt.entry
        if attempt.status is None:
            line.put(3, f"{attempt.outcome} at {provider}")
        else:
            line.put(3, f"{attempt.outcome} from {provider}, in its own words")
        return line

    # Scrolling.

    def action_move(self, by: int) -> None:
        self._scroll(self._top + by)

    def action_page(self, by: int) -> None:
        self._scroll(self._top + by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._scroll(0)

    def action_last(self) -> None:
        self._scroll(self._length)

    def _scroll(self, top: int) -> None:
        self._top = max(0, min(top, self._length - self.size.height))
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-2)


_LABELS = ("served by", "tokens", "time", "asked by")


def _label(word: str) -> Line:
    line = Line()
    line.put(1, word, "muted")
    return line


def _pair(line: Line, column: int, value: str, label: str, ink: str = "text") -> int:
    at = line.put(column, value, "muted" if ink == "muted" else "text")
    return line.put(at + 1, label, "muted")


def _pace(detail: RequestDetail) -> int | None:
    """Tokens a second while they came."""
    if detail.first_token_ms is None or not detail.stream:
        return None
    seconds = (detail.duration_ms - detail.first_token_ms) / 1000
    return round(detail.tokens_out / seconds) if seconds > 0 and detail.tokens_out else None


def _indented(text: str, width: int) -> list[Line]:
    lines: list[Line] = []
    for row in wrap(text, min(100, width - 13)):
        line = Line()
        line.put(3, row)
        lines.append(line)
    return lines


def _error_lines(error: AdminError, width: int) -> list[Line]:
    what, why, key = Line(), Line(), Line()
    what.put(1, fit(error.title, width - 2))
    why.put(1, fit(error.message, width - 2), "muted")
    key.put(1, fit(error.hint or "r asks again", width - 2), "flow")
    return [Line(), what, why, key]
