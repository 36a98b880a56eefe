"""How late the event loop runs what was due: what every request feels."""

from __future__ import annotations

import asyncio
from collections import deque

_EVERY = 0.25
_REMEMBERED = 40
"""Samples: ten seconds."""


class LoopLag:
    """Sleeps a quarter of a second, over and over, and measures by how much it overslept."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def longest(self) -> float:
        """Seconds, of the last ten."""
        return max(self._lags, default=0.0)

    async def run(self) -> None:
        """Measure until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            due = now() + _EVERY
            await asyncio.sleep(_EVERY)
            self._lags.append(max(0.0, now() - due))
