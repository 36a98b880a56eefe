"""The window that refills drop by drop: Groq, OpenAI, Cerebras."""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from typing import Any

from proxy.limits.bookings import Booking, UnderWay, withhold

ROUNDING = 1e-6
"""Of a refill: a level that is short by less is not short."""


class BucketWindow:
    """Refills steadily, `size` in `seconds`; holds no more than `size`."""

    __slots__ = ("_at", "_own", "_used", "seconds", "size", "under_way")

    def __init__(self, size: float, seconds: float) -> None:
        self.size = size
        self.seconds = seconds
        self._used = 0.0
        """What is missing from a full bucket."""
        self._own = 0.0
        """What would be missing if nobody but us drew from it."""
        self._at = -inf
        self.under_way = UnderWay()

    def _refill(self, now: float) -> None:
        if now > self._at and self.size < inf:
            if self._used > 0 or self._own > 0:
                gained = (now - self._at) * self.size / self.seconds
                self._used = max(0.0, self._used - gained)
                self._own = max(0.0, self._own - gained)
            self._at = now

    def began(self, now: float) -> float:
        return now - self.seconds

    def used(self, now: float) -> float:
        self._refill(now)
        return self._used

    def free_at(self, amount: float, now: float) -> float:
        if amount > self.size:
            return inf
        missing = self.used(now) + amount - self.size
        return now if missing <= ROUNDING else now + missing * self.seconds / self.size

    def book(self, amount: float, at: float) -> Booking:
        self._refill(at)
        self._used += amount
        self._own += amount
        booking = Booking(self, at, amount)
        self.under_way.add(booking)
        return booking

    def arrived(self, booking: Booking, by: float) -> None:
        """A refill does not begin anew with each request."""
        self.under_way.remove(booking)

    def amend(self, booking: Booking, amount: float, now: float) -> None:
        self._refill(now)
        self.under_way.remove(booking)
        change = amount - booking.amount
        if change < 0 and self.size < inf:
            # What has been refilled since it was booked cannot be given back a second time.
            refilled = (now - booking.at) * self.size / self.seconds
            change = max(change, min(0.0, refilled - booking.amount))
        # An answer longer than the bucket leaves it empty: nobody said that it owes anything.
        self._used = max(0.0, min(self._used + change, max(self._used, self.size)))
        self._own = max(0.0, min(self._own + change, max(self._own, self.size)))
        booking.amount, booking.withheld = amount, 0.0

    def reconcile(
        self, seen: float, pending: Collection[Booking], now: float, reset: float | None
    ) -> None:
        self._refill(now)
        if reset is not None:
            # The time until full tells the fraction of a unit that a whole remainder leaves out.
            exact = (reset - now) * self.size / self.seconds
            seen = exact if seen - 1 < exact < seen else seen
        self._used = seen + withhold(pending, self.size - seen)
        if pending is not self.under_way:
            self.under_way.recount()

    def fits_by(self, amount: float, until: float, now: float) -> None:
        """The provider says when `amount` fits: no more is missing than comes back by then.

        Its remainder is told in whole units, its wait is exact.
        """
        self._refill(now)
        missing = self.size - amount + (until - now) * self.size / self.seconds
        self._used = min(self._used, max(0.0, missing))

    def forget(self, now: float) -> None:
        self._refill(now)
        self._used = self._own

    def resets_at(self, now: float) -> float | None:
        used = self.used(now)
        return now + used * self.seconds / self.size if used > ROUNDING else None

    def dump(self, now: float) -> dict[str, Any]:
        self._refill(now)
        return {"used": self._used, "own": self._own}

    def load(self, state: dict[str, Any], now: float) -> None:
        self._used, self._own = float(state["used"]), float(state["own"])
        self._at = now
