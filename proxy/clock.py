"""Time, injected. Nothing else in the data plane asks the system what time it is."""

from __future__ import annotations

import time
from typing import Protocol

# CLOCK_BOOTTIME goes on while the machine sleeps, so a cooldown ends when it should after a
# suspend; CLOCK_MONOTONIC (all that macOS and Windows offer here) is the next best thing.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", None)


class Clock(Protocol):
    """Two clocks: one that only goes forward, and the one on the wall."""

    def now(self) -> float:
        """Seconds since boot, sleep included. Never jumps; compare only with itself."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, as the system believes. May jump."""
        ...


class SystemClock:
    """The real time."""

    __slots__ = ()

    def now(self) -> float:
        if _ELAPSED is None:
            return time.monotonic()
        return time.clock_gettime(_ELAPSED)

    def wall(self) -> float:
        return time.time()
