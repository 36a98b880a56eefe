"""Wait for a condition, not for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_INTERVAL = 0.005


async def until(
    condition: Callable[[], object], *, within: float = 10.0, interval: float = _INTERVAL
) -> None:
    """Return once `condition()` is true. Raises TimeoutError after `within` seconds.

    `interval`: seconds between two looks, for a condition that is costly to look at.
    """
    async with asyncio.timeout(within):
        while True:
            if condition():
                return
            await asyncio.sleep(interval)
