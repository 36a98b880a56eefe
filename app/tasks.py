"""The only place that makes tasks: named, watched, restarted when they fail."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

log = logging.getLogger("429chain")

_T = TypeVar("_T")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between a failure and the next start; a loop that ran longer than this starts afresh."""


@asynccontextmanager
async def supervised(
    name: str, run: Callable[[], Awaitable[None]], *, first_pause: float = FIRST_PAUSE
) -> AsyncGenerator[None]:
    """Run a background loop beside the block; cancelled when the block is left.

    A loop that fails is logged and started again after a pause of `first_pause` seconds, doubling:
    its failure never stops the proxy.
    """
    task = asyncio.create_task(_supervise(name, run, first_pause), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def alongside(name: str, run: Callable[[], Awaitable[_T]]) -> AsyncGenerator[Future[_T]]:
    """Run something once beside the block, which may await its end; cancelled with the block."""
    task = asyncio.create_task(_once(run), name=name)
    try:
        yield task
    finally:
        task.cancel()
        # Whoever awaits it learns how it failed; a block that was left does not care.
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()


async def _once(run: Callable[[], Awaitable[_T]]) -> _T:
    return await run()


async def _supervise(name: str, run: Callable[[], Awaitable[None]], first_pause: float) -> None:
    loop, pause = asyncio.get_running_loop(), first_pause
    while True:
        started = loop.time()
        try:
            await run()
            return
        except Exception:
            if _is_cancelled():
                # It failed while it was being stopped: nothing is to be started again.
                log.exception("%s failed at its end", name)
                return
            if loop.time() - started > LONGEST_PAUSE:
                pause = first_pause
            log.exception("%s failed; it starts again in %.1f s", name, pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
