"""The canned provider: real HTTP, answers from a list, gates in place of sleeps."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.upstreams.fake_provider import FakeProvider, Received, fake_provider
from tests.upstreams.replies import Reply, chunk, completion, raw_stream, refusal, reply, stream


async def ask(session: aiohttp.ClientSession, up: FakeProvider) -> tuple[int, bytes]:
    async with session.post(
        f"{up.base_url}/chat/completions",
        json={"model": "m"},
        headers={"Authorization": "Bearer k"},
    ) as answer:
        return answer.status, await answer.read()


async def test_answers_come_in_order_and_the_last_one_stays():
    answers = [refusal(429, headers={"retry-after": "7"}), completion("hi")]
    async with fake_provider(answers) as up, aiohttp.ClientSession() as session:
        assert [(await ask(session, up))[0] for _ in range(3)] == [429, 200, 200]
        up.answer(reply(503, "<html>down</html>"))
        assert await ask(session, up) == (503, b"<html>down</html>")
    assert [request.body["model"] for request in up.requests] == ["m"] * 4
    assert (up.requests[0].key, up.requests[0].path) == ("k", "/v1/chat/completions")


async def test_answers_may_depend_on_the_request():
    def answer(received: Received) -> Reply:
        return completion(f"for {received.body['model']}")

    async with fake_provider(answer) as up, aiohttp.ClientSession() as session:
        assert b"for m" in (await ask(session, up))[1]


async def test_the_model_list_is_no_chat_request():
    rows = ["a", {"id": "b", "context_window": 8}]
    async with (
        fake_provider(models=rows) as up,
        aiohttp.ClientSession() as session,
        session.get(f"{up.base_url}/models") as answer,
    ):
        listed = await answer.json()
    assert [row["id"] for row in listed["data"]] == ["a", "b"]
    assert (len(up.requests), len(up.listings)) == (0, 1)


async def test_a_stream_waits_at_its_gate():
    gate = asyncio.Event()
    async with (
        fake_provider([stream("one", gate, "two")]) as up,
        aiohttp.ClientSession() as session,
        session.post(f"{up.base_url}/chat/completions", json={}) as answer,
    ):
        before = b""
        while b"one" not in before:
            before += await answer.content.readany()
        assert b"two" not in before
        gate.set()
        after = await answer.content.read()
    assert b"two" in after
    assert after.endswith(b"data: [DONE]\n\n")


async def test_a_plain_answer_waits_at_its_gate():
    gate = asyncio.Event()
    async with fake_provider([completion(gate=gate)]) as up, aiohttp.ClientSession() as session:
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(ask(session, up))
            await up.wait_for_requests()
            assert not asked.done()
            gate.set()
        assert asked.result()[0] == 200


async def test_a_client_that_leaves_is_noticed():
    async with fake_provider([stream("one", asyncio.Event())]) as up:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{up.base_url}/chat/completions", json={}) as answer,
        ):
            await answer.content.readany()
        await up.wait_for_abandoned()
    assert up.abandoned == 1


async def test_a_cut_stream_is_cut():
    cut = raw_stream(chunk({"content": "one"}), cut=True)
    async with fake_provider([cut]) as up, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(session, up)
