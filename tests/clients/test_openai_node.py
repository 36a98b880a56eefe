"""The official OpenAI SDK for Node against the real process; the checks are node/checks.mjs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients import node_program
from tests.clients.served import MODEL, in_front_of, served
from tests.e2e.process import ChainProcess
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import refusal, stream


async def run(folder: Path, chain: ChainProcess, *checks: str, retries: int = 0) -> dict[str, Any]:
    """What the named checks of `checks.mjs` print."""
    return await node_program.run(folder, "checks.mjs", chain, *checks, retries=retries)


async def test_all_that_a_program_does(tmp_path: Path, node_clients: Path):
    checks = ("chat", "stream", "tools", "streamed_tools", "structured", "models")
    async with served(tmp_path) as one:
        told = await run(node_clients, one.chain, *checks)
    assert told["chat"]["content"]
    assert told["chat"]["provider"] == "groq"
    assert told["chat"]["usage"]["total_tokens"] > 0
    assert len(told["stream"]["text"]) > 10
    assert (told["stream"]["finish"], told["stream"]["empty"]) == (["stop"], 0)
    assert (told["tools"]["finish"], told["tools"]["name"]) == ("tool_calls", "weather")
    assert set(told["tools"]["arguments"]) == {"city"}
    assert told["tools"]["content"]
    assert told["streamed_tools"]["name"] == "weather"
    assert set(told["streamed_tools"]["arguments"]) == {"city"}
    assert set(told["structured"]) == {"city"}
    ids = ["free", f"groq/{MODEL}"]
    assert told["models"] == {"ids": ids, "retrieved": ids}


async def test_errors_are_the_classes_a_program_expects(tmp_path: Path, node_clients: Path):
    async with served(tmp_path) as one:
        told = (await run(node_clients, one.chain, "errors"))["errors"]
    assert {name: (error["class"], error["code"]) for name, error in told.items()} == {
        "key": ("AuthenticationError", "invalid_api_key"),
        "model": ("NotFoundError", "model_not_found"),
        "body": ("BadRequestError", None),
        "listed": ("NotFoundError", "model_not_found"),
    }
    assert told["body"]["param"] == "messages"


@pytest.mark.parametrize("wait, hits, retry", [("1", 3, None), ("3600", 1, "false")])
async def test_an_exhausted_chain_is_asked_as_often_as_makes_sense(
    tmp_path: Path, node_clients: Path, wait: str, hits: int, retry: str | None
):
    async with (
        fake_provider([refusal(429, headers={"retry-after": wait})]) as up,
        in_front_of(tmp_path, up) as chain,
    ):
        told = (await run(node_clients, chain, "limited", retries=2))["limited"]
        await chain.says("free -> nobody: 429 failed", times=hits)
    assert (told["class"], told["code"]) == ("RateLimitError", "rate_limit_exceeded")
    assert told["retry"] == retry
    assert chain.stderr.count("free -> nobody: 429 failed") == hits


async def test_usage_comes_once_when_it_is_asked_for_and_never_else(
    tmp_path: Path, node_clients: Path
):
    async with (
        fake_provider([stream("one", "two", usage=(7, 5))]) as up,
        in_front_of(tmp_path, up) as chain,
    ):
        told = await run(node_clients, chain, "usage", "stream")
    assert (told["usage"]["usages"], told["usage"]["empty"]) == ([12], 1)
    assert (told["stream"]["usages"], told["stream"]["empty"]) == ([], 0)


async def test_a_stream_that_is_cut_off_raises(tmp_path: Path, node_clients: Path):
    async with (
        fake_provider([stream("one", finish=None, usage=None, done=False, cut=True)]) as up,
        in_front_of(tmp_path, up) as chain,
    ):
        told = (await run(node_clients, chain, "cut"))["cut"]
    assert told["class"] == "APIError"
    assert "interrupted" in told["message"]
