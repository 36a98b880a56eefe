"""What is summed up of requests: a row of the totals, before it is added to the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from math import log2
from typing import NamedTuple

from proxy.events import Outcome
from store.request_log import Finished
from store.values import as_count, as_number, as_optional_number

BUCKETS = 32
_SHORTEST_MS = 32.0
"""Bucket 0 ends here, each later one at the square root of 2 times the one before (24 min)."""

_REFUSED = "429"
_BROKEN_WORDS = frozenset({"timeout", "unreachable", "broken"})


class Counted(NamedTuple):
    """What counts of a request, fit for the tables."""

    outcome: Outcome
    position: int | None
    """In its chain, of the entry that served it; None: nobody did."""
    tokens_in: int
    tokens_out: int
    duration_ms: float
    bucket: int
    saved_usd: float | None


def counted_of(finished: Finished) -> Counted:
    event = finished.event
    duration = max(0.0, as_number(event.duration_ms))
    return Counted(
        event.outcome,
        None if event.entry is None else _position(event.entry, event.trail),
        as_count(event.tokens_in),
        as_count(event.tokens_out),
        duration,
        bucket_of(duration),
        as_optional_number(finished.saved_usd),
    )


@dataclass(slots=True)
class Totals:
    """The summed columns of both tables, in their order."""

    requests: int = 0
    """All that ended; `served` had an answer (a part of one too), `unserved` failed altogether."""
    served: int = 0
    unserved: int = 0
    interrupted: int = 0
    attempts: int = 0
    refused: int = 0
    failed: int = 0
    waterfalled: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    duration_ms: float = 0.0
    saved_usd: float | None = None
    durations: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    landed: list[int] = field(default_factory=lambda: [0] * 4)

    def add_request(self, request: Counted) -> None:
        self.requests += 1
        if request.outcome == "failed":
            self.unserved += 1
            self.landed[3] += 1
        if request.outcome == "interrupted":
            self.interrupted += 1
        if request.position is None:
            return
        self.served += 1
        self.waterfalled += request.position > 0
        self.landed[min(request.position, 2)] += request.outcome != "failed"
        self.tokens_in += request.tokens_in
        self.tokens_out += request.tokens_out
        self.duration_ms += request.duration_ms
        self.durations[request.bucket] += 1
        if request.saved_usd is not None:
            self.saved_usd = (self.saved_usd or 0.0) + request.saved_usd

    def add_attempt(self, word: str) -> None:
        self.attempts += 1
        if word == _REFUSED:
            self.refused += 1
        elif word.isdigit() or word in _BROKEN_WORDS:
            self.failed += 1

    def row(self) -> tuple[object, ...]:
        return (*(getattr(self, name) for name in SUMS), *self.durations)


SUMS = tuple(column.name for column in fields(Totals))[:-2]


def percentile_ms(durations: Sequence[int], share: float) -> float | None:
    """The duration (ms) that `share` of the counted ones do not exceed; None without any."""
    wanted = share * sum(durations)
    if not wanted:
        return None
    below = 0
    for bucket, counted in enumerate(durations):
        if counted and below + counted >= wanted:
            floor = _SHORTEST_MS * 2 ** ((bucket - 1) / 2) if bucket else 0.0
            ceiling = _SHORTEST_MS * 2 ** (bucket / 2)
            return floor + (ceiling - floor) * (wanted - below) / counted
        below += counted
    return None


def bucket_of(duration_ms: float) -> int:
    """Which of the histogram's buckets a duration (ms) falls into."""
    if duration_ms <= _SHORTEST_MS:
        return 0
    # Rounded up: a bucket holds its upper end, which float error must not push into the next.
    steps = 2 * log2(duration_ms / _SHORTEST_MS)
    return min(BUCKETS - 1, -int(-(steps - 1e-9) // 1))


def _position(served: str, trail: Sequence[tuple[str, str]]) -> int:
    entries = [entry for entry, _ in trail]
    return entries.index(served) if served in entries else 0
