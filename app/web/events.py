"""Server-sent events: what a generator yields, as it comes, with a heartbeat in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from app.tasks import alongside

HEARTBEAT = 15.0
"""Seconds between two comments, which keep the connection open through whatever is in between."""
_STALL = 60.0
"""Seconds for which a reader may take nothing."""
_BEAT = b": \n\n"


async def send_events(
    request: web.Request, events: AsyncGenerator[Any], names: Mapping[str, type]
) -> web.StreamResponse:
    """Answer with the events. The first one is waited for, so that what it raises is an answer."""
    of_type = {kind: (name, TypeAdapter[Any](kind)) for name, kind in names.items()}

    def frame(event: object) -> bytes:
        name, adapter = of_type[type(event)]
        return b"event: %s\ndata: %s\n\n" % (name.encode(), adapter.dump_json(event))

    async with aclosing(events):
        first = await anext(events)
        response = web.StreamResponse(
            headers={
                "content-type": "text/event-stream; charset=utf-8",
                "cache-control": "no-store",
                "x-accel-buffering": "no",
            }
        )
        await response.prepare(request)
        async with alongside("heartbeat", lambda: _beat(response)):
            await _write(response, frame(first))
            async for event in events:
                await _write(response, frame(event))
        await response.write_eof()
    return response


async def _beat(response: web.StreamResponse) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        await _write(response, _BEAT)


async def _write(response: web.StreamResponse, data: bytes) -> None:
    """Raises ConnectionResetError for a reader that is gone or takes nothing."""
    try:
        async with asyncio.timeout(_STALL):
            await response.write(data)
    except TimeoutError:
        raise ConnectionResetError from None
