"""A clock that tests turn by hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


class FakeClock:
    """`proxy.clock.Clock` as a test wants it: begins at any moment of any zone."""

    def __init__(self, start: str = "2026-11-04T12:00:00", zone: str = "UTC") -> None:
        self._now = 100_000.0
        self._wall = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp()

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall

    def advance(self, seconds: float) -> None:
        """Time passes; also while the machine sleeps."""
        self._now += seconds
        self._wall += seconds

    suspend = advance

    def advance_to(self, moment: float) -> None:
        """To a moment of `now()`, exactly."""
        self._wall += moment - self._now
        self._now = moment

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock on the wall."""
        self._wall += seconds

    def reboot(self, downtime: float) -> None:
        """The machine is off so long, and counts anew from its start."""
        self._now = 5.0
        self._wall += downtime
