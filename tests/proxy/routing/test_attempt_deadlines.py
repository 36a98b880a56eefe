"""Deadlines, reused connections and the last hope: DESIGN A5, sentence by sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest

from proxy.limits.demand import Need
from proxy.limits.reservations import Reservation
from proxy.model import FreeLimit, Preset, Routing, Timeouts
from tests.proxy.routing.stage import QUICK, Link, Proxy, chain
from tests.upstreams.replies import (
    DONE,
    ROLE,
    Reply,
    chunk,
    completion,
    raw_stream,
    refusal,
    reply,
    stream,
)
from tests.upstreams.scripted import scripted_upstream

pytestmark = pytest.mark.alone

HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def gate() -> asyncio.Event:
    return asyncio.Event()


def stalled(stream_asked: bool) -> Reply:
    return raw_stream(ROLE, gate()) if stream_asked else completion("x", gate=gate())


@pytest.mark.parametrize("asked", [True, False], ids=["first_token", "plain"])
async def test_first_token_and_plain_end_an_attempt_while_another_entry_is_usable(asked: bool):
    spare = stream("spare") if asked else completion("spare")
    async with chain(Link([stalled(asked)], timeouts=QUICK), [spare]) as proxy:
        started = monotonic()
        told = await proxy.ask(stream=asked)
        assert (told.text, told.trail) == ("spare", "a/m=timeout,b/m=ok")
        assert 0.28 < monotonic() - started < 1.0


@pytest.mark.parametrize("asked", [True, False], ids=["first_token", "plain"])
async def test_they_do_not_while_no_other_entry_is_usable(asked: bool):
    opened = gate()
    slow = stream(opened, "late") if asked else completion("late", gate=opened)
    out = Link([completion("out")], enabled=False)
    async with chain(Link([slow], timeouts=QUICK), out) as proxy:
        request = asyncio.create_task(proxy.ask(stream=asked))
        started = monotonic()
        await proxy.up["a"].wait_for_requests()
        await asyncio.wait([request], timeout=0.8)
        assert not request.done()
        opened.set()
        assert (await request).text == "late"
        assert monotonic() - started > 0.6


@pytest.mark.parametrize("asked", [True, False], ids=["first_token", "plain"])
async def test_put_off_they_end_soon_after_another_entry_has_become_usable(asked: bool):
    spare = stream("spare") if asked else completion("spare")
    links = Link([stalled(asked)], timeouts=QUICK), Link([spare], limits={"concurrent": 1})
    async with chain(*links) as proxy:
        entry = proxy.engine.configuration.entries["b/m"]
        slot = proxy.engine.ledger.reserve(entry, Need())
        assert isinstance(slot, Reservation)
        request = asyncio.create_task(proxy.ask(stream=asked))
        await asyncio.wait([request], timeout=0.6)
        assert not request.done()
        proxy.engine.ledger.release(slot)
        told = await asyncio.wait_for(request, 0.6)
        assert (told.text, told.trail) == ("spare", "a/m=timeout,b/m=ok")


@pytest.mark.parametrize("asked", [True, False])
async def test_request_ends_it_the_running_attempt_is_timeout_the_rest_not_tried(asked: bool):
    routing = Routing(max_wait=30.0, request_timeout=0.5)
    links = [refusal(429, headers={"retry-after": "9"})], [stalled(asked)], [completion("never")]
    async with chain(*links, routing=routing) as proxy:
        started = monotonic()
        told = await proxy.ask(stream=asked)
        assert 0.45 < monotonic() - started < 1.0
        assert told.trail == "a/m=429,b/m=timeout,c/m=not-tried"
        # A limit and a timeout: transient is the first row that fits.
        assert (told.status, told.error["code"]) == (503, "chain_exhausted")
        assert proxy.entry_state("b/m")[0] == "available"  # its own deadline had not passed


async def test_request_alone_is_504():
    routing = Routing(max_wait=0.0, request_timeout=0.4)
    async with chain([stalled(False)], routing=routing) as proxy:
        told = await proxy.ask()
        assert (told.status, told.error["code"]) == (504, "upstream_timeout")


async def test_request_ends_with_the_first_byte_of_a_stream():
    opened = gate()
    routing = Routing(max_wait=0.0, request_timeout=0.4)
    async with (
        chain([stream("a", opened, "b")], routing=routing) as proxy,
        proxy.call(stream=True) as answer,
    ):
        await answer.content.readuntil(b"\n\n")
        rest = asyncio.create_task(answer.read())
        await asyncio.wait([rest], timeout=0.7)
        opened.set()
        assert (await rest).endswith(DONE)


async def test_idle_between_two_chunks_of_a_plain_answer_that_has_begun():
    begun = Reply(200, {"content-type": "application/json"}, [b'{"id":', gate()], stream=True)
    async with chain(Link([begun], timeouts=QUICK), [completion("spare")]) as proxy:
        assert (await proxy.ask()).trail == "a/m=timeout,b/m=ok"


async def test_plain_is_not_met_by_white_space():
    white = Reply(200, {"content-type": "application/json"}, [b"  \n", gate()], stream=True)
    async with chain(Link([white], timeouts=replace(QUICK, idle=60)), [completion("b")]) as proxy:
        assert (await proxy.ask()).trail == "a/m=timeout,b/m=ok"


async def test_total_ends_a_stream_that_goes_on():
    event = chunk({"content": "x"}).decode()
    drip = {"op": "send", "utf8": event * 200, "split": len(event), "gap_ms": 20}
    async with scripted([{"op": "send", "utf8": HEAD}, drip], Timeouts(total=0.4)) as proxy:
        started = monotonic()
        told = await proxy.ask(stream=True)
        assert told.events[-1]["error"]["code"] == "stream_interrupted"
        assert monotonic() - started < 1.0


@asynccontextmanager
async def scripted(steps: list[Any], timeouts: Timeouts, *more: Any) -> AsyncGenerator[Proxy]:
    async with (
        scripted_upstream(steps) as up,
        chain(Link(base_url=up.base_url, timeouts=timeouts), *more) as proxy,
    ):
        yield proxy


async def test_a_dripping_header_cannot_hold_an_attempt_open():
    drip = [{"op": "send", "utf8": "HTTP/1.1 200 OK\r\nx-long: " + "x" * 200, "split": 1,
             "gap_ms": 20}]  # fmt: skip
    async with scripted(drip, QUICK, [completion("spare")]) as proxy:
        started = monotonic()
        assert (await proxy.ask()).trail == "a/m=timeout,b/m=ok"
        assert monotonic() - started < 0.8


async def test_a_dripping_byte_cannot_hold_an_attempt_open():
    comments = {"op": "send", "utf8": ": x\n" * 100, "split": 2, "gap_ms": 10}
    async with scripted([{"op": "send", "utf8": HEAD}, comments], QUICK, [stream("b")]) as proxy:
        started = monotonic()
        assert (await proxy.ask(stream=True)).trail == "a/m=timeout,b/m=ok"
        assert monotonic() - started < 0.8


async def test_a_reused_connection_that_breaks_before_any_byte_is_tried_once_more_on_a_fresh_one():
    keep = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}"
    body = completion("hi").body[0]
    assert isinstance(body, bytes)
    steps = [{"op": "send", "utf8": keep.format(len(body), body.decode())}, {"op": "hold",
              "max_ms": 150}, {"op": "reset"}]  # fmt: skip
    async with scripted_upstream(steps) as up, chain(Link(base_url=up.base_url)) as proxy:
        assert (await proxy.ask()).status == 200
        told = await proxy.ask()  # over the kept connection, whose script reads no second request
        assert (told.status, told.trail) == (200, "a/m=ok")
        logged = await proxy.finished(2)
        if len(logged.attempts) == 2:
            assert told.headers["x-429chain-attempts"] == "2"
            assert logged.attempts[0].detail == "a stale connection"
        assert proxy.entry_state("a/m")[0] == "available"


async def test_redirects_are_not_followed():
    async with chain([completion("target")], [completion("b")]) as proxy:
        there = proxy.up["b"].base_url + "/chat/completions"
        proxy.up["a"].answer(reply(302, "", headers={"location": there}))
        await proxy.ask()
        assert (await proxy.ask()).trail == "a/m=302,b/m=ok"
        assert [one.method for one in proxy.up["b"].requests] == ["POST"]


async def test_answers_are_asked_for_with_accept_encoding_identity():
    async with chain([completion("hi")]) as proxy:
        await proxy.ask()
        assert proxy.up["a"].requests[0].headers["accept-encoding"] == "identity"


async def test_an_answer_over_32_mib_is_broken():
    size = 33 * 1024 * 1024
    huge = Reply(200, {"content-type": "application/json"}, [b'{"x":"' + b"x" * size + b'"}'])
    async with chain([huge], [completion("b")]) as proxy:
        assert (await proxy.ask()).trail == "a/m=broken,b/m=ok"


# When nothing in the chain is usable.


async def test_an_open_circuit_is_tried_anyway_before_the_request_fails():
    async with chain([reply(500), reply(500), completion("better")]) as proxy:
        assert [(await proxy.ask()).status for _ in range(2)] == [503, 503]
        assert proxy.entry_state("a/m") == ("down", "down")
        told = await proxy.ask()
        assert (told.status, told.trail) == (200, "a/m=ok")
        assert proxy.entry_state("a/m")[0] == "available"


async def test_an_open_circuit_is_not_tried_while_another_entry_serves():
    async with chain([reply(500)], [completion("b")]) as proxy:
        trails = [(await proxy.ask()).trail for _ in range(3)]
        assert trails[-1] == "a/m=skipped:down,b/m=ok"


async def test_parallel_requests_all_try_a_lone_open_circuit():
    async with chain([reply(500), reply(500), completion("better")]) as proxy:
        for _ in range(2):
            await proxy.ask()
        told = await asyncio.gather(*(proxy.ask() for _ in range(10)))
        assert {one.status for one in told} == {200}


async def test_a_guessed_preset_limit_is_skipped_while_another_serves_and_asked_before_failing():
    guess = Preset(
        id="guess",
        title="Guess",
        free=(FreeLimit(scope="model", pattern="*", sizes={"rpm": 1}),),
    )
    async with chain(Link([completion("a")], preset=guess), [completion("b")]) as proxy:
        assert (await proxy.ask()).trail == "a/m=ok,b/m=not-tried"
        assert (await proxy.ask()).trail == "a/m=skipped:rpm,b/m=ok"
        proxy.edit_chain("free", ["a/m"])
        assert (await proxy.ask()).trail == "a/m=ok"
