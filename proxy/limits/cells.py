"""One limit of one account: its size from whoever knows best, and the count against it."""

from __future__ import annotations

from math import inf
from typing import Any, cast

from proxy.clock import Clock
from proxy.limits.windows import (
    Booking,
    BucketWindow,
    ClockWindow,
    ParallelWindow,
    RollingWindow,
    Window,
    seconds_to_boundary,
)
from proxy.model import WINDOW_SECONDS, Dimension, Kind, Limit, Source, limit_word
from proxy.model import Window as WindowName

_DAY = 86400.0


class Cell:
    """What is known and counted of one (dimension, window) of an account, a pool or a model.

    A size the provider stated beats the configured one, and that a preset's. A preset's size that
    nothing has confirmed is a `guess`: it steers, but it never stands in the way of the last hope.
    """

    __slots__ = (
        "_clock",
        "closed_until",
        "configured",
        "dimension",
        "guess_probe",
        "guess_void_until",
        "heard_at",
        "heard_seq",
        "kind",
        "learned",
        "learned_from",
        "learned_until",
        "refused_amount",
        "refused_until",
        "spent_born",
        "streak",
        "unheard",
        "window",
        "window_name",
        "zone",
    )

    def __init__(
        self, dimension: Dimension, window: WindowName | None, kind: Kind, zone: str, clock: Clock
    ) -> None:
        self._clock = clock
        self.dimension: Dimension = dimension
        self.window_name: WindowName | None = window
        self.kind: Kind = kind
        self.zone = zone
        self.configured: Limit | None = None
        self.learned: float | None = None
        self.learned_from: Source = "header"
        self.learned_until = inf
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
        self.unheard: dict[Booking, None] = {}
        """Of requests whose answer's head has not come: no reading knows of them yet."""
        self.guess_void_until = -inf
        self.guess_probe: object | None = None
        self.window: Window = self._make_window()

    def _make_window(self) -> Window:
        size = self.size
        if self.dimension == "concurrent":
            return ParallelWindow(size)
        name = self.window_name
        if name is None or self.kind == "clock":
            return ClockWindow(size, self._to_boundary)
        seconds = WINDOW_SECONDS[name]
        if self.kind == "bucket":
            return BucketWindow(size, seconds)
        return RollingWindow(size, seconds)

    def _to_boundary(self) -> float:
        if self.window_name is None:
            # Which window it is was never said; its end comes with the readings.
            return WINDOW_SECONDS["minute"]
        return seconds_to_boundary(self.window_name, self.zone, self._clock.wall())

    # What is known.

    @property
    def word(self) -> str:
        return limit_word(self.dimension, self.window_name)

    @property
    def size(self) -> float:
        """`inf` where nobody named one."""
        if self.learned is not None and self._clock.now() < self.learned_until:
            return self.learned
        return inf if self.configured is None else float(self.configured.size)

    @property
    def source(self) -> Source:
        if self.learned is not None and self._clock.now() < self.learned_until:
            return self.learned_from
        return "preset" if self.configured is None else self.configured.source

    @property
    def guess(self) -> bool:
        return self.source == "preset"

    def configure(self, limit: Limit | None) -> None:
        """Take the configuration's word; counts stay, unless the kind of window changed."""
        self.configured = limit
        if limit is not None and (limit.kind, limit.zone) != (self.kind, self.zone):
            self.kind, self.zone = limit.kind, limit.zone
            self.window = self._make_window()
        self._resize()

    def learn_size(self, size: float, source: Source, until: float = inf) -> None:
        """Take the provider's word for the size."""
        self.learned, self.learned_from, self.learned_until = size, source, until
        self._resize()

    def _resize(self) -> None:
        size = self.size
        bucket = self.window
        if isinstance(bucket, BucketWindow) and size != bucket.size:
            # A bucket nobody measured is full whatever its size; else what was used stays used.
            used = bucket.used(self._clock.now()) if bucket.size < inf else 0.0
            self.window = BucketWindow(size, bucket.seconds)
            if size < inf:
                self.window.load({"used": used}, self._clock.now())
        else:
            self.window.size = size

    # What is counted.

    def free_at(self, amount: float, now: float) -> float:
        """When `amount` fits: `now` if it does, `inf` if it never will."""
        free = max(now, self.closed_until)
        if amount >= self.refused_amount:
            free = max(free, self.refused_until)
        size = self.size
        if size != self.window.size:
            self._resize()
        if size == inf or (self.guess and now < self.guess_void_until):
            return free
        return max(free, self.window.free_at(amount, now))

    def book(self, amount: float, now: float) -> Booking:
        """Count a request that is about to be sent."""
        booking = self.window.book(amount, now)
        self.unheard[booking] = None
        return booking

    def room(self, now: float) -> float:
        """What is left now; `inf` where no size is known."""
        size = self.size
        if size == inf:
            return inf
        return max(0.0, size - self.window.used(now))

    def resets_at(self, now: float) -> float | None:
        """When the gauge is whole again."""
        if self.size == inf and self.closed_until <= now:
            return None
        natural = self.window.resets_at(now) if self.size < inf else None
        latest = max(natural or -inf, self.closed_until)
        return latest if latest > now else None

    def hear(
        self,
        *,
        limit: int | None,
        remaining: int | None,
        reset: float | None,
        seq: int,
        source: Source,
        now: float,
    ) -> bool:
        """Take a reading; False when it is older than what was heard before.

        `reset` is a moment here, not a duration; `seq` is the number of the request whose answer
        brought the reading.
        """
        if seq < self.heard_seq and self._same_window(now):
            return False
        if limit is not None:
            self.learn_size(float(limit), source)
        if remaining is None:
            return True
        if self.size == inf or (limit is None and remaining > self.size):
            self.learn_size(float(remaining), source)
        if limit is None and self.guess:
            self.learn_size(self.size, source)
        self.heard_seq, self.heard_at = seq, now
        if remaining > 0 or source == "refusal":
            self.closed_until = -inf
        seen = max(0.0, self.size - remaining)
        self.window.reconcile(seen, self.unheard, now, reset)
        return True

    def _same_window(self, now: float) -> bool:
        seconds = _DAY if self.window_name is None else WINDOW_SECONDS[self.window_name]
        return now - self.heard_at < seconds

    def spend(self, now: float, until: float | None, *, seq: int, born: int) -> None:
        """A refusal says that nothing is left, until then if it says so much.

        `seq` is the number of the refused request, `born` that of the last one sent by now: what
        comes back from those under way lifts nothing, and lengthens only to a stated moment.
        """
        if until is not None:
            self.closed_until = max(self.closed_until, until)
        elif seq > self.spent_born:
            if self.size < inf:
                self.window.reconcile(self.size, self.unheard, now, None)
            if self.size == inf or self.streak > 0:
                # No count of ours explains it: the whole window, once, is the most it can be.
                self.closed_until = max(self.closed_until, now + self._whole_window())
            self.streak += 1
        self.spent_born = self.heard_seq = born
        self.heard_at = now

    def _whole_window(self) -> float:
        if self.kind == "clock" or self.window_name is None:
            return self._to_boundary()
        return WINDOW_SECONDS[self.window_name]

    def refuse_amount(self, amount: float, until: float) -> None:
        """Requests as large as the refused one are out until then; smaller ones may fit."""
        if until > self.refused_until or amount < self.refused_amount:
            self.refused_amount, self.refused_until = amount, until

    def forget(self, now: float) -> None:
        """A person cleared it: what the provider said is forgotten, our own count is not."""
        learned = self.heard_at > -inf or self.closed_until > now
        self.learned = None
        self.closed_until = self.refused_until = self.heard_at = -inf
        self.heard_seq = -1
        self.refused_amount = inf
        self.streak = 0
        if learned and not (self.configured and self.configured.source == "manual"):
            self.window = self._make_window()
        else:
            self._resize()

    # What lasts.

    def dump(self, now: float) -> dict[str, Any]:
        """As JSON values; moments as seconds from now."""
        state: dict[str, Any] = {
            "dimension": self.dimension,
            "window": self.window_name,
            "kind": self.kind,
            "zone": self.zone,
            "count": self.window.dump(now) if self.size < inf else None,
        }
        if self.learned is not None:
            until = None if self.learned_until == inf else self.learned_until - now
            state["learned"] = [self.learned, self.learned_from, until]
        if self.closed_until > now:
            state["closed"] = self.closed_until - now
        if self.refused_until > now:
            state["refused"] = [self.refused_amount, self.refused_until - now]
        if self.guess_void_until > now:
            state["guess_void"] = self.guess_void_until - now
        return state

    def load(self, state: dict[str, Any], now: float) -> None:
        if "learned" in state:
            size, source, until = cast("tuple[float, Source, float | None]", state["learned"])
            self.learn_size(size, source, inf if until is None else now + until)
        if state["count"] is not None:
            self.window.load(state["count"], now)
        self.closed_until = now + state.get("closed", -inf)
        amount, until = state.get("refused", (inf, -inf))
        self.refused_amount, self.refused_until = amount, now + until
        self.guess_void_until = now + state.get("guess_void", -inf)
