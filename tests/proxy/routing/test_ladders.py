"""Ladders: DESIGN A5, sentence by sentence, over HTTP with a clock that is moved by hand."""

from __future__ import annotations

import asyncio

import pytest

from tests.proxy.routing.stage import Proxy, chain
from tests.upstreams.replies import Reply, completion, refusal, reply

SILENT = refusal(429, "slow down", code=None)
FAILED = reply(500)


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = 1000.0

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_795_348_830.0 + self._now

    def move(self, seconds: float) -> None:
        self._now += seconds


def out_for(proxy: Proxy, name: str = "a/m") -> float:
    """Seconds until the entry is back, as interfaces show them."""
    until = proxy.engine.ledger.status(proxy.engine.configuration.entries[name]).until
    return 0.0 if until is None else until - proxy.engine.clock.now()


async def test_the_cooldown_doubles_from_15_s_to_15_min_and_starts_anew_after_a_success():
    clock = MovedClock()
    async with chain([SILENT], [completion()], clock=clock) as proxy:
        waits: list[float] = []
        for _ in range(8):
            await proxy.ask()
            waits.append(out_for(proxy))
            clock.move(waits[-1] + 0.1)
        for wait, plain in zip(waits, (15, 30, 60, 120, 240, 480, 900, 900), strict=True):
            assert 0.9 * plain <= wait <= 1.1 * plain
        proxy.up["a"].answer(completion(), SILENT)
        assert (await proxy.ask()).trail == "a/m=ok,b/m=not-tried"
        await proxy.ask()
        assert 13.5 <= out_for(proxy) <= 16.5


@pytest.mark.parametrize("said", ["0", "-5", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_wait_of_zero_or_in_the_past_counts_as_1_s(said: str):
    clock = MovedClock()
    answer = refusal(429, headers={"retry-after": said})
    async with chain([answer], [completion()], clock=clock) as proxy:
        await proxy.ask()
        assert abs(out_for(proxy) - 1) < 0.01


async def test_a_wait_followed_at_once_by_another_refusal_is_doubled_up_to_1_min():
    clock = MovedClock()
    answer = refusal(429, headers={"retry-after": "10"})
    async with chain([answer], [completion()], clock=clock) as proxy:
        waits: list[float] = []
        for _ in range(5):
            await proxy.ask()
            waits.append(out_for(proxy))
            clock.move(waits[-1])
        assert [round(wait, 3) for wait in waits] == [10, 20, 40, 60, 60]


async def in_flight(proxy: Proxy, count: int) -> list[asyncio.Task[object]]:
    asked: list[asyncio.Task[object]] = [asyncio.create_task(proxy.ask()) for _ in range(count)]
    await proxy.up["a"].wait_for_requests(count)
    return asked


@pytest.mark.parametrize(
    "answer, most", [(SILENT, 16.5), (FAILED, 5)], ids=["refusals", "failures"]
)
async def test_those_already_under_way_neither_double_nor_lengthen(answer: Reply, most: float):
    clock, gate = MovedClock(), asyncio.Event()
    held = Reply(answer.status, answer.headers, [gate, *answer.body])
    async with chain([held], [completion()], clock=clock) as proxy:
        asked = await in_flight(proxy, 10)
        gate.set()
        await asyncio.gather(*asked)
        assert 0 < out_for(proxy) <= most


async def test_the_success_of_one_already_under_way_lifts_nothing():
    clock, gate = MovedClock(), asyncio.Event()
    async with chain([completion(gate=gate), SILENT], [completion()], clock=clock) as proxy:
        (early,) = await in_flight(proxy, 1)
        assert (await proxy.ask()).trail == "a/m=429,b/m=ok"
        gate.set()
        await early
        assert (await proxy.ask()).trail == "a/m=skipped:cooldown,b/m=ok"


@pytest.mark.parametrize(
    "answer, first, second",
    [(SILENT, 15, 30), (FAILED, 5, 10)],
    ids=["a cooldown", "a circuit"],
)
async def test_an_entry_that_comes_back_admits_one_request_until_that_is_judged(
    answer: Reply, first: float, second: float
):
    clock, gate = MovedClock(), asyncio.Event()
    async with chain([answer], [completion()], clock=clock) as proxy:
        up = proxy.up["a"]
        while not out_for(proxy):
            await proxy.ask()
        assert 0.9 * first <= out_for(proxy) <= 1.1 * first
        clock.move(first * 1.2)
        up.answer(Reply(answer.status, answer.headers, [gate, *answer.body]))
        before = len(up.requests)
        probe = asyncio.create_task(proxy.ask())
        await up.wait_for_requests(before + 1)
        told = await asyncio.gather(*(proxy.ask() for _ in range(5)))
        assert {one.text for one in told} == {"hi"}
        assert len(up.requests) == before + 1
        gate.set()
        await probe
        # Its failure is the next step ...
        assert 0.9 * second <= out_for(proxy) <= 1.1 * second
        clock.move(second * 1.2)
        up.answer(completion("back"))
        # ... its success opens the entry.
        assert (await proxy.ask()).text == "back"
        assert out_for(proxy) == 0
        assert {one.text for one in await asyncio.gather(*(proxy.ask() for _ in range(5)))} == {
            "back"
        }
