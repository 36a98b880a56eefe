"""A client in the middle of a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from tests.e2e.process import CLIENT_KEY, HELLO


class OpenStream:
    """A streamed answer that is being read."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.read = b""

    async def until(self, text: bytes) -> None:
        """Read on until `text` has come."""
        while text not in self.read:
            more = await self.answer.content.readany()
            assert more, f"the stream ended without {text!r}: {self.read!r}"
            self.read += more

    async def to_end(self) -> bytes:
        """All of it."""
        self.read += await self.answer.content.read()
        return self.read


@asynccontextmanager
async def open_stream(base_url: str) -> AsyncGenerator[OpenStream]:
    """A chat request with `stream`, answered with 200."""
    url, headers = f"{base_url}/chat/completions", {"authorization": f"Bearer {CLIENT_KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json={**HELLO, "stream": True}) as answer,
    ):
        assert answer.status == 200
        yield OpenStream(answer)
