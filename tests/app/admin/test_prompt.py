"""Test prompts: the engine's own way, watched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.app.running import TOKEN, Instance, config, running
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import completion, refusal, stream


@pytest.fixture
async def lab() -> AsyncGenerator[FakeProvider]:
    """A provider whose answers each test names."""
    async with fake_provider(models=["m"]) as provider:
        yield provider


def events(text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for block in text.split("\n\n"):
        if block.startswith("event: "):
            name, _, data = block.partition("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_plain_prompt_tells_the_answer_and_the_way(tmp_path: Path) -> None:
    async with fake_provider([refusal(429)]) as a, fake_provider([completion("blue")]) as b:
        text = config(
            f'[routing]\nmax_wait = "0s"\n[providers.a]\npreset = "openai-compatible"\n'
            f'base_url = "{a.base_url}"\n'
            f'[providers.b]\npreset = "openai-compatible"\nbase_url = "{b.base_url}"\n'
            '[chains.free]\nentries = ["a/m", "b/m"]\n'
        )
        async with running(tmp_path, text) as made:
            answer = await made.ask("POST", "/api/test", json={"chain": "free", "prompt": "sky?"})
            logged = (await made.ask("GET", "/api/requests")).body["items"][0]

    assert answer.status == 200
    assert (answer.body["content"], answer.body["entry"]) == ("blue", "b/m")
    assert [(s["entry"], s["outcome"]) for s in answer.body["trail"]] == [
        ("a/m", "429"),
        ("b/m", "ok"),
    ]
    assert answer.body["trail"][0]["detail"] == "slow down"
    assert b.requests[0].body["messages"] == [{"role": "user", "content": "sky?"}]
    assert (logged["client"], logged["id"]) == ("test", answer.body["id"])


async def test_a_stream_tells_steps_pieces_and_the_end(
    instance: Instance, lab: FakeProvider
) -> None:
    gate = asyncio.Event()
    lab.answer(stream("one ", gate, "two"))
    told = b""
    async with instance.http.post(
        f"{instance.url}/api/test",
        json={"entry": "lab/m", "prompt": "x", "stream": True},
        headers={"authorization": f"Bearer {TOKEN}"},
    ) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        while b"one " not in told:
            told += await answer.content.readany()
        # The first piece is here while the provider has not said the second.
        assert b"two" not in told
        gate.set()
        told += await answer.read()

    found = events(told.decode())
    assert [name for name, _ in found] == ["step", "step", "text", "text", "done"]
    assert found[0][1]["outcome"] == "trying"
    done = found[-1][1]
    assert (done["content"], done["outcome"], done["tokens_out"]) == ("one two", "ok", 2)


async def test_nobody_served_is_told_as_a_result(instance: Instance, lab: FakeProvider) -> None:
    lab.answer(refusal(500, "broken inside"))
    answer = await instance.ask("POST", "/api/test", json={"chain": "free", "prompt": "x"})

    assert answer.status == 200
    assert (answer.body["outcome"], answer.body["status"]) == ("failed", 503)
    assert "lab/m" in answer.body["error"]


async def test_a_stream_that_breaks(instance: Instance, lab: FakeProvider) -> None:
    lab.answer(stream("half", finish=None, usage=None, done=False, cut=True))
    answer = await instance.ask(
        "POST", "/api/test", json={"chain": "free", "prompt": "x", "stream": True}
    )

    done = events(answer.text)[-1][1]
    assert (done["outcome"], done["content"]) == ("interrupted", "half")
    assert done["error"]


async def test_who_stops_watching_stops_the_upstream(instance: Instance, lab: FakeProvider) -> None:
    lab.answer(stream("one ", asyncio.Event()))
    async with instance.http.post(
        f"{instance.url}/api/test",
        json={"entry": "lab/m", "prompt": "x", "stream": True},
        headers={"authorization": f"Bearer {TOKEN}"},
    ) as answer:
        # Its first step is told before the upstream is asked.
        told = b""
        while b"one " not in told:
            told += await answer.content.readany()
        answer.close()
    async with asyncio.timeout(2):
        await lab.wait_for_abandoned()
        await instance.engine.idle.wait()
    logged = (await instance.ask("GET", "/api/requests")).body["items"][0]

    assert (logged["outcome"], logged["client_closed"]) == ("left", True)


@pytest.mark.parametrize(
    "body, status, field",
    [
        ({"prompt": "x"}, 400, "chain"),
        ({"prompt": "x", "chain": "free", "entry": "lab/m"}, 400, "chain"),
        ({"prompt": "", "chain": "free"}, 400, "prompt"),
        ({"chain": "free"}, 400, "prompt"),
        ({"prompt": 7, "chain": "free"}, 400, "prompt"),
        ({"prompt": "x", "chain": "nix"}, 404, "chain"),
        ({"prompt": "x", "entry": "nix/m"}, 404, "entry"),
        ({"prompt": "x", "chain": "free", "stream": "yes"}, 400, "stream"),
        ({"prompt": "x", "chain": "free", "model": "y"}, 400, "model"),
    ],
)
async def test_what_is_wrong_is_named(
    body: dict[str, object], status: int, field: str, instance: Instance, lab: FakeProvider
) -> None:
    for stream_too in ({}, {"stream": True} if "stream" not in body else {}):
        answer = await instance.ask("POST", "/api/test", json={**body, **stream_too})
        assert (answer.status, answer.body["error"]["field"]) == (status, field)
    assert lab.requests == []
