"""What a reading does to a limit (DESIGN A6, "Whose word counts")."""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from typing import NamedTuple

from proxy.limits.bookings import Booking
from proxy.limits.cells import Cell
from proxy.model import WINDOW_SECONDS, Source

_DAY = WINDOW_SECONDS["day"]


class Told(NamedTuple):
    """A reading as a cell takes it: `reset` is a moment here, not a duration."""

    limit: int | None
    remaining: int | None
    reset: float | None
    seq: int
    """Number of the request whose answer brought it."""
    sent_at: float
    """When that request was sent."""
    source: Source


def outdated(cell: Cell, told: Told, now: float) -> bool:
    """Whether a reading speaks of what is over, or a newer one was heard."""
    began = cell.window.began(now)
    if told.seq < cell.heard_seq and cell.heard_at >= began:
        return True
    # Sent before this window began, and no reset that tells which window it speaks of.
    return told.reset is None and told.sent_at < began


def hear(cell: Cell, told: Told, pending: Collection[Booking], now: float) -> None:
    """Take a reading. `pending`: what was booked and cannot be in it."""
    if told.limit is not None:
        cell.learn_size(float(told.limit), told.source, _believed_until(cell, told, now))
    if told.remaining is None:
        return
    if told.limit is None:
        _learn_from_rest(cell, told, told.remaining, now)
    cell.heard_seq, cell.heard_at = told.seq, now
    if told.remaining > 0 and told.source == "header":
        cell.closed_until = -inf
    seen = max(0.0, cell.size - told.remaining) if cell.size < inf else 0.0
    cell.window.reconcile(seen, pending, now, told.reset)


def _believed_until(cell: Cell, told: Told, now: float) -> float:
    """How long a stated size is believed.

    One that only a refusal named holds for a day, or its window: it keeps requests from ever going
    beyond it, so that nothing would show that it has grown meanwhile.
    """
    return inf if told.source == "header" else now + max(_DAY, cell.whole_window())


def _learn_from_rest(cell: Cell, told: Told, remaining: int, now: float) -> None:
    """What a remainder tells of a size that was not stated with it."""
    cell.refresh(now)
    if cell.size == inf or cell.is_rest:
        # So many, until the window ends: how many there will be then, nobody has said.
        until = now + cell.whole_window() if told.reset is None else told.reset
        known = cell.size if cell.size < inf else 0.0
        if remaining > 0 or known > 0:
            cell.learn_size(max(float(remaining), known), told.source, until, is_rest=True)
        elif told.source == "header":
            cell.closed_until = max(cell.closed_until, until)
    elif remaining > cell.size:
        cell.learn_size(float(remaining), told.source, _believed_until(cell, told, now))
    elif cell.guess:
        cell.learn_size(cell.size, told.source, _believed_until(cell, told, now))
