"""OpenAI's Responses: the official SDK's strict helper, and what Codex sends, on a chain whose
first entry is exhausted."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.responses import FunctionToolParam
from pydantic import BaseModel

from tests.clients.answers import CITY, ONE_CALL, REASONING, TWO_CALLS
from tests.clients.served import in_front_of
from tests.e2e.process import CLIENT_KEY
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import Reply, chunk, completion, raw_stream, refusal, stream

WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


@asynccontextmanager
async def behind(folder: Path, *answers: Reply) -> AsyncGenerator[tuple[AsyncOpenAI, FakeProvider]]:
    """The SDK, and the provider that answers after the first one has refused."""
    async with (
        fake_provider([refusal(429, headers={"retry-after": "3600"})]) as spent,
        fake_provider(answers) as up,
        in_front_of(folder, spent, up) as chain,
        AsyncOpenAI(base_url=chain.base_url, api_key=CLIENT_KEY, max_retries=0) as sdk,
    ):
        yield sdk, up
        assert len(spent.requests) <= 1


@pytest.mark.parametrize(
    "answer, kinds",
    [
        (stream("he", "llo"), ["message"]),
        (ONE_CALL, ["function_call"]),
        (TWO_CALLS, ["function_call", "function_call"]),
        (REASONING, ["reasoning", "message"]),
        (completion("told again as a stream"), ["message"]),
    ],
    ids=["text", "tool call", "two parallel calls", "reasoning", "plain upstream"],
)
async def test_the_strict_helper_follows_a_stream(tmp_path: Path, answer: Reply, kinds: list[str]):
    async with (
        behind(tmp_path, answer) as (sdk, _),
        sdk.responses.stream(model="free", input="Hello", tools=[WEATHER]) as events,
    ):
        seen = [event.sequence_number async for event in events]
        final = await events.get_final_response()
    assert seen == list(range(len(seen)))
    assert final.status == "completed"
    assert [item.type for item in final.output] == kinds
    for item in final.output:
        if item.type == "function_call":
            assert (item.name, item.arguments) == ("weather", CITY)
            assert item.parsed_arguments == {"city": "Vienna"}
        elif item.type == "reasoning":
            assert item.summary[0].text == "let me think"
    assert final.usage is not None
    assert final.usage.total_tokens > 0


async def test_a_plain_answer_and_a_whole_tool_round(tmp_path: Path):
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": CITY}}
    answers = completion(None, tool_calls=[call]), completion("It rains.")
    async with behind(tmp_path, *answers) as (sdk, up):
        asked = await sdk.responses.create(model="free", input="Weather?", tools=[WEATHER])
        (item,) = asked.output
        assert item.type == "function_call"
        history: list[Any] = [
            {"role": "user", "content": "Weather?"},
            item.to_dict(),
            {"type": "function_call_output", "call_id": item.call_id, "output": "rain"},
        ]
        answer = await sdk.responses.create(
            model="free", input=history, instructions="Be brief.", store=False, tools=[WEATHER]
        )
        assert answer.output_text == "It rains."
        roles = [message["role"] for message in up.requests[-1].body["messages"]]
        assert roles == ["system", "user", "assistant", "tool"]


class City(BaseModel):
    city: str


async def test_structured_output_is_parsed(tmp_path: Path):
    async with behind(tmp_path, completion(CITY)) as (sdk, up):
        answer = await sdk.responses.parse(model="free", input="Which city?", text_format=City)
        assert answer.output_parsed == City(city="Vienna")
        asked = up.requests[0].body["response_format"]
        assert (asked["type"], asked["json_schema"]["name"]) == ("json_schema", "City")


async def test_stored_responses_are_refused_with_the_way_out(tmp_path: Path):
    async with behind(tmp_path, completion()) as (sdk, _):
        with pytest.raises(openai.BadRequestError, match="store=false"):
            await sdk.responses.create(model="free", input="x", store=True)
        with pytest.raises(openai.BadRequestError, match="whole conversation"):
            await sdk.responses.create(model="free", input="x", previous_response_id="resp_1")


async def test_a_spent_chain_ends_a_stream_with_failed(tmp_path: Path):
    async with (
        behind(tmp_path, refusal(429, headers={"retry-after": "30"})) as (sdk, _),
        await sdk.responses.create(model="free", input="x", stream=True) as events,
    ):
        found = [event async for event in events]
    last = found[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert last.response.error.code == "rate_limit_exceeded"
    assert "Please try again in 30 s." in last.response.error.message


async def test_a_broken_stream_is_no_end(tmp_path: Path):
    async with behind(tmp_path, raw_stream(chunk({"content": "he"}), cut=True)) as (sdk, _):
        with pytest.raises(RuntimeError):
            async with sdk.responses.stream(model="free", input="x") as events:
                await events.get_final_response()
