"""Hosts that cannot be reached, in every way, and chains of a hundred entries none of which serves
(reliability.md, cases 2, 4, 39 to 41)."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import orjson
import pytest

from proxy.model import Routing, Timeouts
from tests.proxy.routing.stage import Link, chain
from tests.upstreams.certificate import untrusted_server
from tests.upstreams.replies import Reply, completion, reply
from tests.upstreams.scripted import loopback_server, scripted_upstream

pytestmark = pytest.mark.alone

IMPATIENT = Timeouts(connect=0.3, first_token=0.3, plain=0.3)


async def test_a_resolver_that_hangs_is_bounded_by_connect(monkeypatch: pytest.MonkeyPatch):
    ended, real = threading.Event(), socket.getaddrinfo

    def hang(host: str, *more: Any, **named: Any) -> Any:
        if host == "slow.test":
            ended.wait(10)
        return real("127.0.0.1" if host == "slow.test" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    slow = Link(base_url="http://slow.test:9/v1", timeouts=Timeouts(connect=0.3))
    try:
        async with chain(slow, [completion("spare")]) as proxy:
            started = monotonic()
            told = await proxy.ask()
            assert (told.text, told.trail) == ("spare", "a/m=unreachable,b/m=ok")
            assert 0.25 < monotonic() - started < 1.5
            ended.set()
    finally:
        ended.set()


async def test_plain_http_to_a_tls_port_goes_to_the_next_entry():
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("no handshake, no connection")

    async with loopback_server(never, untrusted_server()) as port:
        wrong = Link(base_url=f"http://127.0.0.1:{port}/v1")
        async with chain(wrong, [completion("spare")]) as proxy:
            told = await proxy.ask()
            assert (told.text, told.trail) == ("spare", "a/m=broken,b/m=ok")


def _hundred(answer: Callable[[int], Reply]) -> list[Link]:
    return [
        Link([answer(number)], provider=f"p{number}", timeouts=IMPATIENT) for number in range(100)
    ]


async def test_a_hundred_entries_that_refuse_are_a_quick_answer():
    async with chain(*_hundred(lambda number: reply(500 + number % 3, "no"))) as proxy:
        started = monotonic()
        told = await proxy.ask()
        assert monotonic() - started < 3
        assert (told.status, told.error["code"]) == (503, "chain_exhausted")
        assert told.headers["x-429chain-attempts"] == "100"
        assert len(told.trail) <= 1024
        assert len(told.error["trail"]) == 100
        logged = await proxy.finished()
        assert [one.entry for one in logged.attempts] == [f"p{n}/m" for n in range(100)]


async def test_a_hundred_entries_that_say_nothing_are_bounded_by_the_request():
    silence = asyncio.Event()
    routing = Routing(max_wait=0.0, request_timeout=1.5)
    silent = _hundred(lambda _: completion("late", gate=silence))
    async with chain(*silent, routing=routing) as proxy:
        started = monotonic()
        told = await proxy.ask()
        assert 1.4 < monotonic() - started < 3
        assert (told.status, told.error["code"]) == (504, "upstream_timeout")
        outcomes = [step["outcome"] for step in told.error["trail"]]
        tried = outcomes.count("timeout")
        assert 3 <= tried <= 6
        assert outcomes == ["timeout"] * tried + ["not-tried"] * (100 - tried)


async def test_a_host_that_is_down_for_many_at_once_is_one_open_circuit():
    async with (
        scripted_upstream((), listen="refuse") as up,
        chain(Link(base_url=up.base_url), [completion("spare")]) as proxy,
    ):
        told = await asyncio.gather(*(proxy.ask() for _ in range(100)))
        assert {one.text for one in told} == {"spare"}
        assert {one.trail for one in told} <= {"a/m=unreachable,b/m=ok", "a/m=skipped:down,b/m=ok"}
        assert (await proxy.ask()).trail == "a/m=skipped:down,b/m=ok"


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_connection_that_the_upstream_closes_is_not_used_again(version: str):
    body = orjson.dumps(
        {"choices": [{"message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}]}
    ).decode()
    fields = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    if version == "HTTP/1.1":
        fields += "connection: close\r\n"
    steps = ({"op": "send", "utf8": f"{version} 200 OK\r\n{fields}\r\n{body}"}, {"op": "close"})
    async with scripted_upstream(steps) as up, chain(Link(base_url=up.base_url)) as proxy:
        for _ in range(3):
            assert (await proxy.ask()).trail == "a/m=ok"
        assert len(up.requests) == 3
