"""The only place that makes tasks: named, watched, restarted when they fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@asynccontextmanager
async def supervised(name: str, run: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
    """Run a background loop beside the block; cancelled when the block is left.

    A loop that fails is logged and started again after a pause: its failure never stops the proxy.
    """
    task = asyncio.create_task(_supervise(name, run), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            await run()
        except Exception:
            log.exception("%s failed; it starts again in %.1f s", name, pause)
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
