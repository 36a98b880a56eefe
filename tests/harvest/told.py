"""What a provider had told of its limits by a moment: was a refusal to be foreseen?

Written apart from the product's ledger on purpose. It knows how each kind of provider talks, and
counts what the provider let in, nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from app.demo.asked import Asked
from app.demo.quota import Gauge, Spent
from app.demo.windows import period_start, window_length
from proxy.model import WINDOW_SECONDS, Dimension, Limit, Window

Foreseen = Literal["waste", "repeat", "first"]
"""Told by a header, a refusal or the config that still held; asked again in the same blockage
without having been told for how long; or not to be known."""

MARGIN = 0.05
"""Seconds that an answer takes to be heard, and a request to arrive."""
_EDGE = 0.25
"""Seconds around the end of a rolling window in which nobody can count exactly from outside."""
_TOKENIZER = 0.97
"""Nobody but the provider counts its tokens exactly."""
# Told as a whole number, the rest of a bucket's unit is not known.
_FRACTION = 0.999

_IN_HEADERS: dict[str, set[tuple[Dimension, Window | None]]] = {
    "groq": {("requests", "day"), ("tokens", "minute")},
    "cerebras": {
        ("requests", "minute"),
        ("requests", "hour"),
        ("requests", "day"),
        ("tokens", "minute"),
    },
    "mistral": {("requests", "minute"), ("tokens", "minute"), ("tokens", "month")},
}
_CEREBRAS_SAYS = {"minute": 60.0, "hour": 3600.0, "day": 86399.0}


@dataclass(frozen=True, slots=True)
class _Reading:
    """At `at` there was less than `below` left; whoever asked heard so at `heard`."""

    at: float
    heard: float
    below: float


@dataclass(frozen=True, slots=True)
class _Refused:
    """At `at`, `amount` did not fit; it would after `wait`; `said` is what the refusal told."""

    at: float
    amount: float
    wait: float
    said: float


class Told:
    """Of one limit of one account, pool or model. Moments are seconds since boot."""

    def __init__(self, limit: Limit, *, configured: bool, to_wall: float) -> None:
        self._limit = limit
        self._configured = configured
        self._to_wall = to_wall
        self._readings: list[_Reading] = []
        self._refusals: list[_Refused] = []
        self._let_in: list[tuple[float, float]] = []

    def let_in(self, at: float, amount: float) -> None:
        """The provider let a request in that took so much."""
        self._let_in.append((at, amount))

    def left(self, at: float, heard: float, remaining: int) -> None:
        """A header told what was left at a moment, and arrived at another."""
        fraction = _FRACTION if self._limit.kind == "bucket" else 0.0
        self._readings.append(_Reading(at, heard, remaining + fraction))

    def refused(self, at: float, spent: Spent, said: float) -> None:
        """A refusal named this limit, and told to wait `said` seconds (0: told nothing)."""
        self._refusals.append(_Refused(at, spent.requested, spent.wait, said))

    def foreseen(self, at: float, amount: float) -> Foreseen:
        """How far a refusal of so much at this moment could be known."""
        if self._by_refusal(at, amount) or self._by_reading(at, amount) or self._by_count(at):
            return "waste"
        if any(
            one.at <= at - MARGIN and at < one.at + one.wait and amount >= one.amount
            for one in self._refusals
        ):
            return "repeat"
        return "first"

    def _by_refusal(self, at: float, amount: float) -> bool:
        return any(
            one.at <= at - MARGIN and at < one.at + one.said and amount >= one.amount
            for one in self._refusals
        )

    def _by_reading(self, at: float, amount: float) -> bool:
        known = [one for one in self._readings if one.heard <= at - MARGIN]
        if not known:
            return False
        reading = max(known, key=lambda one: one.at)
        most = reading.below
        if self._limit.kind == "clock" and self._period(reading.at) != self._period(at):
            return False
        if self._limit.kind == "bucket":
            rate = self._limit.size / window_length(self._limit)
            most = min(self._limit.size, most + (at - reading.at) * rate)
        if self._limit.dimension == "tokens":
            amount *= _TOKENIZER
        return amount > most - self._taken(reading.at, at)

    def _by_count(self, at: float) -> bool:
        """The config has the size, and counting what was sent is all that it takes."""
        if not self._configured or self._limit.dimension == "concurrent":
            return False
        window = window_length(self._limit)
        return self._taken(at - window + _EDGE, at - MARGIN) >= self._limit.size

    def _taken(self, since: float, until: float) -> float:
        return sum(amount for at, amount in self._let_in if since < at <= until)

    def _period(self, at: float) -> datetime:
        wall = datetime.fromtimestamp(at + self._to_wall, ZoneInfo(self._limit.zone))
        return period_start(wall, self._limit.window or "minute")


class AllTold:
    """The same for all limits of the farm. `to_wall` added to a moment is its wall time."""

    def __init__(self, to_wall: float) -> None:
        self._to_wall = to_wall
        self._told: dict[tuple[str, str, Limit], Told] = {}
        self._busy: dict[tuple[str, str], list[float]] = defaultdict(list)

    def _of(self, site: str, model: str, limit: Limit) -> Told:
        key = (site, model if limit.scope == "model" else "", limit)
        if key not in self._told:
            configured = site in ("nvidia", "ollama")
            self._told[key] = Told(limit, configured=configured, to_wall=self._to_wall)
        return self._told[key]

    def let_in(self, site: str, asked: Asked, limits: Iterable[Limit], tokens: int) -> None:
        """`tokens` as they were settled."""
        for limit in limits:
            amount = tokens if limit.dimension == "tokens" else 1
            self._of(site, asked.model, limit).let_in(asked.at, amount)

    def answered(self, site: str, asked: Asked, gauges: Sequence[Gauge]) -> None:
        """The head of an answer went out, `gauges` being the provider's own state then."""
        nothing = set[tuple[Dimension, Window | None]]()
        names = _IN_HEADERS.get(site, nothing)
        if site == "mistral" and asked.status == 200 and asked.body.get("stream") is True:
            names = nothing
        if asked.status != 200 and site == "cerebras":
            names = nothing
        if asked.status != 200 and site == "mistral":
            names = {("requests", "minute")}
        # The head of a plain answer comes with its body; its headers speak of when it was let in.
        stream = asked.body.get("stream") is True
        heard = asked.told if stream or asked.status != 200 else asked.ended
        for gauge in gauges:
            if (gauge.limit.dimension, gauge.limit.window) in names:
                self._of(site, asked.model, gauge.limit).left(asked.told, heard, gauge.remaining)
        if asked.refused is not None:
            for place, spent in enumerate(asked.refused.spent):
                said = _said(site, spent, asked.told + self._to_wall) if place == 0 else 0.0
                self._of(site, asked.model, spent.limit).refused(asked.told, spent, said)

    def foreseen(self, site: str, asked: Asked) -> Foreseen:
        """How far the refusal of a request could be known when it arrived."""
        if asked.refused is None:
            return self._foreseen_busy(site, asked)
        found = {
            self._of(site, asked.model, spent.limit).foreseen(asked.at, spent.requested)
            for spent in asked.refused.spent
        }
        return "waste" if "waste" in found else "repeat" if "repeat" in found else "first"

    def _foreseen_busy(self, site: str, asked: Asked) -> Foreseen:
        """A provider that says it is overloaded is left alone for five seconds."""
        earlier = self._busy[site, asked.model]
        again = any(at <= asked.at - MARGIN and asked.at < at + BUSY for at in earlier)
        earlier.append(asked.told)
        return "repeat" if again else "first"


BUSY = 5.0
"""Seconds for which an overloaded provider is left alone (DESIGN A5)."""


def _said(site: str, spent: Spent, wall: float) -> float:
    """Seconds to wait, as the refusal of this limit tells them; 0 where it tells nothing."""
    window = spent.limit.window
    if site in ("nvidia", "ollama"):
        return 0.0
    if site == "mistral":
        # Its headers show no request left until the next minute on the wall.
        requests = spent.limit.dimension == "requests"
        return WINDOW_SECONDS["minute"] - wall % 60 if requests else 0.0
    if site == "cerebras":
        return _CEREBRAS_SAYS.get(str(window), 1.0)
    return spent.wait
