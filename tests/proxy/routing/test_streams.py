"""Streams: DESIGN A5, sentence by sentence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxy.model import Preset
from tests.proxy.routing.stage import QUICK, Link, chain
from tests.upstreams.replies import (
    DONE,
    ROLE,
    chunk,
    completion,
    raw_stream,
    sse,
    stream,
)

HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
PING = b": ping\n\n"


def gate() -> asyncio.Event:
    return asyncio.Event()


# Nothing goes to the client before the first meaningful event.


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([ROLE, sse({"error": {"message": "x", "code": 500}})], id="an error event"),
        pytest.param([ROLE, b"event: error\ndata: {}\n\n"], id="a named error event"),
        pytest.param([ROLE, PING, gate()], id="a stall past first_token"),
        pytest.param([PING, DONE], id="an empty stream"),
        pytest.param([ROLE, b"data: <html>\n\n"], id="no JSON"),
        pytest.param([ROLE] * 70 + [gate()], id="more than 64 events are held"),
        pytest.param([chunk({"role": "assistant", "pad": "x" * 300_000}), gate()], id="256 KiB"),
    ],
)
async def test_everything_before_the_first_meaningful_event_still_falls_over(pieces: list[Any]):
    link = Link([raw_stream(*pieces)], timeouts=QUICK)
    async with chain(link, [stream("saved")]) as proxy:
        told = await proxy.ask(stream=True)
        assert (told.status, told.text, told.done) == (200, "saved", True)
        assert told.trail.endswith("b/m=ok")


@pytest.mark.parametrize(
    "event",
    [
        chunk({"content": "x"}),
        chunk({"reasoning": "hm"}),
        chunk({"reasoning_content": "hm"}),
        chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f"}}]}),
        chunk({}, finish="stop"),
    ],
)
async def test_content_reasoning_tool_calls_and_a_finish_are_meaningful(event: bytes):
    opened = gate()
    finish = chunk({}, finish="stop")
    async with (
        chain([raw_stream(ROLE, event, opened, finish, DONE)], [stream("spare")]) as proxy,
        proxy.call(stream=True) as answer,
    ):
        first = await answer.content.readuntil(b"\n\n")
        second = await answer.content.readuntil(b"\n\n")
        assert (first, second) == (ROLE, event)
        opened.set()
        assert (await answer.read()).endswith(DONE)


async def test_every_event_is_forwarded_as_it_arrives_with_the_headers_of_a_stream():
    one, two = gate(), gate()
    async with (
        chain([stream("a", one, "b", two, "c")]) as proxy,
        proxy.call(stream=True) as answer,
    ):
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["x-429chain-trail"] == "a/m=ok"
        await answer.content.readuntil(b"\n\n")
        assert b'"a"' in await answer.content.readuntil(b"\n\n")
        one.set()
        assert b'"b"' in await answer.content.readuntil(b"\n\n")
        two.set()
        assert b'"c"' in await answer.content.readuntil(b"\n\n")


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([sse({"error": {"message": "x"}})], id="an error event"),
        pytest.param([gate()], id="a stall past idle"),
        pytest.param([b"data: <html>\n\n"], id="no JSON"),
        pytest.param([], id="an end with neither finish_reason nor [DONE]"),
    ],
)
async def test_after_the_first_forwarded_event_a_failure_ends_the_stream(pieces: list[Any]):
    link = Link([raw_stream(ROLE, chunk({"content": "so far"}), *pieces)], timeouts=QUICK)
    async with chain(link, [stream("never")]) as proxy:
        told = await proxy.ask(stream=True)
        assert told.text == "so far"
        assert not told.done
        error = told.events[-1]["error"]
        assert (error["type"], error["code"]) == ("upstream_error", "stream_interrupted")
        assert proxy.up["b"].requests == []
        logged = await proxy.finished()
        assert (logged.outcome, logged.status, logged.entry) == ("interrupted", 200, "a/m")
        assert [one.outcome for one in logged.attempts] == ["broken"]
        assert logged.trail == (("a/m", "broken"), ("b/m", "not-tried"))
        assert logged.tokens_out > 0
        assert logged.estimated
        assert proxy.entry_state("a/m") == ("down", "down")


async def test_a_missing_done_after_a_finish_reason_is_repaired():
    async with chain([stream("hi", done=False)]) as proxy:
        assert (await proxy.ask(stream=True)).done


async def test_json_in_answer_to_a_stream_and_a_stream_in_answer_to_a_plain_one_are_converted():
    async with chain([completion("plain"), stream("stre", "am")]) as proxy:
        told = await proxy.ask(stream=True)
        assert (told.text, told.done) == ("plain", True)
        assert (await proxy.ask()).text == "stream"


@pytest.mark.parametrize("asked", [True, False])
async def test_usage_is_asked_for_upstream_and_hidden_unless_the_client_asked(asked: bool):
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if asked else {}
    async with chain([stream("hi", usage=(3, 2))]) as proxy:
        told = await proxy.ask(stream=True, **options)
        sent = proxy.up["a"].requests[0].body
        assert sent["stream_options"] == {"include_usage": True}
        assert any(event.get("usage") for event in told.events) is asked
        logged = await proxy.finished()
        assert (logged.tokens_in, logged.tokens_out, logged.estimated) == (3, 2, False)


async def test_usage_is_not_asked_for_where_the_provider_does_not_know_it():
    preset = Preset(id="old", title="Old", include_usage=False)
    async with chain(Link([stream("hi", usage=None)], preset=preset)) as proxy:
        await proxy.ask(stream=True)
        assert "stream_options" not in proxy.up["a"].requests[0].body
        assert (await proxy.finished()).estimated


async def test_a_success_after_its_error_in_the_same_chunk_is_still_interrupted():
    body = chunk({"content": "x"}) + sse({"error": {"message": "late"}})
    async with chain([raw_stream(body)], [stream("never")]) as proxy:
        told = await proxy.ask(stream=True)
        assert told.text == "x"
        assert told.events[-1]["error"]["code"] == "stream_interrupted"


async def test_a_stream_that_the_program_interrupts_tells_its_client_and_penalises_nobody():
    async with (
        chain([stream("so far", gate())]) as proxy,
        proxy.call(stream=True) as answer,
    ):
        await answer.content.readuntil(b"\n\n")
        await answer.content.readuntil(b"\n\n")
        proxy.engine.interrupt()
        rest = await answer.read()
        assert b'"stream_interrupted"' in rest
        assert b"[DONE]" not in rest
        logged = await proxy.finished()
        assert (logged.outcome, logged.attempts[0].outcome) == ("interrupted", "ok")
        assert proxy.entry_state("a/m")[0] == "available"
        await proxy.up["a"].wait_for_abandoned()
