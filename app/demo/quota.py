"""The limits of a simulated account, enforced to the unit. Pure: no HTTP, the clock is injected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from app.demo.windows import Booking, Counter, counter
from proxy.clock import Clock
from proxy.model import Dimension, Limit, Window


@dataclass(frozen=True, slots=True)
class Gauge:
    """One limit at one moment. `full_in` is in seconds: until nothing of it is taken."""

    limit: Limit
    used: int
    remaining: int
    full_in: float


@dataclass(frozen=True, slots=True)
class Spent:
    """A limit that does not let a request in. `wait` is in seconds, infinity: it never will."""

    limit: Limit
    used: int
    requested: int
    wait: float

    @property
    def too_large(self) -> bool:
        """The request alone is larger than the whole limit."""
        return math.isinf(self.wait)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request was not let in, the limit that ends last in front."""

    spent: tuple[Spent, ...]

    @property
    def first(self) -> Spent:
        return self.spent[0]


class Ticket:
    """A request that was let in. Settle its tokens once known, `leave` when it has ended."""

    __slots__ = ("_bookings", "_left")

    def __init__(self, bookings: list[tuple[Counter, Booking]]) -> None:
        self._bookings = bookings
        self._left = False

    def settle(self, tokens: int) -> None:
        """Book what the request really used, in place of what was reserved for it."""
        for tally, booking in self._bookings:
            if tally.limit.dimension == "tokens":
                tally.correct(booking, tokens)

    def leave(self) -> None:
        """Free the request's place among the parallel ones. Once is enough, twice does no harm."""
        if self._left:
            return
        self._left = True
        for tally, booking in self._bookings:
            if tally.limit.dimension == "concurrent":
                tally.correct(booking, 0)


class Quota:
    """All limits of one account.

    `limits` of scope ``account`` and ``pool`` hold for the account, those of scope ``model`` for
    each model separately; `models` gives a model limits of its own instead of those.
    `charges_refusals`: a refused request counts against the other request limits all the same.
    """

    def __init__(
        self,
        limits: Iterable[Limit],
        clock: Clock,
        *,
        models: Mapping[str, Sequence[Limit]] | None = None,
        charges_refusals: bool = False,
    ) -> None:
        self._limits = tuple(limits)
        self._models = models or {}
        self._clock = clock
        self._charges_refusals = charges_refusals
        self._counters: dict[tuple[str, Limit], Counter] = {}

    def admit(self, model: str, tokens: int) -> Ticket | Refused:
        """Let a request of so many tokens in, or say which limits stand against it."""
        counters = self._counters_of(model)
        spent: list[Spent] = []
        for tally in counters:
            amount = _amount(tally.limit, tokens)
            if wait := tally.wait(amount):
                spent.append(Spent(tally.limit, tally.used_units(), amount, wait))
        if not spent:
            return Ticket([(tally, tally.take(_amount(tally.limit, tokens))) for tally in counters])
        if self._charges_refusals:
            blocking = {one.limit for one in spent}
            for tally in counters:
                if tally.limit.dimension == "requests" and tally.limit not in blocking:
                    tally.take(1)
        return Refused(tuple(sorted(spent, key=lambda one: one.wait, reverse=True)))

    def wait(self, model: str, tokens: int) -> float:
        """Seconds until a request of so many tokens is let in; infinity: never. Takes nothing."""
        return max(
            (tally.wait(_amount(tally.limit, tokens)) for tally in self._counters_of(model)),
            default=0.0,
        )

    def gauges(self, model: str) -> tuple[Gauge, ...]:
        """Every limit that holds for a model, as it stands now."""
        return tuple(
            Gauge(tally.limit, tally.used_units(), tally.remaining(), tally.full_in())
            for tally in self._counters_of(model)
        )

    def _counters_of(self, model: str) -> list[Counter]:
        """Counters are made when a model is first asked for: a fresh one has nothing taken."""
        counters: list[Counter] = []
        for limit in self._limits_of(model):
            key = (model if limit.scope == "model" else "", limit)
            if key not in self._counters:
                self._counters[key] = counter(limit, self._clock)
            counters.append(self._counters[key])
        return counters

    def _limits_of(self, model: str) -> list[Limit]:
        shared = [
            limit
            for limit in self._limits
            if limit.scope == "account"
            or (limit.scope == "pool" and fnmatchcase(model, limit.pool))
        ]
        every = [limit for limit in self._limits if limit.scope == "model"]
        return shared + list(self._models.get(model, every))


def _amount(limit: Limit, tokens: int) -> int:
    return tokens if limit.dimension == "tokens" else 1


def find_gauge(gauges: Iterable[Gauge], dimension: Dimension, window: Window) -> Gauge | None:
    """The gauge of a dimension and window; the tightest where several scopes have one."""
    fitting = [
        gauge
        for gauge in gauges
        if gauge.limit.dimension == dimension and gauge.limit.window == window
    ]
    return min(fitting, key=lambda gauge: gauge.remaining, default=None)
