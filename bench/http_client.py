"""A client that costs less than what it measures: one protocol object a connection, no parser.

It reads only what the provider and the two proxies of this folder write: a length or chunks, and
tokens that it counts as they come.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench.provider import TOKEN

_CARRIED = len(TOKEN) - 1


class Unanswered(Exception):
    """The connection was closed before the answer was whole."""


class Reply:
    """One answer as it arrives. Times are `perf_counter` seconds."""

    __slots__ = ("batched", "ended", "first_token", "size", "status", "tokens")

    def __init__(self) -> None:
        self.status = 0
        self.size = 0
        """Bytes on the wire, head included."""
        self.tokens = 0
        self.batched = 0
        """Tokens that came in one read together with an earlier one."""
        self.first_token = 0.0
        self.ended = 0.0


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._head = bytearray()
        self._in_body = False
        self._missing: int | None = None
        """Bytes of the body that are to come; None: it ends with the empty chunk."""
        self._tail = b""
        self._reply = Reply()
        self._whole: asyncio.Future[Reply] | None = None
        self._begun: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        for waiting in (self._whole, self._begun):
            if waiting is not None and not waiting.done():
                waiting.set_exception(Unanswered(str(exc or "closed")))

    def abort(self) -> None:
        """Go away at once, whatever was still to come."""
        self._transport.abort()

    async def ask(self, request: bytes) -> Reply:
        """Send a whole request; returns when its answer is whole. Raises Unanswered."""
        self._send(request)
        self._whole = self._loop.create_future()
        return await self._whole

    async def open_stream(self, request: bytes) -> Reply:
        """Send a whole request; returns when its first token has come. Raises Unanswered."""
        self._send(request)
        self._begun = self._loop.create_future()
        await self._begun
        return self._reply

    def _send(self, request: bytes) -> None:
        if self._transport.is_closing():
            raise Unanswered("closed")
        self._reply, self._in_body, self._tail = Reply(), False, b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        reply = self._reply
        reply.size += len(data)
        if not self._in_body:
            self._head += data
            at = self._head.find(b"\r\n\r\n")
            if at < 0:
                return
            data = bytes(self._head[at + 4 :])
            self._read_head(bytes(self._head[:at]).lower())
            self._head.clear()
        if self._missing is not None:
            self._missing -= len(data)
            over = self._missing <= 0
        else:
            seen = self._tail + data
            if tokens := seen.count(TOKEN):
                self._count(tokens)
            over = seen.endswith(b"0\r\n\r\n")
            self._tail = seen[-_CARRIED:]
        if over:
            reply.ended = time.perf_counter()
            if self._whole is not None and not self._whole.done():
                self._whole.set_result(reply)

    def _read_head(self, head: bytes) -> None:
        self._in_body = True
        self._reply.status = int(head[9:12])
        at = head.find(b"content-length:")
        self._missing = int(head[at + 15 :].partition(b"\r\n")[0]) if at >= 0 else None

    def _count(self, tokens: int) -> None:
        reply = self._reply
        if not reply.tokens:
            reply.first_token = time.perf_counter()
            if self._begun is not None and not self._begun.done():
                self._begun.set_result(None)
        reply.tokens += tokens
        reply.batched += tokens - 1


async def connect(port: int) -> Connection:
    """Raises OSError."""
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(Connection, "127.0.0.1", port))[1]


class Pool:
    """Connections to one port that are used again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: deque[Connection] = deque()
        self._all: list[Connection] = []

    async def ask(self, request: bytes) -> Reply:
        """Send a request on a free connection, on a new one if there is none."""
        connection = self._free.popleft() if self._free else await self._more()
        reply = await connection.ask(request)
        self._free.append(connection)
        return reply

    async def warm(self, connections: int) -> None:
        """Have that many connections open and free."""
        while len(self._free) < connections:
            self._free.append(await self._more())

    async def _more(self) -> Connection:
        connection = await connect(self._port)
        self._all.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._all:
            connection.abort()


@asynccontextmanager
async def pool(port: int, connections: int) -> AsyncGenerator[Pool]:
    """A pool with that many open connections."""
    opened = Pool(port)
    try:
        await opened.warm(connections)
        yield opened
    finally:
        opened.close()


async def at_once(count: int, act: Callable[[], Awaitable[None]]) -> None:
    """Run `act` that many times at the same time."""

    async def run() -> None:
        await act()

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(run())
