"""Thousands of connections that say nothing, and too few descriptors."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.peers.lag import measured_lag
from tests.peers.stage import Stage, settled, staged
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion
from tests.upstreams.waiting import until

pytestmark = pytest.mark.alone

_CROWD = 9_000
_MOST_WAIT = 0.05
_AT_ONCE = 250


@asynccontextmanager
async def _idlers(stage: Stage, count: int) -> AsyncGenerator[list[asyncio.StreamWriter]]:
    """So many connections that never send a byte."""
    writers: list[asyncio.StreamWriter] = []
    try:
        while len(writers) < count:
            opened = await asyncio.gather(
                *(
                    asyncio.open_connection("127.0.0.1", stage.port)
                    for _ in range(min(_AT_ONCE, count - len(writers)))
                )
            )
            writers += [writer for _, writer in opened]
        yield writers
    finally:
        for writer in writers:
            writer.transport.abort()


@pytest.fixture
def many_descriptors() -> int:
    """How many idle connections this process and the product can both hold."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    crowd = min(_CROWD, most - 500)
    if crowd < 500:
        pytest.skip(f"only {most} open files are allowed (ulimit -n)")
    return crowd


async def test_a_crowd_that_says_nothing_keeps_nobody_waiting(many_descriptors: int):
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        before, memory = stage.descriptors(), stage.product.rss()
        async with _idlers(stage, many_descriptors):
            await until(lambda: stage.descriptors() >= many_descriptors)
            waits: list[float] = []
            async with measured_lag(stage.port) as lag:
                for _ in range(10):
                    asked = time.monotonic()
                    assert (await stage.ask()).status == 200
                    waits.append(time.monotonic() - asked)
            growth = stage.product.rss() - memory
        # The quickest of ten: what is slow on a busy machine is slow with nobody else there too.
        assert min(waits) < _MOST_WAIT, waits
        assert lag.bearable, str(lag)
        assert growth < 100, f"{growth:.0f} MiB for {many_descriptors} connections"
        assert await settled(stage.descriptors, before + 5) <= before + 5
        assert "Traceback" not in stage.output()


async def test_without_descriptors_it_waits_and_goes_on():
    async with (
        fake_provider([completion()]) as up,
        staged([up.base_url], launch={"files": 128}) as stage,
    ):
        assert (await stage.ask()).status == 200
        lines = len(stage.output().splitlines())
        async with _idlers(stage, 200):
            await until(lambda: stage.descriptors() >= 120)
            # Long enough for a line at each accept that fails to be noticed.
            await asyncio.sleep(1)
        freed = time.monotonic()
        await settled(stage.descriptors, 60)
        async with asyncio.timeout(10):
            assert (await stage.ask()).status == 200
        assert time.monotonic() - freed < 2
        told = "\n".join(stage.output().splitlines()[lines:])
        assert "socket.accept()" not in told
        assert 1 <= told.count("too many files are open") <= 2, told[:2000]
