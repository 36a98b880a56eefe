"""The end of serving: nothing new is taken, and what runs may come to its end."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from proxy.engine import Engine
from proxy.server import Server

log = logging.getLogger("429chain")

_CUT_OFF_TIME = 1.0
"""Seconds for cut-off requests to tell their clients."""


async def drain(engine: Engine, server: Server, grace: float) -> None:
    """Take no new request, let running answers end for `grace` seconds, then cut them off."""
    server.stopping = True
    engine.line.close()
    if running := len(engine.in_flight):
        log.info("stopping; requests still running: %d, at most %g s more", running, grace)
    try:
        async with asyncio.timeout(grace):
            await engine.idle.wait()
    except TimeoutError:
        log.warning("requests cut off: %d", len(engine.in_flight))
        engine.interrupt()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CUT_OFF_TIME):
                await engine.idle.wait()
