"""The official Anthropic SDK for Python against the real process, on a chain whose first entry is
exhausted."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam, ToolParam

from tests.clients.answers import CITY, ONE_CALL, REASONING, TWO_CALLS
from tests.clients.served import in_front_of
from tests.e2e.process import CLIENT_KEY
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import Reply, chunk, completion, raw_stream, refusal, stream

HELLO: list[MessageParam] = [{"role": "user", "content": "Hello"}]
WEATHER: ToolParam = {
    "name": "weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@asynccontextmanager
async def behind(
    folder: Path, *answers: Reply, key: str = CLIENT_KEY
) -> AsyncGenerator[tuple[AsyncAnthropic, FakeProvider]]:
    """The SDK, and the provider that answers after the first one has refused."""
    async with (
        fake_provider([refusal(429, headers={"retry-after": "3600"})]) as spent,
        fake_provider(answers) as up,
        in_front_of(folder, spent, up) as chain,
        AsyncAnthropic(
            base_url=chain.base_url.removesuffix("/v1"), api_key=key, max_retries=0
        ) as sdk,
    ):
        yield sdk, up
        assert len(spent.requests) <= 1


@pytest.mark.parametrize(
    "answer, kinds, reason",
    [
        (stream("he", "llo"), ["text"], "end_turn"),
        (ONE_CALL, ["tool_use"], "tool_use"),
        (TWO_CALLS, ["tool_use", "tool_use"], "tool_use"),
        (REASONING, ["thinking", "text"], "end_turn"),
        (stream("he", finish="length"), ["text"], "max_tokens"),
    ],
    ids=["text", "tool call", "two parallel calls", "thinking", "cut by max_tokens"],
)
async def test_the_helper_follows_a_stream(
    tmp_path: Path, answer: Reply, kinds: list[str], reason: str
):
    async with (
        behind(tmp_path, answer) as (sdk, _),
        sdk.messages.stream(
            model="free",
            max_tokens=2048,
            messages=HELLO,
            tools=[WEATHER],
            thinking={"type": "enabled", "budget_tokens": 1024},
        ) as events,
    ):
        final = await events.get_final_message()
    assert [block.type for block in final.content] == kinds
    assert final.stop_reason == reason
    assert final.usage.output_tokens == 2
    assert final.usage.input_tokens == 3
    for block in final.content:
        if block.type == "tool_use":
            assert (block.name, block.input) == ("weather", {"city": "Vienna"})
        elif block.type == "thinking":
            assert block.thinking == "let me think"


async def test_a_plain_answer_and_a_whole_tool_round(tmp_path: Path):
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": CITY}}
    async with behind(tmp_path, completion(None, tool_calls=[call]), completion("It rains.")) as (
        sdk,
        up,
    ):
        asked = await sdk.messages.create(
            model="free", max_tokens=99, messages=HELLO, tools=[WEATHER]
        )
        (block,) = asked.content
        assert block.type == "tool_use"
        assert asked._request_id  # pyright: ignore[reportPrivateUsage]
        history: list[Any] = [
            *HELLO,
            {"role": "assistant", "content": [block.to_dict()]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": block.id, "content": "rain"}],
            },
        ]
        answer = await sdk.messages.create(
            model="free",
            max_tokens=99,
            system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            messages=cast("list[MessageParam]", history),
            tools=[WEATHER],
        )
        (text,) = answer.content
        assert text.type == "text"
        assert text.text == "It rains."
        roles = [message["role"] for message in up.requests[-1].body["messages"]]
        assert roles == ["system", "user", "assistant", "tool"]


async def test_the_model_list_and_the_count(tmp_path: Path):
    async with behind(tmp_path, completion()) as (sdk, up):
        listed = [model.id async for model in sdk.models.list()]
        assert listed == ["free", "p0/m", "p1/m"]
        assert (await sdk.models.retrieve("free")).display_name == "free"
        counted = await sdk.messages.count_tokens(
            model="free", messages=[{"role": "user", "content": "x" * 400}]
        )
        assert counted.input_tokens == 100
        assert not up.requests


async def test_errors_are_anthropics_own(tmp_path: Path):
    async with behind(tmp_path, refusal(429, headers={"retry-after": "30"})) as (sdk, _):
        with pytest.raises(anthropic.RateLimitError) as limited:
            await sdk.messages.create(model="free", max_tokens=9, messages=HELLO)
        assert limited.value.response.headers["retry-after"] == "30"
        assert limited.value.request_id
        body = cast("dict[str, Any]", limited.value.body)
        assert body["error"]["type"] == "rate_limit_error"
        with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
            await sdk.messages.create(model="free", max_tokens=0, messages=HELLO)


async def test_a_wrong_key(tmp_path: Path):
    async with behind(tmp_path, completion(), key="wrong") as (sdk, _):
        with pytest.raises(anthropic.AuthenticationError) as refused:
            await sdk.messages.create(model="free", max_tokens=9, messages=HELLO)
        body = cast("dict[str, Any]", refused.value.body)
        assert body["error"]["type"] == "authentication_error"


async def test_a_broken_stream_raises(tmp_path: Path):
    async with behind(tmp_path, raw_stream(chunk({"content": "he"}), cut=True)) as (sdk, _):
        with pytest.raises(anthropic.APIStatusError, match="interrupted"):
            async with sdk.messages.stream(model="free", max_tokens=9, messages=HELLO) as events:
                await events.get_final_message()
