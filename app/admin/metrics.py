"""`GET /metrics`: counters of what ended, gauges of how things stand, for Prometheus.

What ended is counted in plain numbers. Prometheus' own library makes text of them when somebody
asks, and is not loaded before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import TYPE_CHECKING

from app.admin.lag import LoopLag
from app.admin.limits import OUT, LimitsView
from proxy.engine import Engine
from proxy.events import RequestFinished
from store.recorder import Recorder

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_FIRST_TOKEN = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
"""Upper ends of the histogram's buckets, in seconds; the last one has none."""
_OTHER = "other"
"""Stands for entries that no configuration names: clients choose those names, without end."""


class _Histogram:
    """How often a duration (seconds) fell into which bucket."""

    __slots__ = ("_counts", "_sum")

    def __init__(self) -> None:
        self._counts = [0] * (len(_FIRST_TOKEN) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(_FIRST_TOKEN, seconds)] += 1
        self._sum += seconds

    def cumulative(self) -> tuple[list[tuple[str, float]], float]:
        """`(upper end, how many up to there)`, and the sum of all."""
        ends = (*map(str, _FIRST_TOKEN), "+Inf")
        return list(zip(ends, map(float, accumulate(self._counts)), strict=True)), self._sum


class Metrics:
    """The numbers of one instance: nothing of the process leaks in, two instances do not clash."""

    def __init__(
        self,
        engine: Engine,
        limits: LimitsView,
        recorder: Recorder,
        lag: LoopLag,
        price: Callable[[RequestFinished], float | None],
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._recorder = recorder
        self._lag = lag
        self._price = price
        self._requests = Counter[tuple[str, str]]()
        """By chain and outcome."""
        self._attempts = Counter[tuple[str, str]]()
        """By entry and outcome."""
        self._tokens = {"in": 0, "out": 0}
        self._saved = 0.0
        self._unpriced = 0
        self._first_token: dict[str, _Histogram] = {}
        """By entry."""

    def note(self, event: RequestFinished) -> None:
        """Count a request that ended."""
        chains = self._engine.configuration.chains
        self._requests[event.chain if event.chain in chains else _OTHER, event.outcome] += 1
        self._tokens["in"] += event.tokens_in
        self._tokens["out"] += event.tokens_out
        entries = self._engine.configuration.entries
        for attempt in event.attempts:
            entry = attempt.entry if attempt.entry in entries else _OTHER
            self._attempts[entry, attempt.outcome] += 1
            if attempt.first_token_ms is not None:
                first_token = self._first_token.get(entry)
                if first_token is None:
                    first_token = self._first_token[entry] = _Histogram()
                first_token.observe(attempt.first_token_ms / 1000)
        if event.entry is not None:
            saved = self._price(event)
            if saved is None:
                self._unpriced += 1
            else:
                self._saved += saved

    def text(self) -> str:
        """Everything in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        families = CollectorRegistry()
        families.register(_Families(lambda: (*self._ended(), *self._now())))
        return generate_latest(families).decode()

    def _ended(self) -> Iterable[Metric]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        for name, help, labels, counts in (
            ("requests", "Requests that ended.", ("chain", "outcome"), self._requests),
            (
                "attempts",
                "Upstream requests by the word of their trail.",
                ("entry", "outcome"),
                self._attempts,
            ),
        ):
            family = CounterMetricFamily(f"chain429_{name}", help, labels=labels)
            for series, count in counts.items():
                family.add_metric(series, count)
            yield family
        tokens = CounterMetricFamily("chain429_tokens", "Tokens of requests.", labels=["direction"])
        for direction, count in self._tokens.items():
            tokens.add_metric((direction,), count)
        yield tokens
        for name, help, value in (
            ("saved_usd", "What served requests would have cost.", self._saved),
            ("unpriced_requests", "Served ones of unknown price.", self._unpriced),
        ):
            yield CounterMetricFamily(f"chain429_{name}", help, value=value)
        first_token = HistogramMetricFamily(
            "chain429_first_token_seconds",
            "From an upstream request to its first token.",
            labels=["entry"],
        )
        for entry, histogram in self._first_token.items():
            first_token.add_metric((entry,), *histogram.cumulative())
        yield first_token

    def _now(self) -> Iterable[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        for name, help, value in (
            ("in_flight", "Requests that run.", len(self._engine.in_flight)),
            ("waiting", "Requests in line for an exhausted chain.", len(self._engine.line)),
            ("loop_lag_seconds", "The longest of the last ten seconds.", self._lag.longest),
            ("log_rows_lost", "Log rows dropped since the start.", self._recorder.lost),
            ("config_version", "Of the config.", self._engine.configuration.version),
        ):
            yield GaugeMetricFamily(f"chain429_{name}", help, value=value)
        labels = ("entry", "scope", "pool", "dimension", "window")
        remaining = GaugeMetricFamily("chain429_limit_remaining", "Left of a limit.", labels=labels)
        size = GaugeMetricFamily("chain429_limit_size", "Size of a limit.", labels=labels)
        usable = GaugeMetricFamily(
            "chain429_entry_usable", "1 if the entry would take a small request.", labels=("entry",)
        )
        for entry in self._limits.entries():
            usable.add_metric((entry.entry,), 0.0 if entry.state in OUT else 1.0)
            for gauge in entry.gauges:
                of = (entry.entry, gauge.scope, gauge.pool, gauge.dimension, gauge.window or "")
                remaining.add_metric(of, gauge.remaining)
                size.add_metric(of, gauge.limit)
        yield from (remaining, size, usable)


class _Families:
    """What is measured when it is asked for."""

    def __init__(self, measure: Callable[[], Iterable[Metric]]) -> None:
        self._measure = measure

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        return self._measure()
