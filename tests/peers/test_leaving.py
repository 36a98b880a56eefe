"""Clients that go away, in every phase: the upstream is let go of, and nobody is blamed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.faults.product import CLIENT_KEY
from tests.peers.aborts import abort_streams
from tests.peers.stage import CHAT, Stage, chat, staged
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.raw_client import RawClient, raw_client
from tests.upstreams.replies import ROLE, Reply, completion, raw_stream, stream

pytestmark = pytest.mark.alone

_AT_ONCE = 0.2
_AT_THE_LATEST = 1.0


def _before_the_head(gate: asyncio.Event) -> Reply:
    return completion("late", gate=gate)


def _amid_the_body(gate: asyncio.Event) -> Reply:
    whole = completion("half")
    body = b"".join(piece for piece in whole.body if isinstance(piece, bytes))
    return Reply(200, whole.headers, [body[:40], gate, body[40:]], stream=True)


def _before_the_head_of_a_stream(gate: asyncio.Event) -> Reply:
    return Reply(200, {"content-type": "text/event-stream"}, [gate, ROLE], stream=True)


def _before_the_first_token(gate: asyncio.Event) -> Reply:
    return raw_stream(ROLE, gate, ROLE)


def _amid_the_stream(gate: asyncio.Event) -> Reply:
    return stream("fir", gate, "st")


@dataclass(frozen=True, slots=True)
class Phase:
    reply: Callable[[asyncio.Event], Reply]
    stream: bool
    read: bytes = b""
    """The client stays until this has come."""


PHASES = {
    "plain, before the head": Phase(_before_the_head, stream=False),
    "plain, amid the body": Phase(_amid_the_body, stream=False),
    "stream, before the head": Phase(_before_the_head_of_a_stream, stream=True),
    "stream, before the first token": Phase(_before_the_first_token, stream=True),
    "stream, amid the answer": Phase(_amid_the_stream, stream=True, read=b'"fir"'),
}


async def _fin(client: RawClient) -> None:
    client.writer.close()


async def _rst(client: RawClient) -> None:
    await client.reset()


async def _half(client: RawClient) -> None:
    client.half_close()


FAREWELLS = {"FIN": _fin, "RST": _rst, "half-close": _half}


async def _leave(stage: Stage, up: FakeProvider, phase: Phase, farewell: str) -> float:
    """Ask, leave in that phase; seconds until the upstream's connection was closed."""
    requests, abandoned = len(up.requests), up.abandoned
    async with raw_client(stage.port) as client:
        body = chat(stream=phase.stream)
        await client.send(client.request_bytes("POST", CHAT, body, key=CLIENT_KEY))
        await up.wait_for_requests(requests + 1)
        if phase.read:
            await client.reader.readuntil(phase.read)
        left = time.monotonic()
        await FAREWELLS[farewell](client)
        async with asyncio.timeout(10):
            await up.wait_for_abandoned(abandoned + 1)
        return time.monotonic() - left


async def test_a_client_that_leaves_takes_its_upstream_along():
    """Concurrent = 1: were one reservation left open, nothing would be served any more."""
    gate = asyncio.Event()
    async with (
        fake_provider() as up,
        staged([up.base_url], limits={"concurrent": 1, "rpm": 1000}) as stage,
    ):
        rows = 0
        for name, phase in PHASES.items():
            waits: list[float] = []
            for farewell in FAREWELLS:
                up.answer(phase.reply(gate))
                waits.append(await _leave(stage, up, phase, farewell))
                rows += 1
            assert min(waits) < _AT_ONCE, (name, waits)
            assert max(waits) < _AT_THE_LATEST, (name, waits)
            up.answer(completion("next"))
            answer = await stage.ask()
            rows += 1
            assert answer.status == 200, (name, answer.body)
            assert answer.headers["x-429chain-trail"] == "up0/m=ok", name
        log = await stage.until_rows(rows)
        left = [row for row in log if row["client_closed"]]
        assert len(left) == len(PHASES) * len(FAREWELLS)
        assert {(row["outcome"], row["attempts"]) for row in left} == {("left", 1)}
        assert {row["outcome"] for row in log if not row["client_closed"]} == {"ok"}
        assert "Traceback" not in stage.output()


async def test_a_client_that_leaves_the_line_is_never_asked_for():
    gate = asyncio.Event()
    async with (
        fake_provider([completion("first", gate=gate), completion("last")]) as up,
        staged([up.base_url], limits={"concurrent": 1}, routing={"max_wait": "30s"}) as stage,
    ):
        first = asyncio.create_task(stage.ask())
        await up.wait_for_requests(1)
        for stream_wanted in (False, True):
            async with raw_client(stage.port) as waiting:
                body = chat(stream=stream_wanted)
                await waiting.send(waiting.request_bytes("POST", CHAT, body, key=CLIENT_KEY))
                # In the line it is as soon as it is known to the product: after its next answer.
                async with raw_client(stage.port) as other:
                    await other.request("GET", "/health")
                await FAREWELLS["RST"](waiting)
        await stage.until_rows(2)
        gate.set()
        assert (await first).status == 200
        answer = await stage.ask()
        assert b"last" in answer.body
        assert len(up.requests) == 2
        rows = await stage.until_rows(4)
    assert [(row["outcome"], row["attempts"]) for row in rows[:2]] == [("left", 0)] * 2


async def test_a_client_that_leaves_amid_its_own_body_asks_nobody():
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        for farewell in FAREWELLS.values():
            async with raw_client(stage.port) as client:
                whole = client.request_bytes("POST", CHAT, chat(), key=CLIENT_KEY)
                await client.send(whole[:-10])
                await farewell(client)
        assert (await stage.ask()).status == 200
        assert len(up.requests) == 1
        assert "Traceback" not in stage.output()


@pytest.mark.timeout(120)
async def test_streams_that_are_aborted_anywhere_leave_nothing_behind():
    report = await abort_streams(300, warm_up=100)
    assert report.good, str(report)
