"""A painted list with a cursor: the base of every list here, by keys and by mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.message import Message

from screens.keys import MOVES, bindings
from screens.line import Line
from screens.painted import Painted


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list. One without a key cannot be chosen: a heading, a blank."""

    line: Line
    key: str | None = None


class Listing(Painted, can_focus=True):
    """Rows, some of which the cursor can stand on; scrolls by itself, without a scroll bar.

    Subclasses say in `rows` what there is. The cursor stays on its key when rows come and go.
    """

    BINDINGS: ClassVar[list[Binding]] = bindings(MOVES)  # pyright: ignore[reportIncompatibleVariableOverride]
    DEFAULT_CSS: ClassVar[str] = "Listing { height: 1fr; }"

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, listing: Listing, key: str | None) -> None:
            super().__init__()
            self.listing, self.key = listing, key

        @property
        def control(self) -> Listing:
            return self.listing

    class Chosen(Message):
        """A row was clicked twice, or entered."""

        def __init__(self, listing: Listing, key: str) -> None:
            super().__init__()
            self.listing, self.key = listing, key

        @property
        def control(self) -> Listing:
            return self.listing

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor: str | None = None
        self._top = 0
        self._was_at = 0
        self._shown: Sequence[Row] = ()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """What there is, from the first row to the last. `self.cursor` is the key under the
        cursor; its row need not be marked, the list does that."""
        raise NotImplementedError

    def paint(self, width: int, height: int) -> list[Line]:
        self._shown = self.rows(width, height)
        if self._position() is None:
            near = self._nearest()
            self._put_cursor(near)
            if near is not None:
                self._shown = self.rows(width, height)
        self._was_at = self._position() or 0
        self._keep_in_sight(height)
        window = self._shown[self._top : self._top + height]
        return [self._marked(row) for row in window]

    def _marked(self, row: Row) -> Line:
        if row.key is None or row.key != self.cursor:
            return row.line
        line = Line(row.line.ground, list(row.line.runs))
        line.put(0, self.stage.symbols.cursor, "flow" if self.has_focus else "faint")
        return line

    # The cursor.

    @property
    def cursor_row(self) -> int | None:
        at = self._position()
        return None if at is None else at - self._top

    def _position(self) -> int | None:
        if self.cursor is None:
            return None
        return next((y for y, row in enumerate(self._shown) if row.key == self.cursor), None)

    def _nearest(self) -> str | None:
        """The row where the cursor was, once its own is gone; at first the first."""
        keys = [(y, row.key) for y, row in enumerate(self._shown) if row.key is not None]
        after = (key for y, key in keys if y >= self._was_at)
        return next(after, keys[-1][1] if keys else None)

    def _put_cursor(self, key: str | None) -> None:
        if key != self.cursor:
            self.cursor = key
            self.post_message(self.Moved(self, key))

    def _keep_in_sight(self, height: int) -> None:
        at = self._position() or 0
        self._top = max(0, min(self._top, len(self._shown) - height))
        if at < self._top:
            # The heading above the first row comes into sight with it.
            self._top = 0 if all(row.key is None for row in self._shown[:at]) else at
        elif at >= self._top + height:
            self._top = at - height + 1

    def on_resize(self) -> None:
        # Where there is more room now, the rows above come back into it.
        self._top = 0

    def choose(self, key: str | None) -> None:
        """Put the cursor on a row."""
        self._put_cursor(key)
        self.repaint()

    def _step(self, by: int) -> None:
        keys = [row.key for row in self._shown if row.key is not None]
        if not keys:
            return
        at = keys.index(self.cursor) if self.cursor in keys else 0
        self.choose(keys[max(0, min(len(keys) - 1, at + by))])

    def action_move(self, by: int) -> None:
        self._step(by)

    def action_page(self, by: int) -> None:
        self._step(by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._step(-len(self._shown))

    def action_last(self) -> None:
        self._step(len(self._shown))

    # The mouse.

    def row_at(self, y: int) -> Row | None:
        """The row that is painted at a height of the widget."""
        at = self._top + y
        return self._shown[at] if y >= 0 and at < len(self._shown) else None

    def on_click(self, event: events.Click) -> None:
        row = self.row_at(event.y)
        if row is None or row.key is None:
            return
        self.choose(row.key)
        if event.chain == 2:
            self.post_message(self.Chosen(self, row.key))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._step(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._step(-3)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()
