"""Passes and waiting: DESIGN A5, sentence by sentence."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

import pytest

from proxy.limits.demand import Need
from proxy.limits.reservations import Reservation
from proxy.model import Routing
from tests.proxy.routing.stage import Link, Proxy, Told, chain
from tests.upstreams.fake_provider import Received
from tests.upstreams.replies import Reply, completion, refusal
from tests.upstreams.waiting import until

pytestmark = pytest.mark.alone

PATIENT = Routing(max_wait=30.0)
VERY_PATIENT = Routing(max_wait=900.0, request_timeout=900.0)
SOON = refusal(429, headers={"retry-after": "1"})
LATE = refusal(429, headers={"retry-after": "600"})
NOBODY = Link(base_url="http://127.0.0.1:9/v1")


async def waiting(proxy: Proxy, count: int = 1) -> None:
    await until(lambda: len(proxy.engine.line) == count)


def occupy(proxy: Proxy, name: str = "a/m") -> Reservation:
    """Take a slot of an entry, as a request of another chain does."""
    got = proxy.engine.ledger.reserve(proxy.engine.configuration.entries[name], Need())
    assert isinstance(got, Reservation)
    return got


def one_at_a_time(answers: Any = None, **more: Any) -> Link:
    return Link(answers or [completion("hi")], limits={"concurrent": 1}, **more)


async def test_it_waits_for_the_reset_and_is_woken_within_100_ms_of_it():
    async with chain([SOON, completion("back")], routing=PATIENT) as proxy:
        started = monotonic()
        told = await proxy.ask()
        assert (told.text, told.trail) == ("back", "a/m=ok")
        assert told.headers["x-429chain-attempts"] == "2"
        assert 0.9 < monotonic() - started < 1.2
        logged = await proxy.finished()
        assert [one.outcome for one in logged.attempts] == ["429", "ok"]


async def test_it_is_woken_within_100_ms_of_an_edit_of_the_chain():
    links = [LATE], [completion("new")]
    async with chain(*links, routing=VERY_PATIENT, chains={"free": ["a/m"]}) as proxy:
        asked = asyncio.create_task(proxy.ask())
        await waiting(proxy)
        started = monotonic()
        proxy.edit_chain("free", ["b/m", "a/m"])
        told = await asked
        assert (told.text, told.trail) == ("new", "b/m=ok,a/m=429")
        assert monotonic() - started < 0.1


async def test_it_is_woken_within_100_ms_of_a_clear():
    async with chain([LATE, completion("cleared")], routing=VERY_PATIENT) as proxy:
        asked = asyncio.create_task(proxy.ask())
        await waiting(proxy)
        started = monotonic()
        proxy.engine.ledger.clear(proxy.engine.configuration.entries["a/m"])
        assert (await asked).text == "cleared"
        assert monotonic() - started < 0.1


async def test_it_is_woken_within_100_ms_of_one_of_our_requests_ending():
    async with chain(one_at_a_time(), routing=PATIENT) as proxy:
        slot = occupy(proxy)
        asked = asyncio.create_task(proxy.ask())
        await waiting(proxy)
        started = monotonic()
        proxy.engine.ledger.settle(slot)
        assert (await asked).text == "hi"
        assert monotonic() - started < 0.1


async def test_when_all_that_was_usable_is_unreachable_it_waits_and_tries_as_the_circuit_ends():
    async with chain(NOBODY, routing=Routing(max_wait=6.0)) as proxy:
        told = await proxy.ask()
        assert (told.status, told.error["code"]) == (503, "chain_exhausted")
        assert told.trail == "a/m=unreachable"
        first, second = (await proxy.finished()).attempts
        assert 4900 < second.started_ms - first.started_ms < 5600


async def test_first_come_first_served():
    served: list[str] = []

    def answer(received: Received) -> Reply:
        served.append(received.body["user"])
        return completion("hi")

    async with chain(one_at_a_time(answer), routing=PATIENT) as proxy:
        slot = occupy(proxy)
        asked: list[asyncio.Task[Told]] = []
        for number in range(5):
            asked.append(asyncio.create_task(proxy.ask(user=str(number))))
            await waiting(proxy, number + 1)
        proxy.engine.ledger.release(slot)
        assert {told.status for told in await asyncio.gather(*asked)} == {200}
        assert served == ["0", "1", "2", "3", "4"]


async def test_as_many_wake_as_fit_and_no_more():
    gate = asyncio.Event()
    link = Link([completion("hi", gate=gate)], limits={"concurrent": 3})
    async with chain(link, routing=PATIENT) as proxy:
        slots = [occupy(proxy) for _ in range(3)]
        asked = [asyncio.create_task(proxy.ask()) for _ in range(10)]
        await waiting(proxy, 10)
        for slot in slots:
            proxy.engine.ledger.release(slot)
        await proxy.up["a"].wait_for_requests(3)
        await waiting(proxy, 7)
        gate.set()
        told = await asyncio.gather(*asked)
        assert {(one.status, one.headers["x-429chain-attempts"]) for one in told} == {(200, "1")}


async def test_one_that_does_not_fit_lets_the_next_pass():
    link = Link([completion("hi")], limits={"tpm": 2000, "concurrent": 1})
    messages = [{"role": "user", "content": "x" * 3000}]
    async with chain(link, routing=VERY_PATIENT) as proxy:
        slot = occupy(proxy)
        large = asyncio.create_task(proxy.ask(max_tokens=1000, messages=messages))
        await waiting(proxy, 1)
        small = asyncio.create_task(proxy.ask())
        await waiting(proxy, 2)
        proxy.engine.ledger.settle(slot)
        assert (await small).status == 200
        assert not large.done()
        large.cancel()
        await asyncio.wait([large])
        await proxy.finished(2)


async def test_a_newcomer_takes_no_entry_that_a_waiter_could_use():
    served: list[str] = []

    def answer(received: Received) -> Reply:
        served.append(received.body["user"])
        return completion("hi")

    async with chain(one_at_a_time(answer), routing=PATIENT) as proxy:
        slot = occupy(proxy)
        first = asyncio.create_task(proxy.ask(user="waiter"))
        await waiting(proxy)
        # The newcomer is on its way when the slot is freed, and nobody has been woken yet.
        newcomer = asyncio.create_task(proxy.ask(user="newcomer"))
        proxy.engine.ledger.release(slot)
        await asyncio.gather(first, newcomer)
        assert served == ["waiter", "newcomer"]


async def test_go_first_serves_the_line_before_anybody_takes_anything():
    async with chain(one_at_a_time(), routing=PATIENT) as proxy:
        slot = occupy(proxy)
        asked = asyncio.create_task(proxy.ask())
        await waiting(proxy)
        proxy.engine.ledger.release(slot)
        # Nothing has run since; somebody else comes along now.
        proxy.engine.line.go_first()
        got = proxy.engine.ledger.reserve(proxy.engine.configuration.entries["a/m"], Need())
        assert not isinstance(got, Reservation)
        assert (await asked).status == 200


async def test_waiting_requests_are_bounded_one_more_gets_429_at_once():
    routing = Routing(max_wait=30.0, max_queue=2)
    async with chain(one_at_a_time(), routing=routing) as proxy:
        slot = occupy(proxy)
        asked = [asyncio.create_task(proxy.ask()) for _ in range(2)]
        await waiting(proxy, 2)
        started = monotonic()
        told = await proxy.ask()
        assert (told.status, told.headers["retry-after"]) == (429, "1")
        assert monotonic() - started < 0.3
        proxy.engine.ledger.release(slot)
        assert {told.status for told in await asyncio.gather(*asked)} == {200}


async def test_a_client_that_leaves_leaves_the_line():
    async with chain(one_at_a_time(), routing=PATIENT) as proxy:
        slot = occupy(proxy)
        asked = asyncio.create_task(proxy.ask())
        await waiting(proxy)
        asked.cancel()
        await waiting(proxy, 0)
        logged = await proxy.finished()
        assert (logged.outcome, logged.client_closed, logged.attempts) == ("left", True, ())
        proxy.engine.ledger.release(slot)
        assert proxy.up["a"].requests == []


async def test_waiting_counts_in_timeouts_request():
    routing = Routing(max_wait=30.0, request_timeout=0.4)
    async with chain(one_at_a_time(), routing=routing) as proxy:
        slot = occupy(proxy)
        started = monotonic()
        told = await proxy.ask()
        assert (told.status, told.error["code"]) == (429, "rate_limit_exceeded")
        assert 0.35 < monotonic() - started < 0.8
        proxy.engine.ledger.release(slot)


async def test_it_ends_in_the_right_429_with_the_right_retry_after():
    # `concurrent` always qualifies for waiting, though the day's limit of b is far away.
    async with chain(one_at_a_time(), [LATE], routing=Routing(max_wait=0.3)) as proxy:
        slot = occupy(proxy)
        told = await proxy.ask()
        assert told.trail == "a/m=skipped:concurrent,b/m=429"
        assert (told.status, told.headers["retry-after"]) == (429, "1")
        proxy.engine.ledger.release(slot)


@pytest.mark.parametrize("wait", [SOON, refusal(429, headers={"retry-after": "40"})])
async def test_max_wait_0_never_waits(wait: Reply):
    async with chain([wait], routing=Routing(max_wait=0.0)) as proxy:
        started = monotonic()
        assert (await proxy.ask()).status == 429
        assert monotonic() - started < 0.5


async def test_a_reset_beyond_max_wait_is_not_waited_for():
    async with chain([refusal(429, headers={"retry-after": "40"})],
                     routing=Routing(max_wait=30.0)) as proxy:  # fmt: skip
        started = monotonic()
        assert (await proxy.ask()).headers["retry-after"] == "40"
        assert monotonic() - started < 0.5


async def test_a_chains_own_max_wait_overrides_that_of_routing():
    async with chain([SOON], routing=PATIENT, max_wait=0.0) as proxy:
        assert (await proxy.ask()).status == 429
    async with chain([SOON, completion("hi")], routing=Routing(max_wait=0.0), max_wait=5) as proxy:
        assert (await proxy.ask()).status == 200


async def test_max_wait_is_counted_once_from_the_first_wait():
    async with chain([SOON], routing=Routing(max_wait=1.5)) as proxy:
        started = monotonic()
        assert (await proxy.ask()).status == 429
        assert monotonic() - started < 2.0
        assert len(proxy.up["a"].requests) == 2
