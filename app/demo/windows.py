"""How a simulated provider counts: one counter for each kind of window.

Written apart from `proxy/limits/windows.py` on purpose: a provider and its client that count with
the same code would agree on the same mistake.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from proxy.clock import Clock
from proxy.model import WINDOW_SECONDS, Limit, Window

# Two sums of floats that should be equal differ by less than this; no real amount is so small.
_EPSILON = 1e-9


class Booking:
    """An amount taken from a counter, at the moment (seconds since boot) it was taken."""

    __slots__ = ("amount", "at", "period")

    def __init__(self, at: float, amount: float, period: datetime | None = None) -> None:
        self.at = at
        self.amount = amount
        self.period = period


class Counter(ABC):
    """Counts one limit. Amounts are requests or tokens; `wait` and `full_in` are in seconds."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self.limit = limit
        self.clock = clock

    @abstractmethod
    def used(self) -> float:
        """What is taken at this moment."""

    @abstractmethod
    def wait(self, amount: float) -> float:
        """How long until `amount` fits: 0 now, infinity where it is larger than the limit."""

    @abstractmethod
    def take(self, amount: float) -> Booking:
        """Take `amount`, whether it fits or not."""

    @abstractmethod
    def correct(self, booking: Booking, amount: float) -> None:
        """What was booked turns out to be `amount`."""

    @abstractmethod
    def full_in(self) -> float:
        """How long until nothing is taken any more, if nothing else is asked."""

    def used_units(self) -> int:
        """What is taken, in whole units, a broken one counted."""
        return math.ceil(self.used() - _EPSILON)

    def remaining(self) -> int:
        """Whole units that are left, never negative."""
        return max(0, math.floor(self.limit.size - self.used() + _EPSILON))


class Rolling(Counter):
    """What was taken within the last window counts."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        super().__init__(limit, clock)
        self._length = window_length(limit)
        self._bookings: deque[Booking] = deque()

    def _forget(self) -> None:
        horizon = self.clock.now() - self._length
        while self._bookings and self._bookings[0].at <= horizon:
            self._bookings.popleft()

    def used(self) -> float:
        self._forget()
        return sum(booking.amount for booking in self._bookings)

    def wait(self, amount: float) -> float:
        if amount > self.limit.size:
            return math.inf
        over = self.used() + amount - self.limit.size
        now = self.clock.now()
        for booking in self._bookings:
            if over <= _EPSILON:
                break
            over -= booking.amount
            if over <= _EPSILON:
                return max(0.0, booking.at + self._length - now)
        return 0.0

    def take(self, amount: float) -> Booking:
        self._forget()
        booking = Booking(self.clock.now(), amount)
        self._bookings.append(booking)
        return booking

    def correct(self, booking: Booking, amount: float) -> None:
        booking.amount = amount

    def full_in(self) -> float:
        self._forget()
        if not self._bookings:
            return 0.0
        return max(0.0, self._bookings[-1].at + self._length - self.clock.now())


class ByTheClock(Counter):
    """Starts again with each minute, hour, day or month on the wall, in the limit's zone."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        super().__init__(limit, clock)
        self._window: Window = _named_window(limit)
        self._zone = ZoneInfo(limit.zone)
        self._period = self._start()
        self._used = 0.0

    def _start(self) -> datetime:
        wall = datetime.fromtimestamp(self.clock.wall(), self._zone)
        return period_start(wall, self._window)

    def _turn(self) -> None:
        start = self._start()
        if start != self._period:
            self._period, self._used = start, 0.0

    def used(self) -> float:
        self._turn()
        return self._used

    def wait(self, amount: float) -> float:
        if amount > self.limit.size:
            return math.inf
        if self.used() + amount <= self.limit.size + _EPSILON:
            return 0.0
        return self._left()

    def _left(self) -> float:
        end = period_end(self._period, self._window)
        return max(0.0, end.timestamp() - self.clock.wall())

    def take(self, amount: float) -> Booking:
        self._turn()
        self._used += amount
        return Booking(self.clock.now(), amount, self._period)

    def correct(self, booking: Booking, amount: float) -> None:
        self._turn()
        if booking.period == self._period:
            self._used += amount - booking.amount
        booking.amount = amount

    def full_in(self) -> float:
        return self._left() if self.used() else 0.0


class Bucket(Counter):
    """Refills steadily, its whole size in one window."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        super().__init__(limit, clock)
        self._rate = limit.size / window_length(limit)
        self._taken = 0.0
        self._at = clock.now()

    def used(self) -> float:
        now = self.clock.now()
        self._taken = max(0.0, self._taken - (now - self._at) * self._rate)
        self._at = now
        return self._taken

    def wait(self, amount: float) -> float:
        if amount > self.limit.size:
            return math.inf
        over = self.used() + amount - self.limit.size
        return 0.0 if over <= _EPSILON else over / self._rate

    def take(self, amount: float) -> Booking:
        self._taken = self.used() + amount
        return Booking(self._at, amount)

    def correct(self, booking: Booking, amount: float) -> None:
        self._taken = max(0.0, self.used() + amount - booking.amount)
        booking.amount = amount

    def full_in(self) -> float:
        return self.used() / self._rate


class Places(Counter):
    """Parallel requests: a place is free again when its request ends."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        super().__init__(limit, clock)
        self._used = 0.0

    def used(self) -> float:
        return self._used

    def wait(self, amount: float) -> float:
        # Nobody knows when a request ends; a second is what providers that say anything say.
        return 0.0 if self._used + amount <= self.limit.size else 1.0

    def take(self, amount: float) -> Booking:
        self._used += amount
        return Booking(self.clock.now(), amount)

    def correct(self, booking: Booking, amount: float) -> None:
        self._used += amount - booking.amount
        booking.amount = amount

    def full_in(self) -> float:
        return 1.0 if self._used else 0.0


def counter(limit: Limit, clock: Clock) -> Counter:
    """The counter that a limit's dimension and kind ask for."""
    if limit.dimension == "concurrent":
        return Places(limit, clock)
    kinds = {"rolling": Rolling, "clock": ByTheClock, "bucket": Bucket}
    return kinds[limit.kind](limit, clock)


def _named_window(limit: Limit) -> Window:
    if limit.window is None:
        raise ValueError(f"a limit of {limit.dimension} needs a window, such as minute or day")
    return limit.window


def window_length(limit: Limit) -> float:
    """Seconds of the limit's window. Raises ValueError for a limit that has none."""
    return WINDOW_SECONDS[_named_window(limit)]


def period_start(wall: datetime, window: Window) -> datetime:
    """When the minute, hour, day or month that `wall` falls into began."""
    start = wall.replace(second=0, microsecond=0)
    if window == "minute":
        return start
    start = start.replace(minute=0)
    if window == "hour":
        return start
    start = start.replace(hour=0, fold=0)
    return start if window == "day" else start.replace(day=1)


def period_end(start: datetime, window: Window) -> datetime:
    """When the period that began at `start` ends, right through daylight-saving changes."""
    if window in ("minute", "hour"):
        absolute = start.astimezone(UTC) + timedelta(seconds=WINDOW_SECONDS[window])
        return absolute.astimezone(start.tzinfo)
    if window == "day":
        # Arithmetic on an aware time of one zone is arithmetic on its wall clock: next midnight.
        return start + timedelta(days=1)
    return (start + timedelta(days=32)).replace(day=1)
