"""Counting within a window: rolling, clock, bucket, in parallel. Pure; the time comes in.

All speak the same few words (`Window`), so that the ledger need not know which one it holds.
Times are `Clock.now()` seconds. Amounts are requests or tokens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from proxy import model

# A rolling day of 14,400 requests is kept in slots this fine; coarser only delays a unit's return
# by a thousandth of the window, and never brings it back early.
_SLOTS_BEFORE_COARSE = 2048
_COARSE = 1024


class Booking:
    """One amount, booked at a moment. The window that made it can change it later (`amend`)."""

    __slots__ = ("amount", "at", "live")

    def __init__(self, at: float, amount: float) -> None:
        self.at = at
        self.amount = amount
        self.live = True


class Window(Protocol):
    """What the ledger asks of a window, whatever its kind."""

    size: float

    def used(self, now: float) -> float:
        """What counts against the size at this moment."""
        ...

    def free_at(self, amount: float, now: float) -> float:
        """When `amount` more fits: `now` if it does already, `inf` if it never will."""
        ...

    def book(self, amount: float, now: float) -> Booking: ...

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        """Let an earlier booking count as `amount`, in the window in which it was made."""
        ...

    def reconcile(
        self, seen: float, pending: Iterable[Booking], now: float, reset: float | None
    ) -> None:
        """Take the provider's word that `seen` was used, `pending` not yet among it.

        `reset` is the moment at which it says that what it saw is given back.
        """
        ...

    def resets_at(self, now: float) -> float | None:
        """When it is whole again, None if it is now."""
        ...

    def dump(self, now: float) -> dict[str, Any]:
        """As JSON values, moments as seconds from now."""
        ...

    def load(self, state: dict[str, Any], now: float) -> None: ...


class RollingWindow:
    """The last `seconds` seconds, always."""

    __slots__ = ("_bookings", "_total", "seconds", "size")

    def __init__(self, size: float, seconds: float) -> None:
        self.size = size
        self.seconds = seconds
        self._bookings: deque[Booking] = deque()
        self._total = 0.0

    def _expire(self, now: float) -> None:
        bookings, edge = self._bookings, now - self.seconds
        while bookings and bookings[0].at <= edge:
            gone = bookings.popleft()
            gone.live = False
            self._total -= gone.amount
        if not bookings:
            self._total = 0.0

    def used(self, now: float) -> float:
        self._expire(now)
        return self._total

    def free_at(self, amount: float, now: float) -> float:
        if amount > self.size:
            return inf
        excess = self.used(now) + amount - self.size
        if excess <= 0:
            return now
        for booking in self._bookings:
            excess -= booking.amount
            if excess <= 0:
                return booking.at + self.seconds
        return now + self.seconds

    def book(self, amount: float, now: float) -> Booking:
        self._expire(now)
        booking = Booking(now, amount)
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
            if last is not None and index < newest and booking.at - last.at < grain:
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
            booking.amount = amount

    def reconcile(
        self, seen: float, pending: Iterable[Booking], now: float, reset: float | None
    ) -> None:
        self._expire(now)
        kept = {booking for booking in pending if booking.live}
        known = deque(b for b in self._bookings if b not in kept)
        if reset is not None:
            for booking in known:
                booking.live = False
            known = deque([Booking(min(now, reset - self.seconds), seen)] if seen > 0 else ())
        else:
            self._fit(known, seen, now)
        self._bookings = deque(sorted((*known, *kept), key=lambda booking: booking.at))
        self._total = sum(booking.amount for booking in self._bookings)
        self._expire(now)

    @staticmethod
    def _fit(known: deque[Booking], seen: float, now: float) -> None:
        """Make what we counted come to what was seen: others' use is new, ours ended early."""
        difference = seen - sum(booking.amount for booking in known)
        if difference > 0:
            known.append(Booking(now, difference))
        while difference < 0 and known:
            taken = min(known[0].amount, -difference)
            difference += taken
            if taken == known[0].amount:
                known.popleft().live = False
            else:
                known[0].amount -= taken

    def resets_at(self, now: float) -> float | None:
        self._expire(now)
        return self._bookings[-1].at + self.seconds if self._bookings else None

    def dump(self, now: float) -> dict[str, Any]:
        self._expire(now)
        grain, slots = self.seconds / 60, list[list[float]]()
        for booking in self._bookings:
            at = round(booking.at - now, 3)
            if slots and len(self._bookings) > 60 and at - slots[-1][0] < grain:
                slots[-1][0] = at
                slots[-1][1] += booking.amount
            else:
                slots.append([at, booking.amount])
        return {"slots": slots}

    def load(self, state: dict[str, Any], now: float) -> None:
        self._bookings = deque(Booking(now + at, amount) for at, amount in state["slots"])
        self._total = sum(booking.amount for booking in self._bookings)
        self._expire(now)


class ClockWindow:
    """From one mark of the provider's clock to the next: whole minutes, its midnight, its month.

    `boundary` gives the seconds until the next mark; it is asked once a window, so that a jump of
    the wall clock moves no window that has begun.
    """

    __slots__ = ("_began", "_boundary", "_ends", "_used", "size")

    def __init__(self, size: float, boundary: Boundary) -> None:
        self.size = size
        self._boundary = boundary
        self._used = 0.0
        self._began = -inf
        self._ends = -inf

    def _turn(self, now: float) -> None:
        if now >= self._ends:
            self._used = 0.0
            self._began = now
            self._ends = now + self._boundary()

    def used(self, now: float) -> float:
        self._turn(now)
        return self._used

    def free_at(self, amount: float, now: float) -> float:
        if amount > self.size:
            return inf
        self._turn(now)
        return now if self._used + amount <= self.size else self._ends

    def book(self, amount: float, now: float) -> Booking:
        self._turn(now)
        self._used += amount
        return Booking(now, amount)

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        self._turn(now)
        if booking.live and booking.at >= self._began:
            self._used = max(0.0, self._used + amount - booking.amount)
            booking.amount = amount

    def reconcile(
        self, seen: float, pending: Iterable[Booking], now: float, reset: float | None
    ) -> None:
        self._turn(now)
        self._used = seen + sum(b.amount for b in pending if b.live and b.at >= self._began)
        if reset is not None:
            self._ends = max(reset, now)

    def resets_at(self, now: float) -> float | None:
        self._turn(now)
        return self._ends if self._used > 0 else None

    def dump(self, now: float) -> dict[str, Any]:
        self._turn(now)
        return {"used": self._used, "ends": round(self._ends - now, 3)}

    def load(self, state: dict[str, Any], now: float) -> None:
        self._used = state["used"]
        self._ends = now + state["ends"]
        self._began = now
        self._turn(now)


class BucketWindow:
    """Refills steadily, `size` in `seconds`; holds no more than `size`."""

    __slots__ = ("_at", "_level", "seconds", "size")

    def __init__(self, size: float, seconds: float) -> None:
        self.size = size
        self.seconds = seconds
        self._level = size
        self._at = -inf

    def _refill(self, now: float) -> None:
        if now > self._at:
            gained = (now - self._at) * self.size / self.seconds
            self._level = min(self.size, self._level + gained)
            self._at = now

    def used(self, now: float) -> float:
        self._refill(now)
        return self.size - self._level

    def free_at(self, amount: float, now: float) -> float:
        if amount > self.size:
            return inf
        self._refill(now)
        # A level that is short by a rounding error is not short.
        missing = amount - self._level - 1e-6
        return now if missing <= 0 else now + missing * self.seconds / self.size

    def book(self, amount: float, now: float) -> Booking:
        self._refill(now)
        self._level -= amount
        return Booking(now, amount)

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        self._refill(now)
        self._level = min(self.size, self._level + booking.amount - amount)
        booking.amount = amount

    def reconcile(
        self, seen: float, pending: Iterable[Booking], now: float, reset: float | None
    ) -> None:
        # `reset` is the time until full here: with size and level it says nothing new.
        self._refill(now)
        self._level = min(self.size, self.size - seen) - sum(b.amount for b in pending if b.live)

    def resets_at(self, now: float) -> float | None:
        self._refill(now)
        missing = self.size - self._level
        return now + missing * self.seconds / self.size if missing > 1e-6 else None

    def dump(self, now: float) -> dict[str, Any]:
        self._refill(now)
        return {"used": self.size - self._level}

    def load(self, state: dict[str, Any], now: float) -> None:
        self._level = self.size - state["used"]
        self._at = now


class ParallelWindow:
    """Requests in flight: booked when sent, amended to nothing when done."""

    __slots__ = ("_used", "size")

    def __init__(self, size: float) -> None:
        self.size = size
        self._used = 0.0

    def used(self, now: float) -> float:
        return self._used

    def free_at(self, amount: float, now: float) -> float:
        # Nobody knows when a running request ends; a second is what clients are told (A4).
        return now if self._used + amount <= self.size else now + 1.0

    def book(self, amount: float, now: float) -> Booking:
        self._used += amount
        return Booking(now, amount)

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        self._used += amount - booking.amount
        booking.amount = amount

    def reconcile(
        self, seen: float, pending: Iterable[Booking], now: float, reset: float | None
    ) -> None:
        """Nothing to learn: what is in flight we know better than anyone."""

    def resets_at(self, now: float) -> float | None:
        return None

    def dump(self, now: float) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any], now: float) -> None:
        """A restart has nothing in flight."""


class Boundary(Protocol):
    """Seconds until the provider's clock shows the next minute, hour, midnight or month."""

    def __call__(self) -> float: ...


def seconds_to_boundary(window: model.Window, zone: str, wall: float) -> float:
    """Seconds from `wall` (epoch) to the next mark of that window in that zone.

    Right through daylight-saving changes: a day may have 23 or 25 hours.
    """
    if window in ("minute", "hour"):
        length = model.WINDOW_SECONDS[window]
        return length - wall % length
    here = datetime.fromtimestamp(wall, ZoneInfo(zone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if window == "day":
        mark = midnight + timedelta(days=1)
    else:
        mark = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    # Wall-clock arithmetic within a zone ignores its changes; the timestamp does not.
    return max(mark.timestamp() - wall, 0.001)
