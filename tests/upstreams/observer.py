"""A server that should never be asked anything: where redirects and leaks would end up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.upstreams.scripted import loopback_server, read_request


class Observer:
    """Keeps every request it gets, and answers 200 to each."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await read_request(reader))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            # Even a connection without a request is more than there should be.
            self.requests.append(b"")
        finally:
            writer.close()


@asynccontextmanager
async def observing() -> AsyncGenerator[Observer]:
    """An `Observer` that listens while the block runs."""
    observer = Observer()
    async with loopback_server(observer.serve) as observer.port:
        yield observer
