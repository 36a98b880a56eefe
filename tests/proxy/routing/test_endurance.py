"""Memory, tasks and sockets after many requests.

`CHAIN429_TEST_REQUESTS=20000` is the full length; 2,000 by default.
"""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import pytest

from tests.proxy.routing.stage import Link, Proxy, chain
from tests.upstreams.raw_client import raw_client
from tests.upstreams.replies import completion, stream
from tests.upstreams.waiting import until

REQUESTS = int(os.environ.get("CHAIN429_TEST_REQUESTS", "2000"))
_PAGE = os.sysconf("SC_PAGE_SIZE")


def rss() -> float:
    """Resident memory of this process, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 2**20


def sockets() -> int:
    links = (os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return sum(link.startswith("socket:") for link in links)


async def plain(proxy: Proxy, count: int) -> None:
    """So many requests, 20 at a time. What the test itself keeps of them is thrown away."""

    async def some() -> None:
        for _ in range(10):
            assert (await proxy.ask()).status == 200

    for _ in range(count // 200):
        await asyncio.gather(*(some() for _ in range(20)))
        await proxy.finished(200)
        proxy.logged.clear()
        proxy.open_reservations.clear()
        proxy.up["a"].requests.clear()


@pytest.mark.timeout(600)
async def test_memory_stays_flat():
    limits = {"rpm": 10**9, "rpd": 10**9, "tpm": 10**9}
    async with chain(Link([completion("hi")], limits=limits)) as proxy:
        await plain(proxy, 4000)
        gc.collect()
        before = rss()
        await plain(proxy, REQUESTS)
        gc.collect()
        grown = rss() - before
        assert grown < 10, f"{grown:.1f} MiB"


@pytest.mark.timeout(300)
async def test_streams_that_are_left_leave_no_task_and_no_socket():
    async with chain([stream("so far", asyncio.Event())]) as proxy:
        await leave(proxy)
        await until(lambda: not proxy.engine.in_flight)
        tasks, open_sockets = len(asyncio.all_tasks()), sockets()
        for _ in range(max(50, REQUESTS // 40)):
            await leave(proxy)
        await until(lambda: not proxy.engine.in_flight)
        proxy.assert_at_rest()
        await until(lambda: len(asyncio.all_tasks()) <= tasks + 1)
        await until(lambda: sockets() <= open_sockets + 2)


async def leave(proxy: Proxy) -> None:
    """Read the first event of a stream, and go."""
    body = {"model": "free", "messages": [{"role": "user", "content": "x"}], "stream": True}
    key = {"authorization": "Bearer sk-client-of-the-tests"}
    async with raw_client(proxy.port) as client:
        await client.send(client.request_bytes("POST", "/v1/chat/completions", body, headers=key))
        await client.reader.readuntil(b"so far")
        await client.reset()
