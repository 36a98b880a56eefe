"""The reference: aiohttp on both sides and nothing in between. No key, no limit, no log.

`python -m bench.passthrough PORT PROVIDER_PORT` passes each path on to the provider's.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import aiohttp
from aiohttp import web
from yarl import URL


class PassThrough:
    """One handler for every path."""

    def __init__(self, session: aiohttp.ClientSession, provider: URL) -> None:
        self._session = session
        self._provider = provider

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {
            "content-type": "application/json",
            "authorization": request.headers["authorization"],
        }
        url = self._provider.with_path(request.path)
        body = await request.read()
        async with self._session.post(url, data=body, headers=headers) as upstream:
            if "event-stream" in upstream.headers["content-type"]:
                return await self._relay(request, upstream)
            return web.Response(
                body=await upstream.read(),
                status=upstream.status,
                content_type="application/json",
            )

    async def _relay(
        self, request: web.Request, upstream: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        async for chunk in upstream.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response


async def serve(port: int, provider_port: int) -> None:
    """Until killed."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        passing = PassThrough(session, URL(f"http://127.0.0.1:{provider_port}"))
        application = web.Application(client_max_size=0)
        application.router.add_post("/{path:.*}", passing.handle)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
