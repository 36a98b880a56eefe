"""One limit of one account: its size from whoever knows best, and the count against it."""

from __future__ import annotations

from math import inf

from proxy.clock import Clock
from proxy.limits.bookings import Booking
from proxy.limits.buckets import BucketWindow
from proxy.limits.rolling import RollingWindow
from proxy.limits.windows import (
    ClockWindow,
    ParallelWindow,
    Window,
    seconds_to_boundary,
)
from proxy.model import WINDOW_SECONDS, Dimension, Kind, Limit, Source, limit_word
from proxy.model import Window as WindowName

_UNNAMED = WINDOW_SECONDS["minute"]
"""Seconds of a window of which nobody said which it is; its true end comes with the readings."""


class Cell:
    """What is known and counted of one (dimension, window) of an account, a pool or a model.

    A size the provider stated beats the configured one, and that a preset's. A preset's size that
    nothing has confirmed is a `guess`: it steers, but it never stands in the way of the last hope.
    """

    __slots__ = (
        "_clock",
        "_learned",
        "_learned_from",
        "closed_until",
        "configured",
        "dimension",
        "guess",
        "guess_probe",
        "guess_void_until",
        "heard_at",
        "heard_seq",
        "is_rest",
        "kind",
        "learned_until",
        "refused_amount",
        "refused_until",
        "size",
        "source",
        "spent_born",
        "streak",
        "window",
        "window_name",
        "word",
        "zone",
    )

    def __init__(
        self, dimension: Dimension, window: WindowName | None, kind: Kind, zone: str, clock: Clock
    ) -> None:
        self._clock = clock
        self.dimension: Dimension = dimension
        self.window_name: WindowName | None = window
        self.word = limit_word(dimension, window)
        self.kind: Kind = kind
        self.zone = zone
        self.configured: Limit | None = None
        self._learned: float | None = None
        self._learned_from: Source = "header"
        self.learned_until = inf
        """Its size holds until then."""
        self.is_rest = False
        """Its size is what was left when nobody told how much there is: too small, if anything."""
        self.size = inf
        """`inf` where nobody named one."""
        self.source: Source = "preset"
        self.guess = False
        self.heard_seq = -1
        """Number of the request whose reading is the newest: an older one changes nothing."""
        self.heard_at = -inf
        """When that reading came: what had been answered by then is in it."""
        self.closed_until = -inf
        """Spent until then, as a refusal said."""
        self.refused_amount = inf
        self.refused_until = -inf
        """Requests of at least that amount are out until then."""
        self.spent_born = -1
        """Number of the last request that had been sent when it was last found spent."""
        self.streak = 0
        """Refusals in a row that nothing came between."""
        self.guess_void_until = -inf
        self.guess_probe: object | None = None
        """The reservation that tries what lies beyond a guess."""
        self.window: Window = self._make_window()

    def _make_window(self) -> Window:
        if self.dimension == "concurrent":
            return ParallelWindow(self.size)
        name = self.window_name
        if name is None or self.kind == "clock":
            return ClockWindow(self.size, self._to_boundary)
        kind = BucketWindow if self.kind == "bucket" else RollingWindow
        return kind(self.size, WINDOW_SECONDS[name])

    def _to_boundary(self) -> float:
        if self.window_name is None:
            return _UNNAMED
        return seconds_to_boundary(self.window_name, self.zone, self._clock.wall())

    def whole_window(self) -> float:
        """The longest that it can be spent, in seconds."""
        if self.window_name is None or self.kind == "clock":
            return self._to_boundary()
        return WINDOW_SECONDS[self.window_name]

    # What is known.

    def configure(self, limit: Limit | None) -> None:
        """Take the configuration's word; counts stay, unless the kind of window changed."""
        self.configured = limit
        if limit is not None:
            self.become(limit.kind, limit.zone)
        self._resize()

    def become(self, kind: Kind, zone: str) -> None:
        """Count as another kind of window, or in another zone, from now on."""
        if (kind, zone) != (self.kind, self.zone):
            self.kind, self.zone = kind, zone
            self.window = self._make_window()

    def learn_size(
        self, size: float, source: Source, until: float = inf, *, is_rest: bool = False
    ) -> None:
        """Take the provider's word for the size."""
        if (size, source, until, is_rest) == self._last_word():
            return
        self._learned, self._learned_from, self.learned_until = size, source, until
        self.is_rest = is_rest
        self._resize()

    def _last_word(self) -> tuple[float | None, Source, float, bool]:
        return self._learned, self._learned_from, self.learned_until, self.is_rest

    def _resize(self) -> None:
        if self._learned is not None:
            self.size, self.source = self._learned, self._learned_from
        elif self.configured is not None:
            self.size, self.source = float(self.configured.size), self.configured.source
        else:
            self.size, self.source = inf, "preset"
        self.guess = self.source == "preset" and self.size < inf
        self.window.size = self.size

    def refresh(self, now: float) -> None:
        """Forget a size that was learned for a time."""
        if now >= self.learned_until:
            self._learned, self.learned_until, self.is_rest = None, inf, False
            self._resize()

    def learned(self, now: float) -> tuple[float, Source, float] | None:
        """The provider's word for the size, where it came from, and until when it is believed."""
        self.refresh(now)
        if self._learned is None:
            return None
        return self._learned, self._learned_from, self.learned_until

    # What is counted.

    def free_at(self, amount: float, now: float) -> float:
        """When `amount` fits: `now` if it does, `inf` if it never will."""
        if now >= self.learned_until:
            self.refresh(now)
        free = now if self.closed_until < now else self.closed_until
        if amount >= self.refused_amount and self.refused_until > free:
            free = self.refused_until
        if self.size == inf or (self.guess and now < self.guess_void_until):
            return free
        counted = self.window.free_at(amount, now)
        if counted > self.learned_until and (self.is_rest or counted < inf):
            counted = self.learned_until
        return counted if counted > free else free

    def book(self, amount: float, at: float) -> Booking:
        """Count a request that is sent at that moment."""
        return self.window.book(amount, at)

    def room(self, now: float) -> float:
        """What is left now; `inf` where no size is known."""
        self.refresh(now)
        if self.size == inf:
            return inf
        return max(0.0, self.size - self.window.used(now))

    def largest(self, now: float) -> float:
        """The largest amount that may go now: what is left, and less than what was refused."""
        room = self.room(now)
        return min(room, self.refused_amount - 1) if now < self.refused_until else room

    @property
    def counts(self) -> bool:
        """Requests are booked in it."""
        return self.size < inf or self.dimension == "concurrent"

    def resets_at(self, now: float) -> float | None:
        """When the gauge is whole again."""
        natural = self.window.resets_at(now) if self.size < inf else None
        latest = self.closed_until if natural is None else max(natural, self.closed_until)
        return latest if latest > now else None

    def idle(self, now: float) -> bool:
        """Nothing is known of it that its configuration does not say, nothing counts, none is out.

        Such a cell can be made anew whenever it is needed.
        """
        return (
            self.learned(now) is None
            and self.closed_until <= now
            and self.refused_until <= now
            and self.guess_void_until <= now
            and self.window.used(now) == 0
        )

    # What providers say.

    def spend(self, now: float, until: float | None, amount: float, *, seq: int, born: int) -> None:
        """A refusal says that too little is left for `amount`, until then if it says so much.

        `seq` is the number of the refused request, `born` that of the last one sent by now: what
        comes back from those under way lifts nothing, and lengthens only to a stated moment.
        """
        new = seq > self.spent_born
        if until is not None:
            if self.kind == "bucket" and self.size < inf:
                self.refuse_amount(amount, until)
                if isinstance(self.window, BucketWindow):
                    self.window.fits_by(amount, until, now)
            else:
                self.closed_until = max(self.closed_until, until)
        elif new:
            self._spend_by_own_count(now, amount)
        if new:
            self.streak += 1
            self.spent_born = born
        self.guess_void_until = -inf
        self.heard_seq, self.heard_at = max(self.heard_seq, born), now

    def recall(self, now: float) -> None:
        """Refused without a word: what came back a moment ago may count at the provider still."""
        if isinstance(self.window, RollingWindow):
            self.window.recall(now)

    def _spend_by_own_count(self, now: float, amount: float) -> None:
        whole = self.whole_window()
        if self.streak == 0 and self.size < inf:
            return  # The count stands at its size since the refusal was heard.
        if self.kind == "bucket" and self.size < inf:
            # Twice as long as the last time: others draw from it.
            whole = min(whole, 2.0**self.streak * amount * whole / self.size)
        # No count of ours explains it: the whole window is the most it can be.
        self.closed_until = max(self.closed_until, now + whole)

    def refuse_amount(self, amount: float, until: float) -> None:
        """Requests as large as the refused one are out until then; smaller ones may fit."""
        if until > self.refused_until or amount < self.refused_amount:
            self.refused_amount, self.refused_until = amount, until

    def forget(self, now: float) -> None:
        """A person cleared it: what the provider said is forgotten, our own count is not."""
        self._learned, self.learned_until, self.is_rest = None, inf, False
        self.closed_until = self.refused_until = self.heard_at = -inf
        self.heard_seq = -1
        self.refused_amount = inf
        self.streak = 0
        self._resize()
        if self.source == "manual" or self.dimension == "concurrent":
            self.window.forget(now)
        else:
            self.window = self._make_window()
