"""Each event of a stream leaves as a write of its own: nothing is kept back for the next one."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.product import CLIENT_KEY
from tests.peers.stage import CHAT, Stage, chat, staged
from tests.upstreams.raw_client import raw_client
from tests.upstreams.replies import DONE, chunk
from tests.upstreams.scripted import loopback_server, read_request

pytestmark = pytest.mark.alone

_EVENTS = 300
_STREAMS = 8
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def _events(number: int) -> list[bytes]:
    """Of every length up to 2 KB, with text of two and four bytes a character."""
    words = ["word ", "Wörter ", "🜂" * 3]
    return [
        chunk({"content": words[at % 3] * (1 + at * 7 % 150) + f"{number}.{at}"})
        for at in range(_EVENTS)
    ]


class _Lockstep:
    """An upstream that sends an event when the client has the one before."""

    def __init__(self) -> None:
        self._seen: dict[int, asyncio.Semaphore] = {}

    def seen(self, number: int) -> None:
        """The client of stream `number` has read one more event."""
        self._of(number).release()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        if not request.startswith(b"POST"):
            # The model list, which the product looks at by itself.
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            writer.close()
            return
        number = int(request.rpartition(b"stream ")[2].split(b'"')[0])
        writer.write(_HEAD)
        for event in _events(number):
            writer.write(event)
            await self._of(number).acquire()
        writer.write(chunk({}, finish="stop") + DONE)
        await writer.drain()
        writer.close()

    def _of(self, number: int) -> asyncio.Semaphore:
        return self._seen.setdefault(number, asyncio.Semaphore(0))


async def test_every_event_is_a_write_of_its_own_byte_for_byte():
    up = _Lockstep()
    async with (
        loopback_server(up.serve) as port,
        staged([f"http://127.0.0.1:{port}/v1"]) as stage,
        asyncio.TaskGroup() as group,
    ):
        for number in range(_STREAMS):
            group.create_task(_read(stage, up, number))


async def _read(stage: Stage, up: _Lockstep, number: int) -> None:
    """Read a stream. What the product wrote at once is a chunk of HTTP's chunked coding; with any
    event kept back the upstream, which waits for it to be read, would stand still."""
    async with raw_client(stage.port) as client, asyncio.timeout(60):
        body = chat(stream=True, text=f"stream {number}")
        await client.send(client.request_bytes("POST", CHAT, body, key=CLIENT_KEY))
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head.lower()
        for event in _events(number):
            size = int(await client.reader.readuntil(b"\r\n"), 16)
            written = await client.reader.readexactly(size + 2)
            assert written == event + b"\r\n"
            up.seen(number)
        await client.reader.readuntil(b"data: [DONE]\n\n")
