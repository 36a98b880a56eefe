"""Counting within a window: by the clock, or in parallel. Pure; the time comes in.

All kinds, those in `rolling.py` and `buckets.py` too, speak the same few words (`Window`), so that
the ledger need not know which one it holds. Times are `Clock.now()` seconds. Amounts are requests
or tokens.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from math import inf
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from proxy import model
from proxy.limits.bookings import Booking, UnderWay, withhold


class Window(Protocol):
    """What the ledger asks of a window, whatever its kind."""

    size: float
    under_way: UnderWay
    """Empty where it would be of no use: then what is pending is told as a list."""

    def began(self, now: float) -> float:
        """When what counts now began to count: what was sent before is over."""
        ...

    def used(self, now: float) -> float:
        """What counts against the size at this moment."""
        ...

    def free_at(self, amount: float, now: float) -> float:
        """When `amount` more fits: `now` if it does already, `inf` if it never will."""
        ...

    def book(self, amount: float, at: float) -> Booking:
        """Count a request that was sent at that moment."""
        ...

    def arrived(self, booking: Booking, by: float) -> None:
        """The provider counts it when it arrives, which was by then at the latest."""
        ...

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        """Let an earlier booking count as `amount`, in the window in which it was made."""
        ...

    def reconcile(
        self, seen: float, pending: Collection[Booking], now: float, reset: float | None
    ) -> None:
        """Take the provider's word that `seen` was used, `pending` not yet among it.

        `reset` is the moment at which it says that what it saw is given back.
        """
        ...

    def forget(self, now: float) -> None:
        """Drop what only the provider told; what was sent from here stays counted."""
        ...

    def resets_at(self, now: float) -> float | None:
        """When it is whole again, None if it is now."""
        ...

    def dump(self, now: float) -> dict[str, Any]:
        """As JSON values, moments as seconds from now."""
        ...

    def load(self, state: dict[str, Any], now: float) -> None:
        """What `dump` gave at that moment."""
        ...


class ClockWindow:
    """From one mark of the provider's clock to the next: whole minutes, its midnight, its month.

    `boundary` gives the seconds until the next mark; it is asked once a window, so that a jump of
    the wall clock moves no window that has begun.
    """

    __slots__ = ("_began", "_boundary", "_ends", "_foreign", "_own", "size", "under_way")

    def __init__(self, size: float, boundary: Boundary) -> None:
        self.size = size
        self._boundary = boundary
        self._own = 0.0
        self._foreign = 0.0
        """What the provider counts beyond ours; negative where it counts less."""
        self._began = -inf
        self._ends = -inf
        self.under_way = UnderWay()

    def _turn(self, now: float) -> None:
        if now >= self._ends:
            self._own = self._foreign = 0.0
            self.under_way.clear()
            self._began = self._ends
            self._ends = now + self._boundary()

    def began(self, now: float) -> float:
        self._turn(now)
        return self._began

    def used(self, now: float) -> float:
        self._turn(now)
        return max(0.0, self._own + self._foreign)

    def free_at(self, amount: float, now: float) -> float:
        if amount > self.size:
            return inf
        if now >= self._ends:
            self._turn(now)
        return now if max(0.0, self._own + self._foreign) + amount <= self.size else self._ends

    def book(self, amount: float, at: float) -> Booking:
        self._turn(at)
        self._own += amount
        booking = Booking(self, at, amount)
        if at >= self._began:
            self.under_way.add(booking)
        return booking

    def arrived(self, booking: Booking, by: float) -> None:
        """It counts in the window in which it was sent."""
        self.under_way.remove(booking)

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        self._turn(now)
        self.under_way.remove(booking)
        if booking.at >= self._began:
            self._own += amount - booking.amount
            booking.amount, booking.withheld = amount, 0.0

    def reconcile(
        self, seen: float, pending: Collection[Booking], now: float, reset: float | None
    ) -> None:
        self._turn(now)
        if reset is not None and reset <= now:
            seen, reset = 0.0, now + self._boundary()
        if pending is not self.under_way:
            pending = [booking for booking in pending if booking.at >= self._began]
        self._foreign = seen + withhold(pending, self.size - seen) - self._own
        if pending is not self.under_way:
            self.under_way.recount()
        if reset is not None:
            self._ends = reset

    def forget(self, now: float) -> None:
        self._turn(now)
        self._foreign = 0.0
        self._ends = now + self._boundary()

    def resets_at(self, now: float) -> float | None:
        return self._ends if self.used(now) > 0 else None

    def dump(self, now: float) -> dict[str, Any]:
        self._turn(now)
        return {"own": self._own, "foreign": self._foreign, "ends": self._ends - now}

    def load(self, state: dict[str, Any], now: float) -> None:
        self._own, self._foreign = float(state["own"]), float(state["foreign"])
        self._began = now
        self._ends = now + float(state["ends"])


class ParallelWindow:
    """Requests in flight: booked when sent, amended to nothing when done."""

    __slots__ = ("_used", "size", "under_way")

    def __init__(self, size: float) -> None:
        self.size = size
        self._used = 0.0
        self.under_way = UnderWay()

    def began(self, now: float) -> float:
        return -inf

    def used(self, now: float) -> float:
        return self._used

    def free_at(self, amount: float, now: float) -> float:
        # Nobody knows when a running request ends; a second is what clients are told (A4).
        return now if self._used + amount <= self.size else now + 1.0

    def book(self, amount: float, at: float) -> Booking:
        self._used += amount
        return Booking(self, at, amount)

    def arrived(self, booking: Booking, by: float) -> None:
        """It counts until it ends, whenever it arrived."""

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        self._used += amount - booking.amount
        booking.amount = amount

    def reconcile(
        self, seen: float, pending: Collection[Booking], now: float, reset: float | None
    ) -> None:
        """Nothing to learn: what is in flight we know better than anyone."""

    def forget(self, now: float) -> None:
        """Nor to forget: what is in flight is our own."""

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
