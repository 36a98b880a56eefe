"""From the clocks' seconds to instants that can be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite

from app.snapshot import Instant
from proxy.clock import Clock

_LAST = 253_402_300_799.0
"""The end of the year 9999, after which a calendar has no days."""


def at_wall(wall: float) -> Instant:
    """Of seconds since the epoch."""
    return datetime.fromtimestamp(min(max(wall, 0.0), _LAST), UTC)


def at_moment(clock: Clock, moment: float | None) -> Instant | None:
    """Of `Clock.now()` seconds; None for a moment that nobody knows or that never comes."""
    if moment is None or not isfinite(moment):
        return None
    return at_wall(clock.wall() + moment - clock.now())
