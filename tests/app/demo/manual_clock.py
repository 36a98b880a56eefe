"""A clock that goes on when it is told to."""

from __future__ import annotations


class ManualClock:
    """Starts at 1000 s since boot and, on the wall, at 2026-11-22T12:00:30Z."""

    def __init__(self, wall: float = 1_795_348_830.0) -> None:
        self._now = 1000.0
        self._wall = wall

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._wall += seconds
