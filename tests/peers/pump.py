"""An upstream that streams as fast as it is read, and knows how much it has got rid of."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.upstreams.replies import DONE, ROLE, chunk
from tests.upstreams.scripted import loopback_server, read_request

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
_NO_LIST = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_EVENT = chunk({"content": "x" * 4000})
_SEND_BUFFER = 64 * 1024
"""Of the kernel, so that what it holds for us is no part of the figure."""


class Pump:
    """Streams `size` bytes of content to whoever asks."""

    def __init__(self, size: int) -> None:
        self.base_url = ""
        self.pumped = 0
        """Bytes that the kernel has taken, of all streams."""
        self.ended: list[str] = []
        """How each stream ended: `whole` or `closed`."""
        self._size = size

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        writer.transport.set_write_buffer_limits(_SEND_BUFFER)
        try:
            if not (await read_request(reader)).startswith(b"POST"):
                # The model list, which the product looks at by itself.
                writer.write(_NO_LIST)
                return
            writer.write(_HEAD + ROLE)
            pumped = 0
            while pumped < self._size:
                writer.write(_EVENT)
                await writer.drain()
                pumped += len(_EVENT)
                self.pumped += len(_EVENT)
            writer.write(chunk({}, finish="stop") + DONE)
            await writer.drain()
            self.ended.append("whole")
        except (ConnectionError, asyncio.IncompleteReadError):
            self.ended.append("closed")
            writer.transport.abort()
        finally:
            writer.close()


@asynccontextmanager
async def pumping(size: int) -> AsyncGenerator[Pump]:
    """A `Pump` that listens while the block runs."""
    pump = Pump(size)
    async with loopback_server(pump.serve) as port:
        pump.base_url = f"http://127.0.0.1:{port}/v1"
        yield pump
