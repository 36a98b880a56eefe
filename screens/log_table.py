"""The request log as a table: painted by the row, as fast with 100,000 rows as with ten."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.message import Message

from app.request_snapshot import Request, RequestPage
from app.words import MISSING, duration
from screens.keys import MOVES, bindings
from screens.line import CONTENT, Line, fit
from screens.log_window import MOST, LogWindow
from screens.painted import Painted
from screens.requests_words import outcome_words, put_served, put_total, tokens_words
from screens.trail import put_trail
from screens.wrapped import wrap

_SERVED = 25
_NARROW = 76
"""Columns below which tokens have none."""
_WIDE = 116
"""Columns from which client, in, out and first token have their own."""


class LogTable(Painted, can_focus=True):
    """A heading and rows. The cursor on the first row follows the newest, else the list stands.

    `need` is called with `before` and `limit` of a page that has to be read.
    """

    BINDINGS: ClassVar[list[Binding]] = bindings(MOVES)  # pyright: ignore[reportIncompatibleVariableOverride]
    DEFAULT_CSS: ClassVar[str] = "LogTable { height: 1fr; }"

    class Moved(Message):
        """The cursor stands on another request."""

        def __init__(self, request: Request | None) -> None:
            super().__init__()
            self.request = request

    class Chosen(Message):
        """A row was clicked twice."""

    def __init__(self, need: Callable[[int, int], None]) -> None:
        super().__init__()
        self.window = LogWindow()
        self.at = 0
        """Position of the cursor."""
        self.unseen = 0
        """Requests that have ended since the cursor left the first row."""
        self.empty: tuple[str, ...] = ()
        """What is said where there is no row."""
        self.faded = False
        self._top = 0
        self._need = need
        self._to_end = False
        """Whether the cursor goes on to the oldest row as pages are read."""
        self._told: str | None = None

    # What it shows.

    def begin(self, page: RequestPage) -> None:
        """Show another log from its newest row on."""
        self.window.begin(page)
        self.at = self._top = self.unseen = 0
        self.repaint()

    def renew(self, newest: tuple[Request, ...]) -> bool:
        """Take the newest rows; False where rows would be missing, and it has to begin anew."""
        held = self.request
        running = len(self.window.running)
        fresh = self.window.renew(newest)
        if fresh is None:
            return False
        shift = fresh + len(self.window.running) - running
        if not self.follows:
            self.unseen += fresh
            before = self.at
            found = self.window.position(held.id) if held is not None else None
            self.at = self._clamped(found if found is not None else self.at + shift)
            self._top = max(0, self._top + self.at - before)
        self.repaint()
        return True

    def add(self, page: RequestPage) -> None:
        seen = self._top + self.size.height
        unseen = len(self.window) > seen
        self.window.add(page)
        if self._to_end:
            self._to_end = self.window.next is not None
            self.at = self._clamped(len(self.window))
            self.repaint()
        elif not unseen:
            self.repaint()

    def fill(self, before: int, page: RequestPage) -> None:
        self.window.fill(before, page)
        self.repaint()

    @property
    def follows(self) -> bool:
        """Whether the newest row is seen and followed."""
        return self.at == 0 and self._top == 0

    @property
    def request(self) -> Request | None:
        """The row under the cursor."""
        return self.window.at(self.at)

    # Painting.

    def paint(self, width: int, height: int) -> list[Line]:
        width = min(width, CONTENT)
        rows = max(1, height - 1)
        self.at = self._clamped(self.at)
        self._top = max(0, min(self._top, self.at, len(self.window) - rows))
        self._top = max(self._top, self.at - rows + 1)
        if self.follows:
            self.unseen = 0
        self._ask(rows)
        self._tell()
        lines = [self._heading(width)]
        if not len(self.window):
            return lines + self._nothing(width)
        for position in range(self._top, min(self._top + rows, len(self.window))):
            lines.append(self._line(position, width))
        return lines

    def _ask(self, rows: int) -> None:
        self.window.let_go(self._top, self._top + rows)
        needed = self.window.needed(self._top, self._top + rows)
        if needed is not None:
            before, limit = needed
            self._need(before, MOST if self._to_end and before == self.window.next else limit)

    def _tell(self) -> None:
        request = self.request
        id = request.id if request is not None else None
        if id != self._told:
            self._told = id
            self.post_message(self.Moved(request))

    def _nothing(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for text in self.empty:
            for row in wrap(text, width - 2):
                line = Line()
                line.put(1, row, "muted")
                lines.append(line)
        return lines

    def _heading(self, width: int) -> Line:
        line = Line()
        end = width - 1
        line.put(1, "time", "muted")
        line.put(11, "chain", "muted")
        line.put(18, "trail", "muted")
        line.put(_SERVED, "served by", "muted")
        line.right(end, "total", "muted")
        if width < _NARROW:
            line.put(end - 15, "outcome", "muted")
            return line
        if width < _WIDE:
            line.put(end - 25, "outcome", "muted")
            line.right(end - 7, "tokens", "muted")
            return line
        line.put(end - 52, "client", "muted")
        line.put(end - 38, "outcome", "muted")
        for before, word in ((20, "in"), (14, "out"), (7, "first")):
            line.right(end - before, word, "muted")
        return line

    def _line(self, position: int, width: int) -> Line:
        symbols = self.stage.symbols
        here = position == self.at
        line = Line("cursor" if here else "bg")
        if here:
            line.put(0, symbols.cursor, "flow" if self.has_focus else "faint")
        request = self.window.at(position)
        if request is None:
            line.put(1, symbols.cut, "muted")
            return line
        end = width - 1
        line.put(1, f"{request.time.astimezone():%H:%M:%S}", "muted")
        line.put(11, fit(request.chain, 6, symbols.cut), "muted" if self.faded else "text")
        put_trail(line, 18, request.trail, symbols)
        put_total(line, end, request, symbols)
        word, ink = outcome_words(request, short=width < _NARROW)
        if width < _NARROW:
            put_served(line, _SERVED, request, end - 17 - _SERVED, symbols)
            line.put(end - 15, word, ink)
        elif width < _WIDE:
            put_served(line, _SERVED, request, end - 27 - _SERVED, symbols)
            line.put(end - 25, word, ink)
            tokens = request.tokens_in + request.tokens_out
            line.right(end - 7, tokens_words(tokens, request))
        else:
            put_served(line, _SERVED, request, end - 54 - _SERVED, symbols)
            line.put(end - 52, fit(request.client, 13, symbols.cut), "muted")
            line.put(end - 38, word, ink)
            line.right(end - 20, tokens_words(request.tokens_in, request), "muted")
            out = tokens_words(request.tokens_out, request) if request.tokens_out else MISSING
            line.right(end - 14, out, "text" if request.tokens_out else "muted")
            line.right(end - 7, duration(request.first_token_ms), "muted")
        return line

    # Moving.

    @property
    def cursor_row(self) -> int | None:
        return 1 + self.at - self._top if len(self.window) else None

    def _clamped(self, position: int) -> int:
        return max(0, min(position, len(self.window) - 1))

    def go(self, position: int) -> None:
        """Put the cursor on a row."""
        self.at, self._to_end = self._clamped(position), False
        self.repaint()

    def action_move(self, by: int) -> None:
        self.go(self.at + by)

    def action_page(self, by: int) -> None:
        self.go(self.at + by * max(1, self.size.height - 2))

    def action_first(self) -> None:
        self._top = 0
        self.go(0)

    def action_last(self) -> None:
        """Down to the oldest row, reading page after page until another key is pressed."""
        self.go(len(self.window) - 1)
        self._to_end = self.window.next is not None
        self._ask(self.size.height)

    def on_click(self, event: events.Click) -> None:
        if 1 <= event.y <= len(self.window) - self._top:
            self.go(self._top + event.y - 1)
            if event.chain == 2:
                self.post_message(self.Chosen())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.go(self.at + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.go(self.at - 3)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()
