"""The simulated provider, the pass-through and the client agree on what they say."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench import processes
from bench.http_client import connect, pool
from bench.loads import (
    WrongAnswer,
    check,
    counts,
    cpu_of_requests,
    hold_streams,
    latencies,
    stream,
    until_none_held,
)
from bench.processes import Running
from bench.provider import FLOOD_LENGTH


@asynccontextmanager
async def both(folder: Path) -> AsyncGenerator[tuple[Running, Running]]:
    async with (
        processes.provider(folder, 5) as provider,
        processes.reference(folder, provider.port) as reference,
    ):
        yield provider, reference


async def test_each_load_gets_what_it_asked_for(tmp_path: Path) -> None:
    async with both(tmp_path) as (provider, reference):
        assert await cpu_of_requests(reference, reference.request("plain"), 40, 4) > 0
        for target in (provider, reference):
            paced = await stream(target, "paced", 5, 2)
            assert paced.tokens == 10
            assert paced.seconds >= 5 * 0.02
            assert paced.cpu_per_chunk > 0
            flood = await stream(target, "flood", 5 * FLOOD_LENGTH, 2)
            assert flood.tokens == 10 * FLOOD_LENGTH
        found = await latencies((provider, reference), "brief", rate=100, seconds=0.1)
        assert [len(one) for one in found] == [10, 10]
        assert (await counts(provider)).calls == {"plain": 40, "paced": 4, "flood": 4, "brief": 20}


async def test_the_provider_tells_when_a_stream_was_let_go(tmp_path: Path) -> None:
    async with both(tmp_path) as (provider, reference):
        held = await hold_streams(reference, 3)
        assert (await counts(provider)).held == 3
        for connection in held:
            connection.abort()
        assert len((await until_none_held(provider)).freed) == 3


async def test_a_wrong_answer_ends_a_measure(tmp_path: Path) -> None:
    async with processes.provider(tmp_path, 5) as provider, pool(provider.port, 1) as clients:
        refused = await clients.ask(provider.request("refusing"))
        with pytest.raises(WrongAnswer, match="429"):
            check(refused)
        with pytest.raises(WrongAnswer, match="404"):
            check(await clients.ask(provider.request("nothing")))


async def test_a_process_that_ends_says_why(tmp_path: Path) -> None:
    with pytest.raises(processes.DidNotStart, match="429chain did not start"):
        async with processes.product(tmp_path, "[nonsense]\n"):
            pass


@pytest.mark.parametrize("size", [600, 100_000])
def test_a_request_is_as_large_as_it_says(size: int) -> None:
    request = Running("x", 1, 1).request("plain", size=size)
    head, _, body = request.partition(b"\r\n\r\n")

    assert abs(len(body) - size) < 50
    assert b"content-length: %d\r\n" % len(body) in head + b"\r\n"


async def test_a_port_where_nobody_listens_is_refused() -> None:
    with pytest.raises(OSError):
        await connect(processes.free_port())
