"""A request that is cancelled at any of its awaits leaves nothing open behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Literal

import pytest

from proxy.attempts import Answer
from proxy.chat_request import read_chat
from proxy.job import Job
from proxy.limits.demand import Need
from proxy.limits.reservations import Reservation
from proxy.model import Client, Routing
from proxy.upstream import Streaming
from tests.proxy.routing.stage import Link, Proxy, chain
from tests.upstreams.fake_provider import Received
from tests.upstreams.replies import Reply, completion, refusal, reply, stream

How = Literal["while it waits", "as it wakes"]
PATIENT = Routing(max_wait=30.0)


class CancelAt:
    """Awaits a coroutine, and cancels the task at its `number`th suspension.

    "as it wakes": in the very moment in which what it waits for has happened.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], number: int, how: How) -> None:
        self._coroutine = coroutine
        self._number = number
        self._how = how
        self.reached = False

    def __await__(self) -> Generator[Any, Any, Any]:
        task = asyncio.current_task()
        assert task is not None
        steps, count, error = self._coroutine.__await__(), 0, None
        while True:
            try:
                waits_for = steps.send(None) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value
            count += 1
            if count == self._number:
                self.reached = True
                if self._how == "as it wakes" and asyncio.isfuture(waits_for):
                    waits_for.add_done_callback(_cancelling(task))
                else:
                    task.cancel()
            error = None
            try:
                yield waits_for
            except BaseException as raised:  # noqa: BLE001 (handed on, whatever it is)
                error = raised


def _cancelling(task: asyncio.Task[Any]) -> Callable[[asyncio.Future[Any]], None]:
    def cancel(_: asyncio.Future[Any]) -> None:
        task.cancel()

    return cancel


async def serve(proxy: Proxy, number: int, how: How, *, asked: bool) -> bool:
    """One request, cancelled at that suspension; whether it got so far."""
    messages = [{"role": "user", "content": "hi"}]
    request = read_chat({"model": "free", "messages": messages, "stream": asked, "seed": 1})
    engine = proxy.engine
    wrapped: CancelAt | None = None

    async def run() -> None:
        nonlocal wrapped
        free = engine.configuration.chains["free"]
        with engine.job(request, free, Client(name="x", keys=()), "", id=f"r{number}") as job:
            wrapped = CancelAt(answered(proxy, job), number, how)
            await wrapped

    task = asyncio.create_task(run())
    await asyncio.wait([task], timeout=10)
    assert task.done()
    assert wrapped is not None
    assert task.cancelled() is wrapped.reached or task.exception() is None
    return wrapped.reached


async def answered(proxy: Proxy, job: Job) -> None:
    """What the server does with a request, without its client."""
    answer = await proxy.engine.serve(job)
    if not isinstance(answer, Answer):
        return
    outcome = answer.outcome
    try:
        if isinstance(outcome, Streaming):
            await outcome.relay(_Behind(), stalled=5)
    finally:
        if isinstance(outcome, Streaming):
            outcome.close()
        proxy.engine.settle(job, answer, None, 0)


class _Behind:
    """A client that takes each write a moment later."""

    is_behind = True

    def write(self, frames: bytes) -> None:
        pass

    async def drained(self) -> None:
        await asyncio.sleep(0)


async def at_every_await(proxy: Proxy, how: How, *, asked: bool, least: int) -> None:
    number = 0
    reached = True
    while reached:
        number += 1
        reached = await serve(proxy, number, how, asked=asked)
        proxy.assert_at_rest()
    assert number > least


HOWS = pytest.mark.parametrize("how", ["while it waits", "as it wakes"])


@HOWS
@pytest.mark.parametrize("asked", [False, True], ids=["plain", "stream"])
async def test_on_its_way_down_the_chain(how: How, asked: bool):
    def picky(received: Received) -> Reply:
        if "seed" in received.body:
            error = {"message": "x", "code": "unsupported_parameter", "param": "seed"}
            return reply(400, {"error": error})
        return reply(500)

    served = stream("a", "b") if asked else completion("a")
    links = Link(picky, limits={"concurrent": 1}), Link([served], limits={"concurrent": 1})
    async with chain(*links) as proxy:
        await at_every_await(proxy, how, asked=asked, least=4)
        for name in ("a/m", "b/m"):
            entry = proxy.engine.configuration.entries[name]
            got = proxy.engine.ledger.reserve(entry, Need(), hopeful=True)
            assert isinstance(got, Reservation)
            proxy.engine.ledger.release(got)


@HOWS
async def test_in_the_line(how: How):
    async with chain(Link([completion("a")], limits={"concurrent": 1}), routing=PATIENT) as proxy:
        entry = proxy.engine.configuration.entries["a/m"]
        number, reached = 0, True
        while reached:
            number += 1
            slot = proxy.engine.ledger.reserve(entry, Need())
            assert isinstance(slot, Reservation)
            asyncio.get_running_loop().call_later(0.02, proxy.engine.ledger.release, slot)
            reached = await serve(proxy, number, how, asked=False)
            proxy.engine.ledger.release(slot)
            proxy.assert_at_rest()
        assert number > 2


@HOWS
async def test_between_two_passes(how: How):
    answers = [refusal(429, headers={"retry-after": "0.001"}), completion("a")] * 200
    async with chain(answers, routing=PATIENT) as proxy:
        for number in range(1, 8):
            await serve(proxy, number, how, asked=False)
            proxy.assert_at_rest()
