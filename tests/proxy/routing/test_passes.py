"""What a later pass asks, and on which configuration: DESIGN A5, sentence by sentence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from proxy.limits.demand import Need
from proxy.limits.reservations import Reservation
from proxy.model import Routing
from tests.proxy.routing.stage import QUICK, Link, Proxy, chain
from tests.upstreams.replies import completion, refusal, reply
from tests.upstreams.waiting import until

PATIENT = Routing(max_wait=30.0)
SOON = refusal(429, headers={"retry-after": "1"})
LATE = refusal(429, headers={"retry-after": "600"})


async def waiting(proxy: Proxy, count: int = 1) -> None:
    await until(lambda: len(proxy.engine.line) == count)


def occupy(proxy: Proxy, name: str = "a/m") -> Reservation:
    """Take a slot of an entry, as a request of another chain does."""
    got = proxy.engine.ledger.reserve(proxy.engine.configuration.entries[name], Need())
    assert isinstance(got, Reservation)
    return got


def one_at_a_time(answers: Any = None, **more: Any) -> Link:
    return Link(answers or [completion("hi")], limits={"concurrent": 1}, **more)


async def test_later_passes_do_not_ask_an_entry_that_timed_out():
    slow = Link([completion("late", gate=asyncio.Event())], timeouts=QUICK)
    async with chain(slow, [SOON, completion("back")], routing=PATIENT) as proxy:
        told = await proxy.ask()
        assert told.trail == "a/m=timeout,b/m=ok"
        assert len(proxy.up["a"].requests) == 1


async def test_later_passes_ask_an_entry_again_that_failed_otherwise():
    links = [reply(500), completion("better")], [SOON, completion("back")]
    async with chain(*links, routing=PATIENT) as proxy:
        told = await proxy.ask()
        assert (told.trail, told.text) == ("a/m=ok,b/m=not-tried", "better") or (
            told.trail,
            told.text,
        ) == ("a/m=ok,b/m=429", "better")


async def test_an_entry_that_failed_without_a_trace_is_not_asked_over_and_over():
    dear = reply(402, {"error": {"message": "x", "metadata": {"reason": "weight_exceeds_budget"}}})
    async with chain([dear], [SOON, completion("back")], routing=PATIENT) as proxy:
        assert (await proxy.ask()).text == "back"
        assert len(proxy.up["a"].requests) == 1


async def test_an_entry_whose_provider_called_the_request_bad_is_not_waited_for():
    bad = reply(400, {"error": {"message": "temperature is strange"}})
    links = Link([bad]), Link(provider="a", model="m2"), [SOON, completion("back")]
    async with chain(*links, routing=PATIENT) as proxy:
        told = await proxy.ask()
        assert told.trail == "a/m=400,a/m2=not-tried,c/m=ok"
        assert len(proxy.up["a"].requests) == 1


async def test_an_entry_that_came_back_while_another_was_asked_is_asked():
    slow = Link([completion("late", gate=asyncio.Event())], timeouts=QUICK)
    async with chain(one_at_a_time(), slow, [LATE], routing=PATIENT) as proxy:
        slot = occupy(proxy)
        # While b has the request, c is usable, so that b's deadline holds.
        asked = asyncio.create_task(proxy.ask())
        await proxy.up["b"].wait_for_requests()
        proxy.engine.ledger.release(slot)
        told = await asked
        assert (told.status, told.text) == (200, "hi")


async def test_a_chain_that_is_gone_is_served_as_it_was():
    async with chain(one_at_a_time(), routing=PATIENT) as proxy:
        slot = occupy(proxy)
        asked = asyncio.create_task(proxy.ask())
        await waiting(proxy)
        proxy.configure(replace(proxy.engine.configuration, chains={}))
        proxy.engine.ledger.release(slot)
        assert (await asked).status == 200


async def test_a_request_in_its_pass_sees_one_configuration_from_start_to_end():
    gate = asyncio.Event()
    async with chain([reply(500, gate=gate)], [completion("old")], [completion("new")]) as proxy:
        asked = asyncio.create_task(proxy.ask())
        await proxy.up["a"].wait_for_requests()
        proxy.edit_chain("free", ["c/m"])
        gate.set()
        assert (await asked).text == "old"
        assert (await proxy.ask()).text == "new"
