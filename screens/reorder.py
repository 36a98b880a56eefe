"""A list whose rows are dragged with the mouse, or moved with keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.timer import Timer

from screens.line import Line
from screens.listing import Listing, Row

JOINED = 1.5
"""Seconds within which further presses belong to the same move."""

_SCROLL_EVERY = 0.1
"""Seconds for a row while the pointer is held beyond an edge."""


def moved(order: Sequence[str], key: str, to: int) -> tuple[str, ...]:
    """The order with `key` at the place `to`, or at the nearest end."""
    rest = [one for one in order if one != key]
    to = max(0, min(len(rest), to))
    return (*rest[:to], key, *rest[to:])


@dataclass(frozen=True, slots=True)
class Move:
    """A move that a person has made. `after` is not in force yet."""

    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def places(self) -> tuple[int, int]:
        """From where to where, counted from 1."""
        return self.before.index(self.key) + 1, self.after.index(self.key) + 1


class Reorder(Listing):
    """Rows in an order of the person's.

    Subclasses give `settled_order`, the order in force, and paint `shown_order`. While a row is
    lifted, and until `release`, what is shown is the person's own order.
    """

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("escape", "put_back", show=False)
    ]

    class Shifted(Message):
        """The order that is shown became another one, or a row was lifted or put back."""

        def __init__(self, listing: Reorder) -> None:
            super().__init__()
            self.listing = listing

        @property
        def control(self) -> Reorder:
            return self.listing

    class Done(Message):
        """A row was dropped at another place; the order is the person's until `release`."""

        def __init__(self, listing: Reorder, move: Move) -> None:
            super().__init__()
            self.listing, self.move = listing, move

        @property
        def control(self) -> Reorder:
            return self.listing

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.settled_order: tuple[str, ...] = ()
        self.lifted: str | None = None
        self._before: tuple[str, ...] = ()
        self._order: tuple[str, ...] | None = None
        self._joining: Timer | None = None
        self._scrolling: Timer | None = None
        self._beyond = 0

    @property
    def shown_order(self) -> tuple[str, ...]:
        return self.settled_order if self._order is None else self._order

    @property
    def is_held(self) -> bool:
        """A row is lifted, or was moved by keys a moment ago."""
        return self.lifted is not None or self._joining is not None

    def release(self) -> None:
        """Show the order in force again."""
        if not self.is_held and self._order is not None:
            self._order = None
            self.repaint()

    def _marked(self, row: Row) -> Line:
        if row.key is None or row.key != self.lifted:
            return super()._marked(row)
        line = Line("lift", list(row.line.runs))
        line.put(0, self.stage.symbols.lifted, "text")
        return line

    # With keys.

    def shift(self, by: int) -> None:
        """Move the row under the cursor; presses in quick succession are one move."""
        if self.lifted is not None or self.cursor not in self.shown_order:
            return
        if self._joining is None:
            self._before = self.shown_order
        else:
            self._joining.stop()
        self._joining = self.set_timer(JOINED, self.settle)
        self._show(self.cursor, self.shown_order.index(self.cursor) + by)

    def settle(self) -> None:
        """End a move by keys now."""
        move = self.take_move()
        if move is not None:
            self.post_message(self.Done(self, move))

    def take_move(self) -> Move | None:
        """End a move by keys now; returns it instead of telling it."""
        if self._joining is None:
            return None
        self._joining.stop()
        self._joining = None
        return self._ended(self.cursor)

    def _put_cursor(self, key: str | None) -> None:
        if key != self.cursor:
            self.settle()
        super()._put_cursor(key)

    def _step(self, by: int) -> None:
        if self.lifted is None:
            super()._step(by)

    # With the mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self.lifted is not None:
            self.action_put_back()
            return
        row = self.row_at(event.y)
        if event.button != 1 or row is None or row.key is None:
            return
        self.settle()
        self.choose(row.key)
        self.lifted, self._before = row.key, self.shown_order
        self.capture_mouse()
        event.stop()
        self.repaint()
        self.post_message(self.Shifted(self))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.lifted is None:
            return
        event.stop()
        if event.button == 0:
            # The button was let go where this terminal could not see it.
            self._drop()
            return
        last = self.size.height - 1
        self._beyond = -1 if event.y < 0 else 1 if event.y > last else 0
        if self._beyond and self._scrolling is None:
            self._scrolling = self.set_interval(_SCROLL_EVERY, self._scroll)
        self._show(self.lifted, self._place_at(max(0, min(last, event.y))))

    def _place_at(self, y: int) -> int:
        """The place in the order that is painted at a height of the widget, or the nearest."""
        above = self._shown[: self._top + y + 1]
        return max(0, sum(row.key is not None for row in above) - 1)

    def _scroll(self) -> None:
        if self.lifted is not None and self._beyond:
            self._show(self.lifted, self.shown_order.index(self.lifted) + self._beyond)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.lifted is not None:
            event.stop()
            self._drop()

    def on_mouse_release(self) -> None:
        """Another widget took the mouse."""
        if self.lifted is not None:
            self.action_put_back()

    def _drop(self) -> None:
        move = self._ended(self._let_go())
        if move is not None:
            self.post_message(self.Done(self, move))

    def _let_go(self) -> str | None:
        key, self.lifted = self.lifted, None
        self._beyond = 0
        if self._scrolling is not None:
            self._scrolling.stop()
            self._scrolling = None
        self.release_mouse()
        return key

    # Both.

    def action_put_back(self) -> None:
        """Show the order from before the move that goes on."""
        self._let_go()
        if self._joining is not None:
            self._joining.stop()
            self._joining = None
        self._order = None if self._before == self.settled_order else self._before
        self.repaint()
        self.post_message(self.Shifted(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "put_back":
            return self.is_held
        return super().check_action(action, parameters)

    def _show(self, key: str, place: int) -> None:
        order = moved(self.shown_order, key, place)
        if order != self.shown_order:
            self._order = order
            self.repaint()
            self.post_message(self.Shifted(self))

    def _ended(self, key: str | None) -> Move | None:
        """What a move that is over has changed; None: nothing."""
        after, move = self.shown_order, None
        if key is None or key not in self._before or after == self._before:
            self._order = None if after == self.settled_order else self._order
        else:
            move = Move(key, self._before, after)
        self.repaint()
        self.post_message(self.Shifted(self))
        return move
