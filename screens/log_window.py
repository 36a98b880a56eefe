"""The part of the request log that is in memory: newest on top, older pages as they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.request_snapshot import Request, RequestPage

PAGE = 200
"""Rows that are asked for at a time."""

MOST = 1000
"""Rows that can be asked for at a time, on the way to the end."""

_AHEAD = 100
"""Rows below what is seen that are in memory, if there are so many."""

_KEPT = 3
"""Pages on either side of what is seen that stay in memory."""


@dataclass(slots=True)
class _Older:
    """A page below the head. `before` is what asks for it; its rows may have been let go."""

    before: int
    length: int
    rows: tuple[Request, ...] | None


@dataclass(slots=True)
class LogWindow:
    """Rows by their position, 0 the newest; those that run stand above.

    The head grows as requests end, older pages hang on it by keyset: what is added on top moves
    none of them. A row that is not in memory is None.
    """

    running: tuple[Request, ...] = ()
    head: list[Request] = field(default_factory=list[Request])
    next: int | None = None
    """What asks for the page after the last one; None: the log ends there."""
    older: list[_Older] = field(default_factory=list[_Older])

    def __len__(self) -> int:
        return len(self.running) + len(self.head) + sum(page.length for page in self.older)

    def begin(self, page: RequestPage) -> None:
        """Start anew with the newest page."""
        self.running, self.head = (), []
        self.older = []
        self._split(page.items)
        self.next = page.next

    def _split(self, items: Sequence[Request]) -> None:
        self.running = tuple(one for one in items if one.outcome is None)
        self.head = [one for one in items if one.outcome is not None]

    def renew(self, newest: Sequence[Request]) -> int | None:
        """Take the newest rows, those that run on top; returns how many have ended since.

        None: they do not reach down to what is here, so that rows would be missing: begin anew.
        """
        ended = [one for one in newest if one.outcome is not None]
        known = self.head[0].id if self.head else None
        fresh = next((at for at, one in enumerate(ended) if one.id == known), None)
        if fresh is None:
            if known is not None or self.next is not None:
                return None
            fresh = len(ended)
        self.running = tuple(one for one in newest if one.outcome is None)
        self.head[:0] = ended[:fresh]
        return fresh

    def add(self, page: RequestPage) -> None:
        """The page that `next` asked for."""
        if self.next is not None:
            self.older.append(_Older(self.next, len(page.items), page.items))
            self.next = page.next

    def fill(self, before: int, page: RequestPage) -> None:
        """A page whose rows had been let go."""
        for older in self.older:
            if older.before == before:
                older.rows = page.items[: older.length]

    def at(self, position: int) -> Request | None:
        """A row, None where there is none or it is not in memory."""
        if position < 0:
            return None
        for rows in (self.running, self.head):
            if position < len(rows):
                return rows[position]
            position -= len(rows)
        for page in self.older:
            if position < page.length:
                # Rows that were too old since have left the log, from its end.
                rows = page.rows or ()
                return rows[position] if position < len(rows) else None
            position -= page.length
        return None

    def position(self, id: str) -> int | None:
        """Where a row of the memory stands."""
        position = 0
        held = [(self.running, len(self.running)), (self.head, len(self.head))]
        held += [(page.rows or (), page.length) for page in self.older]
        for rows, length in held:
            for offset, one in enumerate(rows):
                if one.id == id:
                    return position + offset
            position += length
        return None

    def needed(self, first: int, last: int) -> tuple[int, int] | None:
        """`(before, limit)` of a page that has to be read to show rows `first` to `last`.

        The page below is read before its rows are seen.
        """
        start = len(self.running) + len(self.head)
        for page in self.older:
            if page.rows is None and start <= last and first < start + page.length:
                return page.before, page.length
            start += page.length
        return (self.next, PAGE) if self.next is not None and last >= start - _AHEAD else None

    def let_go(self, first: int, last: int) -> None:
        """Keep only what is near rows `first` to `last`."""
        start = len(self.running) + len(self.head)
        for page in self.older:
            if start > last + _KEPT * PAGE or start + page.length < first - _KEPT * PAGE:
                page.rows = None
            start += page.length

    @property
    def is_whole(self) -> bool:
        """Whether every row of the log has been counted."""
        return self.next is None
