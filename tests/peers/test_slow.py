"""Peers that are slow on purpose: what they hold back is theirs to wait for, nobody else's."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.product import CLIENT_KEY
from tests.peers.lag import measured_lag
from tests.peers.pump import pumping
from tests.peers.stage import CHAT, Stage, chat, staged
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import RawClient, raw_client
from tests.upstreams.replies import completion
from tests.upstreams.waiting import until

pytestmark = pytest.mark.alone

_MIB = 2**20
_STREAM = 24 * _MIB
_MOST_GROWTH = 8.0
"""MiB, for one reader that does not read."""


@asynccontextmanager
async def _narrow_client(port: int) -> AsyncGenerator[RawClient]:
    """A client whose kernel holds as little for it as it may."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    # Its buffer of 4 KiB keeps asyncio from reading ahead.
    reader, writer = await asyncio.open_connection(sock=connection, limit=4096)
    client = RawClient(f"127.0.0.1:{port}", reader, writer)
    try:
        yield client
    finally:
        writer.transport.abort()


async def _ask_for_a_stream(client: RawClient) -> None:
    await client.send(client.request_bytes("POST", CHAT, chat(stream=True), key=CLIENT_KEY))
    await client.reader.readuntil(b"\r\n\r\n")


async def test_a_client_that_reads_slowly_slows_its_upstream():
    async with pumping(_STREAM) as up, staged([up.base_url]) as stage:
        assert (await stage.ask()).status == 200
        whole, before = up.pumped, stage.product.rss()
        async with _narrow_client(stage.port) as client:
            await _ask_for_a_stream(client)
            async with measured_lag(stage.port) as lag:
                stalled_at = await _stalled(client, lambda: up.pumped - whole)
            growth = stage.product.rss() - before
        assert whole >= _STREAM
        assert stalled_at < _STREAM * 0.7, f"{stalled_at / _MIB:.1f} MiB went through unread"
        assert growth < _MOST_GROWTH, f"RSS grew by {growth:.1f} MiB"
        assert lag.bearable, str(lag)
        await until(lambda: up.ended == ["whole", "closed"])
        rows = await stage.until_rows(2)
        assert rows[1]["outcome"] == "left"


async def _stalled(client: RawClient, pumped: Callable[[], int]) -> int:
    """Read 1 KB a second until the upstream stands still; how far it came."""
    last, still = -1, 0
    while still < 10:
        await client.reader.readexactly(100)
        await asyncio.sleep(0.1)
        now = pumped()
        still = still + 1 if now == last else 0
        last = now
    return last


@pytest.mark.parametrize("wanted", ["a stream", "the end of a stream", "a plain answer"])
@pytest.mark.parametrize("takes", ["nothing", "a byte now and then"])
async def test_a_client_that_does_not_read_is_given_up(wanted: str, takes: str):
    """Streams of a provider that waits, and answers that are complete on our side: neither may
    keep a descriptor and a buffer for as long as a client likes."""
    size = 5 * _MIB if wanted == "the end of a stream" else _STREAM
    async with AsyncExitStack() as stack:
        pump = await stack.enter_async_context(pumping(size))
        plain = await stack.enter_async_context(fake_provider([completion("x" * _STREAM)]))
        up = plain if wanted == "a plain answer" else pump
        stage = await stack.enter_async_context(staged([up.base_url], launch={"write": 1}))
        async with _narrow_client(stage.port) as client:
            body = chat(stream=up is pump)
            await client.send(client.request_bytes("POST", CHAT, body, key=CLIENT_KEY))
            await client.reader.readuntil(b"\r\n\r\n")
            started = time.monotonic()
            while _is_held(stage, client):
                assert time.monotonic() - started < 10
                if takes != "nothing":
                    with suppress(ConnectionError):
                        await client.reader.read(1)
                await asyncio.sleep(0.05)
            assert time.monotonic() - started >= 0.9
        if wanted == "a stream":
            rows = await stage.until_rows(1)
            assert (rows[0]["outcome"], rows[0]["client_closed"]) == ("left", 1)
        assert (await stage.ask()).headers["x-429chain-trail"] == "up0/m=ok"
        assert "Traceback" not in stage.output()


def _is_held(stage: Stage, client: RawClient) -> bool:
    """Whether the product's end of the client's connection is open."""
    ours = int(client.writer.get_extra_info("sockname")[1])
    ends = f":{stage.port:04X} 0100007F:{ours:04X} 01 "
    return ends in Path("/proc/net/tcp").read_text()


async def test_what_drips_is_closed_at_an_absolute_time():
    """However often a byte comes: header lines, a body, a chunked body, or nothing at all."""
    chunked = {"transfer-encoding": "chunked", "content-type": "application/json"}
    async with (
        fake_provider([completion()]) as up,
        staged([up.base_url], launch={"body": 1.5, "keepalive": 1.5}) as stage,
        measured_lag(stage.port) as lag,
    ):
        async with raw_client(stage.port) as client:
            post = client.request_bytes("POST", CHAT, chat(text="x" * 5000), key=CLIENT_KEY)
            in_chunks = client.request_bytes("POST", CHAT, key=CLIENT_KEY, headers=chunked)
        head, body = post.split(b"\r\n\r\n", 1)
        drips = {
            "nothing": (b"", b""),
            "header lines": (b"POST /v1/chat/completions HTTP/1.1\r\n", b"x-a: b\r\n" * 500),
            "one header": (b"GET /health HTTP/1.1\r\nx-a: ", b"a" * 5000),
            "the request line": (b"", b"GET /" + b"a" * 5000),
            "the body": (head + b"\r\n\r\n", body),
            "the chunked body": (in_chunks, b"1\r\n \r\n" * 1000),
        }
        answers = await asyncio.gather(*(_drip(stage, *one) for one in drips.values()))
        told = dict(zip(drips, answers, strict=True))
        assert all(1.0 < seconds < 8.0 for seconds, _ in told.values()), told
        assert told["the body"][1].startswith(b"HTTP/1.1 408")
        assert told["the chunked body"][1].startswith(b"HTTP/1.1 408")
        assert not up.requests
        assert (await stage.ask()).status == 200
    assert lag.bearable, str(lag)


async def _drip(stage: Stage, first: bytes, then: bytes) -> tuple[float, bytes]:
    """Send `first`, then `then` a byte every 50 ms; seconds until it was answered or closed, and
    the answer. (What still comes after a 408 is read for 10 s more, aiohttp's lingering.)"""
    started = time.monotonic()
    async with raw_client(stage.port) as client:
        reading = asyncio.create_task(client.reader.read(4096))
        try:
            await client.send(first)
            for at in range(len(then)):
                if reading.done():
                    break
                await client.send(then[at : at + 1])
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        try:
            async with asyncio.timeout(20):
                said = await reading
        except ConnectionError:
            said = b""
    return time.monotonic() - started, said


async def test_bombs_are_refused_before_they_cost_anything():
    big = 21 * _MIB
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        await stage.ask()
        before, peak = stage.product.rss(), 0.0
        async with raw_client(stage.port) as client:
            fields = {"content-length": str(big)}
            await client.send(
                client.request_bytes("POST", CHAT, b"{", key=CLIENT_KEY, headers=fields)
            )
            assert (await client.answer()).status == 413
        async with raw_client(stage.port) as client:
            fields = {"transfer-encoding": "chunked", "content-type": "application/json"}
            await client.send(client.request_bytes("POST", CHAT, key=CLIENT_KEY, headers=fields))
            piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
            answering = asyncio.create_task(client.answer())
            for _ in range(big // 65536 + 1):
                if answering.done():
                    break
                await client.send(piece)
                peak = max(peak, stage.product.rss())
            assert (await answering).status == 413
        async with raw_client(stage.port) as client:
            bomb = gzip.compress(b" " * 10 * _MIB)
            fields = {"content-encoding": "gzip"}
            answer = await client.request("POST", CHAT, bomb, key=CLIENT_KEY, headers=fields)
            assert answer.status == 415
        for body in (b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b'{"messages":' + b"[]," * 9):
            async with raw_client(stage.port) as client:
                answer = await client.request("POST", CHAT, body, key=CLIENT_KEY)
                assert answer.status == 400
        # The limit is 20 MiB; a body may be held once, and once more while it is joined.
        assert peak - before < 64, f"RSS grew by {peak - before:.1f} MiB"
        assert len(up.requests) == 1
        assert "Traceback" not in stage.output()


async def test_a_body_in_chunks_of_one_byte_is_just_a_body():
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        async with raw_client(stage.port) as client:
            fields = {"transfer-encoding": "chunked", "content-type": "application/json"}
            plain = client.request_bytes("POST", CHAT, chat(text="x" * 100_000))
            body = plain.split(b"\r\n\r\n", 1)[1]
            chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
            head = client.request_bytes("POST", CHAT, key=CLIENT_KEY, headers=fields)
            async with measured_lag(stage.port) as lag:
                await client.send(head + chunks)
                assert (await client.answer()).status == 200
        assert up.requests[0].body["messages"][0]["content"] == "x" * 100_000
        assert lag.at(1.0) < 500, lag
