"""`GET /metrics`: counters of what ended, gauges of how things stand, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from app.admin.lag import LoopLag
from app.admin.limits import OUT, LimitsView
from proxy.engine import Engine
from proxy.events import RequestFinished
from store.recorder import Recorder

_FIRST_TOKEN = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_ATTEMPT = ("entry", "outcome")
_OTHER = "other"
"""Stands for entries that no configuration names: clients choose those names, without end."""


class Metrics:
    """A registry of its own: nothing of the process leaks in, two instances do not clash."""

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
        # A second series for each counter that says when it was made: nobody asks for it.
        disable_created_metrics()
        self._registry = CollectorRegistry()
        counter = partial(Counter, registry=self._registry)
        self._requests = counter("chain429_requests", "Requests that ended.", ("chain", "outcome"))
        self._attempts = counter(
            "chain429_attempts", "Upstream requests by the word of their trail.", _ATTEMPT
        )
        self._tokens = counter("chain429_tokens", "Tokens of requests.", ("direction",))
        self._saved = counter("chain429_saved_usd", "What served requests would have cost.")
        self._unpriced = counter("chain429_unpriced_requests", "Served ones of unknown price.")
        self._first_token = partial(Histogram, registry=self._registry)(
            "chain429_first_token_seconds",
            "From an upstream request to its first token.",
            ("entry",),
            buckets=_FIRST_TOKEN,
        )
        self._registry.register(_Now(self._now))

    def note(self, event: RequestFinished) -> None:
        """Count a request that ended."""
        chains = self._engine.configuration.chains
        chain = event.chain if event.chain in chains else _OTHER
        self._requests.labels(chain, event.outcome).inc()
        self._tokens.labels("in").inc(event.tokens_in)
        self._tokens.labels("out").inc(event.tokens_out)
        for attempt in event.attempts:
            entry = self._label(attempt.entry)
            self._attempts.labels(entry, attempt.outcome).inc()
            if attempt.first_token_ms is not None:
                self._first_token.labels(entry).observe(attempt.first_token_ms / 1000)
        if event.entry is not None:
            saved = self._price(event)
            if saved is None:
                self._unpriced.inc()
            else:
                self._saved.inc(saved)

    def _label(self, entry: str) -> str:
        return entry if entry in self._engine.configuration.entries else _OTHER

    def text(self) -> str:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry).decode()

    def _now(self) -> Iterable[Metric]:
        for name, help, value in (
            ("in_flight", "Requests that run.", len(self._engine.in_flight)),
            ("waiting", "Requests in line for an exhausted chain.", len(self._engine.line)),
            ("loop_lag_seconds", "The longest of the last ten seconds.", self._lag.longest),
            ("log_rows_lost", "Log rows dropped since the start.", self._recorder.lost),
            ("config_version", "Of the config.", self._engine.configuration.version),
        ):
            gauge = GaugeMetricFamily(f"chain429_{name}", help)
            gauge.add_metric((), value)
            yield gauge
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


class _Now:
    """What is measured when it is asked for."""

    def __init__(self, measure: Callable[[], Iterable[Metric]]) -> None:
        self._measure = measure

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        return self._measure()
