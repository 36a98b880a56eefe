"""Time, injected. Nothing else in the data plane asks the system what time it is."""

from __future__ import annotations

import time
from functools import partial
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

    # Asked a dozen times a request: the system's own functions, with nothing around them.
    now = staticmethod(
        time.monotonic if _ELAPSED is None else partial(time.clock_gettime, _ELAPSED)
    )
    wall = staticmethod(time.time)
