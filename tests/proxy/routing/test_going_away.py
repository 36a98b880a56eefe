"""A client that goes away, at any moment: its upstream ends, and nobody is blamed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from time import monotonic
from typing import Any, cast

import pytest

from tests.proxy.routing.stage import KEY, Link, Proxy, chain
from tests.upstreams.raw_client import RawClient, raw_client
from tests.upstreams.replies import ROLE, Reply, completion, raw_stream, stream
from tests.upstreams.waiting import until

pytestmark = pytest.mark.alone

BODY: dict[str, Any] = {"model": "free", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**BODY, "stream": True}


@asynccontextmanager
async def sent(proxy: Proxy, **more: Any) -> AsyncGenerator[RawClient]:
    """A client on a connection of its own, whose request the first upstream has."""
    async with raw_client(proxy.port) as client:
        await client.send(
            client.request_bytes("POST", "/v1/chat/completions", BODY | more, key=KEY)
        )
        await proxy.up["a"].wait_for_requests()
        yield client


def never() -> Reply:
    return completion("x", gate=asyncio.Event())


def no_token() -> Reply:
    return raw_stream(ROLE, asyncio.Event())


async def assert_settled(proxy: Proxy, left_at: float) -> None:
    await proxy.up["a"].wait_for_abandoned()
    assert monotonic() - left_at < 0.2
    logged = await proxy.finished()
    assert (logged.outcome, logged.client_closed) == ("left", True)
    assert [one.outcome for one in logged.attempts] == ["left"]
    assert proxy.entry_state("a/m")[0] in ("available", "tracking")
    assert proxy.up["b"].requests == []
    proxy.assert_at_rest()


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize(
    "make, asked",
    [
        pytest.param(never, False, id="plain, before the head"),
        pytest.param(never, True, id="stream, before the head"),
        pytest.param(no_token, True, id="before the first token"),
    ],
)
async def test_before_anything_was_answered(make: Callable[[], Reply], asked: bool, how: str):
    link = Link([make()], limits={"concurrent": 1, "rpm": 5})
    async with chain(link, [completion("never")]) as proxy:
        async with sent(proxy, stream=asked) as client:
            left_at = monotonic()
            await (client.reset() if how == "rst" else client.close())
            await assert_settled(proxy, left_at)
        entry = proxy.engine.configuration.entries["a/m"]
        gauges = {g.dimension: g for g in proxy.engine.ledger.status(entry).gauges}
        assert gauges["requests"].remaining == 4  # it was sent, so it counts
        assert gauges["concurrent"].remaining == 1


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_in_the_middle_of_a_stream(how: str):
    link = Link([stream("so far", asyncio.Event())], limits={"concurrent": 1})
    async with chain(link, [completion("never")]) as proxy:
        async with sent(proxy, stream=True) as client:
            await client.reader.readuntil(b"so far")
            left_at = monotonic()
            await (client.reset() if how == "rst" else client.close())
            await assert_settled(proxy, left_at)
        logged = await proxy.finished()
        assert (logged.status, logged.entry, logged.estimated) == (200, "a/m", True)
        assert logged.tokens_out > 0
        assert logged.attempts[0].first_token_ms is not None


async def test_a_request_that_was_never_sent_does_not_count():
    with socket.socket() as deaf, ExitStack() as stack:
        # Nobody accepts, and the queue of those who wait for it is full: no connection comes about.
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        link = Link(base_url=f"http://127.0.0.1:{address[1]}/v1", limits={"rpm": 5})
        async with chain(link) as proxy:
            asked = asyncio.create_task(proxy.ask())
            await until(lambda: proxy.open_reservations)
            asked.cancel()
            logged = await proxy.finished()
            assert logged.outcome == "left"
            entry = proxy.engine.configuration.entries["a/m"]
            remaining = {g.window: g.remaining for g in proxy.engine.ledger.status(entry).gauges}
            assert remaining["minute"] == 5


async def test_a_slow_client_slows_its_upstream_and_memory_stays_bounded():
    piece = "x" * 50_000
    async with chain([stream(*[piece] * 400)]) as proxy, raw_client(proxy.port) as client:
        await client.send(client.request_bytes("POST", "/v1/chat/completions", STREAM, key=KEY))
        await client.reader.readuntil(b"\r\n\r\n")
        cast("asyncio.Transport", client.writer.transport).pause_reading()
        # 20 MB are on offer. Nobody reads: what is on the way stays with the kernel's buffers.
        await until(lambda: proxy.engine.in_flight)
        job = next(iter(proxy.engine.in_flight.values()))
        relaying = job.relaying
        assert relaying is not None
        assert await settled(lambda: relaying.stream.text_bytes) < 12 * 2**20
        assert proxy.engine.in_flight


async def settled(figure: Callable[[], int]) -> int:
    """A figure once it has stopped to grow for 0.3 s."""
    while True:
        seen = figure()
        try:
            await until(lambda before=seen: figure() > before, within=0.3)
        except TimeoutError:
            return seen
