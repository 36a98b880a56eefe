"""The official Anthropic SDK for Node against the real process, on a chain whose first entry is
exhausted; the checks are node/anthropic.mjs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.clients import node_program
from tests.clients.answers import CITY, TWO_CALLS
from tests.clients.served import in_front_of
from tests.e2e.process import ChainProcess
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import Reply, completion, refusal, stream

PROGRAM = "anthropic.mjs"


@asynccontextmanager
async def behind(
    folder: Path, *answers: Reply
) -> AsyncGenerator[tuple[ChainProcess, FakeProvider]]:
    """429chain, and the provider that answers after the first one has refused."""
    async with (
        fake_provider([refusal(429, headers={"retry-after": "3600"})]) as spent,
        fake_provider(answers) as up,
        in_front_of(folder, spent, up) as chain,
    ):
        yield chain, up
        assert len(spent.requests) <= 1


async def test_a_plain_answer(tmp_path: Path, node_clients: Path):
    async with behind(tmp_path, completion("Good day.")) as (chain, _):
        told = (await node_program.run(node_clients, PROGRAM, chain, "plain"))["plain"]
    assert (told["text"], told["stop"]) == ("Good day.", "end_turn")
    assert (told["usage"]["input_tokens"], told["usage"]["output_tokens"]) == (3, 1)
    assert told["trail"] == "p0/m=429,p1/m=ok"


async def test_a_stream(tmp_path: Path, node_clients: Path):
    async with behind(tmp_path, stream("he", "llo")) as (chain, _):
        told = (await node_program.run(node_clients, PROGRAM, chain, "stream"))["stream"]
    assert told["texts"] == ["he", "llo"]
    assert (told["text"], told["stop"]) == ("hello", "end_turn")
    assert (told["usage"]["input_tokens"], told["usage"]["output_tokens"]) == (3, 2)
    assert [kind for kind in told["kinds"] if kind != "ping"] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_a_whole_tool_round(tmp_path: Path, node_clients: Path):
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": CITY}}
    answers = (completion(None, tool_calls=[call]), completion("It is sunny."))
    async with behind(tmp_path, *answers) as (chain, up):
        told = (await node_program.run(node_clients, PROGRAM, chain, "tools"))["tools"]
    assert told == {
        "stop": "tool_use",
        "name": "weather",
        "input": {"city": "Vienna"},
        "text": "It is sunny.",
    }
    first, second = (request.body["messages"] for request in up.requests)
    assert [message["role"] for message in second[len(first) :]] == ["assistant", "tool"]
    assert second[-1]["content"] == "sunny"


async def test_parallel_tool_calls_of_a_stream(tmp_path: Path, node_clients: Path):
    async with behind(tmp_path, TWO_CALLS) as (chain, _):
        told = await node_program.run(node_clients, PROGRAM, chain, "streamed_tools")
    weather = {"name": "weather", "input": {"city": "Vienna"}}
    assert told["streamed_tools"] == {"stop": "tool_use", "calls": [weather, weather]}


async def test_the_count_and_the_model_list_ask_nobody(tmp_path: Path, node_clients: Path):
    async with behind(tmp_path, completion()) as (chain, up):
        told = (await node_program.run(node_clients, PROGRAM, chain, "count"))["count"]
        assert told == {"tokens": 2, "models": ["free", "p0/m", "p1/m"]}
        assert not up.requests


async def test_errors_are_the_classes_a_program_expects(tmp_path: Path, node_clients: Path):
    async with behind(tmp_path, completion()) as (chain, _):
        told = (await node_program.run(node_clients, PROGRAM, chain, "errors"))["errors"]
    assert {name: (error["class"], error["type"]) for name, error in told.items()} == {
        "key": ("AuthenticationError", "authentication_error"),
        "body": ("BadRequestError", "invalid_request_error"),
    }
    assert told["key"]["id"]
    assert "messages" in told["body"]["message"]


@pytest.mark.parametrize("wait, hits, retry", [("1", 3, None), ("3600", 1, "false")])
async def test_an_exhausted_chain_is_asked_as_often_as_makes_sense(
    tmp_path: Path, node_clients: Path, wait: str, hits: int, retry: str | None
):
    async with (
        fake_provider([refusal(429, headers={"retry-after": wait})]) as up,
        in_front_of(tmp_path, up) as chain,
    ):
        told = await node_program.run(node_clients, PROGRAM, chain, "limited", retries=2)
        await chain.says("free -> nobody: 429 failed", times=hits)
    limited = told["limited"]
    assert (limited["class"], limited["type"]) == ("RateLimitError", "rate_limit_error")
    assert limited["retry"] == retry
    assert chain.stderr.count("free -> nobody: 429 failed") == hits


async def test_a_stream_that_is_cut_off_raises(tmp_path: Path, node_clients: Path):
    broken = stream("one", finish=None, usage=None, done=False, cut=True)
    async with behind(tmp_path, broken) as (chain, _):
        told = (await node_program.run(node_clients, PROGRAM, chain, "cut"))["cut"]
    assert told["class"] == "APIError"
    assert "interrupted" in told["message"]
