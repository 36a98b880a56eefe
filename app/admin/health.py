"""How entries did within the last hour: a bounded memory of their attempts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.snapshot import Health
from proxy.clock import Clock
from proxy.events import Attempt, RequestFinished

HOUR = 3600.0
_MOST = 2_000
"""Attempts remembered of one entry: of a busier one, the last two thousand of the hour."""
_MOST_ENTRIES = 2_000
_HOLDS = 0.1
"""Seconds for which a result is good enough: several faces ask several times a second."""


class _Past(NamedTuple):
    at: float
    refused: bool
    failed: bool
    duration_ms: float
    first_token_ms: float | None


class LastHour:
    """Attempts of the last hour by entry, and requests of the last minute. Fed by `note`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, deque[_Past]] = {}
        self._ended: deque[float] = deque(maxlen=100_000)
        self._known: dict[tuple[str, ...], tuple[float, Health]] = {}

    def note(self, event: RequestFinished) -> None:
        now = self._clock.now()
        self._ended.append(now)
        self.requests_per_minute()  # Forgets those of earlier minutes.
        for attempt in event.attempts:
            past = self._entries.get(attempt.entry)
            if past is None:
                self._make_room()
                past = self._entries[attempt.entry] = deque(maxlen=_MOST)
            past.append(_remember(attempt, now))

    def _make_room(self) -> None:
        """Names of models come from clients too: forget whoever was asked the longest ago."""
        if len(self._entries) >= _MOST_ENTRIES:
            del self._entries[min(self._entries, key=lambda name: self._entries[name][-1].at)]

    def requests_per_minute(self) -> int:
        """Requests that ended within the last 60 s."""
        start = self._clock.now() - 60.0
        while self._ended and self._ended[0] < start:
            self._ended.popleft()
        return len(self._ended)

    @staticmethod
    def nothing() -> Health:
        """Of what was never asked."""
        return Health(0, 0, 0, None, None, None, None)

    def health(self, entries: Iterable[str]) -> Health:
        """Of these entries together; at most a tenth of a second old."""
        names, now = tuple(entries), self._clock.now()
        known = self._known.get(names)
        if known is not None and now - known[0] < _HOLDS:
            return known[1]
        if len(self._known) >= _MOST_ENTRIES:
            self._known.clear()
        health = self._health(names, now - HOUR)
        self._known[names] = (now, health)
        return health

    def _health(self, entries: Iterable[str], start: float) -> Health:
        past: list[_Past] = []
        for entry in entries:
            remembered = self._entries.get(entry)
            if remembered is None:
                continue
            while remembered and remembered[0].at < start:
                remembered.popleft()
            past += remembered
        refused = sum(one.refused for one in past)
        failed = sum(one.failed for one in past)
        judged = len(past) - refused
        served = [one for one in past if not (one.refused or one.failed)]
        durations = sorted(one.duration_ms for one in served)
        first = sorted(one.first_token_ms for one in served if one.first_token_ms is not None)
        return Health(
            attempts=len(past),
            refused=refused,
            failed=failed,
            error_rate=failed / judged if judged else None,
            p50_ms=_percentile(durations, 0.5),
            p95_ms=_percentile(durations, 0.95),
            first_token_p50_ms=_percentile(first, 0.5),
        )


def _remember(attempt: Attempt, now: float) -> _Past:
    refused = attempt.outcome == "429"
    failed = not refused and attempt.outcome not in ("ok", "left")
    return _Past(now, refused, failed, attempt.duration_ms, attempt.first_token_ms)


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
