"""What windows count: amounts booked at a moment, some of them of requests still under way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.limits.windows import Window


class Booking:
    """One amount, booked at a moment in a window, which can change it later (`amend`)."""

    __slots__ = ("amount", "at", "foreign", "live", "window", "withheld")

    def __init__(self, window: Window, at: float, amount: float, *, foreign: bool = False) -> None:
        self.window = window
        self.at = at
        self.amount = amount
        self.foreign = foreign
        """Somebody else's, known only by what the provider said."""
        self.withheld = 0.0
        """Of its amount at first: what the provider will refuse, as it has no room for it."""
        self.live = True


class UnderWay(Collection[Booking]):
    """A window's bookings of requests whose answer has not come: what no reading knows of yet.

    Knows its sum, so that an answer costs no more when a thousand others are under way.
    """

    __slots__ = ("_bookings", "is_cut", "total")

    def __init__(self) -> None:
        self._bookings: dict[Booking, None] = {}
        self.total = 0.0
        self.is_cut = False
        """Some of it is withheld."""

    def __len__(self) -> int:
        return len(self._bookings)

    def __iter__(self) -> Iterator[Booking]:
        return iter(self._bookings)

    def __contains__(self, booking: object) -> bool:
        return booking in self._bookings

    def add(self, booking: Booking) -> None:
        self._bookings[booking] = None
        self.total += booking.amount

    def remove(self, booking: Booking) -> None:
        """Its answer came, or it was never sent; harmless when it is not there."""
        if self._bookings.pop(booking, self) is self:
            return
        self.total -= booking.amount
        if not self._bookings:
            self.clear()

    def clear(self) -> None:
        self._bookings.clear()
        self.total, self.is_cut = 0.0, False

    def recount(self) -> None:
        """Amounts were changed from outside."""
        self.total = sum(booking.amount for booking in self._bookings)
        self.is_cut = any(booking.withheld for booking in self._bookings)


def withhold(pending: Collection[Booking], room: float) -> float:
    """Let requests under way count for no more than there is room; what they come to."""
    room = max(0.0, room)
    if isinstance(pending, UnderWay) and not pending.is_cut and pending.total <= room:
        return pending.total
    for booking in pending:
        # An earlier reading may have thought of more as under way than was.
        booking.amount += booking.withheld
        booking.withheld = 0.0
    total = sum(booking.amount for booking in pending)
    beyond = total - room
    for booking in reversed(list(pending) if beyond > 0 else ()):
        cut = min(beyond, booking.amount)
        booking.amount -= cut
        booking.withheld += cut
        beyond -= cut
        total -= cut
        if beyond <= 0:
            break
    if isinstance(pending, UnderWay):
        pending.recount()
    return total
