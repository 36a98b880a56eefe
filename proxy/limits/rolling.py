"""The window that never stands still: the last minute, the last day, at every moment."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Collection
from math import inf
from operator import attrgetter
from typing import Any

from proxy.limits.bookings import Booking, UnderWay, withhold

# A rolling day of 14,400 requests is kept in slots this fine; coarser only delays a unit's return
# by a thousandth of the window, and never brings it back early.
_SLOTS_BEFORE_COARSE = 2048
_COARSE = 1024
_SAVED_SLOTS = 60
_TRAVEL = 0.25
"""Seconds that a request takes to arrive, at most: an answer's head may take minutes longer."""
_ROUNDED = 1.0
"""Seconds by which a provider may have rounded up a reset."""
_LAG = 2.0
"""Seconds by which a loaded machine may be late in sending: the provider counts them later, too."""
_AGAIN = 1.0
"""Seconds for which units that came back too early are out once more."""

_UNSAVED = 1.0
"""Seconds that a state on disk may be old when the process is killed (DESIGN A6)."""

_at = attrgetter("at")


class RollingWindow:
    """The last `seconds` seconds, always."""

    __slots__ = ("_bookings", "_gone", "_lost_by", "_total", "seconds", "size", "under_way")

    def __init__(self, size: float, seconds: float) -> None:
        self.size = size
        self.seconds = seconds
        self._bookings: deque[Booking] = deque()
        """Oldest first."""
        self._gone: deque[Booking] = deque()
        """Our own that came back a moment ago: the provider may see them still."""
        self._lost_by = -inf
        """When the last unit was sent that a restart may have lost."""
        self._total = 0.0
        self.under_way = UnderWay()

    def _expire(self, now: float) -> None:
        bookings = self._bookings
        while bookings and bookings[0].at + self.seconds <= now:
            gone = bookings.popleft()
            gone.live = False
            self._total -= gone.amount
            if not gone.foreign:
                self._gone.append(gone)
        while self._gone and self._gone[0].at + self.seconds + _LAG <= now:
            self._gone.popleft()

    def began(self, now: float) -> float:
        return now - self.seconds

    def used(self, now: float) -> float:
        self._expire(now)
        return self._total

    def free_at(self, amount: float, now: float) -> float:
        if amount > self.size:
            return inf
        if self._bookings and self._bookings[0].at + self.seconds <= now:
            self._expire(now)
        excess = self._total + amount - self.size
        if excess <= 0:
            return now
        for booking in self._bookings:
            excess -= booking.amount
            if excess <= 0:
                return booking.at + self.seconds
        return now + self.seconds

    def book(self, amount: float, at: float) -> Booking:
        self._expire(at)
        booking = Booking(self, at, amount)
        if self._bookings and self._bookings[-1].at > at:
            insort(self._bookings, booking, key=_at)
        else:
            self._bookings.append(booking)
        self._total += amount
        if len(self._bookings) > _SLOTS_BEFORE_COARSE:
            self._coarsen()
        return booking

    def _coarsen(self) -> None:
        """Join neighbours into the later of them; the newest stay apart, they may be amended."""
        grain = self.seconds / _COARSE
        joined: deque[Booking] = deque()
        newest = len(self._bookings) - _COARSE // 2
        for index, booking in enumerate(self._bookings):
            last = joined[-1] if joined else None
            if (
                last is not None
                and index < newest
                and booking.at // grain == last.at // grain
                and booking.foreign is last.foreign
            ):
                booking.amount += last.amount
                last.live = False
                joined[-1] = booking
            else:
                joined.append(booking)
        self._bookings = joined

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        self._expire(now)
        if booking.live:
            self._total += amount - booking.amount
            booking.amount, booking.withheld = amount, 0.0

    def arrived(self, booking: Booking, by: float) -> None:
        """The provider counts it when it arrives, which was by then at the latest.

        Counted from its sending its unit would come back before the provider's, and a next one
        that travels faster would be refused.
        """
        by = min(by, booking.at + _TRAVEL)
        if not booking.live or by <= booking.at:
            return
        if self._bookings[-1] is booking:
            booking.at = by
            return
        self._bookings.remove(booking)
        booking.at = by
        insort(self._bookings, booking, key=_at)

    def recall(self, now: float) -> None:
        """The provider refuses: what came back a moment ago may not have come back there yet.

        It counts once more for a second, up to the size.
        """
        self._expire(now)
        left = self.size
        while self._gone and left > 0:
            late = min(self._gone.pop().amount, left)
            self.book(late, now - self.seconds + _AGAIN)
            left -= late

    def reconcile(
        self, seen: float, pending: Collection[Booking], now: float, reset: float | None
    ) -> None:
        self._expire(now)
        mine = [booking for booking in pending if booking.live]
        if reset is None and self._total == seen + sum(booking.amount for booking in mine):
            return
        withhold(mine, self.size - seen)
        under_way = set(mine)
        known = [b for b in self._bookings if b not in under_way]
        self._fit(known, seen, now)
        if reset is not None:
            self._end_by(known, reset, now)
        self._bookings = deque(sorted((*known, *under_way), key=_at))
        self._total = sum(booking.amount for booking in self._bookings)
        self._expire(now)

    def _fit(self, known: list[Booking], seen: float, now: float) -> None:
        """Make what we counted come to what was seen: others' use is new, ours ended early."""
        difference = seen - sum(booking.amount for booking in known)
        if difference > 0:
            # In the first window after a restart it is ours, most likely, and as old as that.
            at = self._lost_by if self._lost_by + self.seconds > now else now
            known.append(Booking(self, at, difference, foreign=True))
        ended = 0
        for booking in known:
            if difference >= 0:
                break
            taken = min(booking.amount, -difference)
            difference += taken
            booking.amount -= taken
            if booking.amount == 0:
                booking.live = False
                ended += 1
        del known[:ended]

    def _end_by(self, known: list[Booking], reset: float, now: float) -> None:
        """All that was seen is given back at `reset`, ours perhaps before.

        That holds whether the provider's window rolls or began at some moment. A reset that no
        window of this length explains is taken by its word.
        """
        edge = reset - self.seconds
        beyond = edge > now + _ROUNDED
        for booking in known:
            booking.at = edge if beyond else min(booking.at, edge)

    def forget(self, now: float) -> None:
        self._expire(now)
        self._bookings = deque(booking for booking in self._bookings if not booking.foreign)
        for booking in self._bookings:
            booking.amount += booking.withheld
            booking.withheld = 0.0
        self._total = sum(booking.amount for booking in self._bookings)

    def resets_at(self, now: float) -> float | None:
        self._expire(now)
        return self._bookings[-1].at + self.seconds if self._bookings else None

    def dump(self, now: float) -> dict[str, Any]:
        self._expire(now)
        many = len(self._bookings) > _SAVED_SLOTS
        grain, slots = self.seconds / _SAVED_SLOTS, list[tuple[float, float, bool]]()
        for booking in self._bookings:
            at, amount = booking.at - now, booking.amount
            if many and slots:
                last_at, last_amount, last_foreign = slots[-1]
                if at // grain == last_at // grain and booking.foreign is last_foreign:
                    amount += last_amount
                    slots.pop()
            slots.append((at, amount, booking.foreign))
        return {"slots": slots}

    def load(self, state: dict[str, Any], now: float) -> None:
        self._bookings = deque(
            Booking(self, now + float(at), float(amount), foreign=bool(foreign))
            for at, amount, foreign in state["slots"]
        )
        self._total = sum(booking.amount for booking in self._bookings)
        self._lost_by = now + _UNSAVED
