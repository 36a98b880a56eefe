"""The official OpenAI SDK for Python, synchronous and asynchronous, against the real process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel

from tests.clients.served import MODEL, TOOLS, in_front_of, served
from tests.e2e.process import CLIENT_KEY, ChainProcess
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion, raw_stream, refusal, stream

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]
WEATHER: list[ChatCompletionMessageParam] = [
    {"role": "user", "content": "What is the weather in Vienna?"}
]
TOOL_PARAMS = cast("list[ChatCompletionToolParam]", TOOLS)


def client(chain: ChainProcess, *, key: str = CLIENT_KEY, retries: int = 0) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=chain.base_url, api_key=key, max_retries=retries)


def told(error: openai.APIStatusError) -> Mapping[str, Any]:
    """The error object of an answer."""
    return cast("Mapping[str, Any]", error.body)


async def test_chat_plain_and_streaming(tmp_path: Path):
    async with served(tmp_path) as one, client(one.chain) as sdk:
        raw = await sdk.chat.completions.with_raw_response.create(model="free", messages=HELLO)
        answer = raw.parse()
        assert answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage is not None
        assert answer.usage.total_tokens > 0
        assert raw.headers["x-429chain-provider"] == "groq"
        assert raw.headers["x-429chain-model"] == MODEL
        assert raw.request_id == raw.headers["x-request-id"]

        pieces: list[str] = []
        finished: list[str] = []
        async with await sdk.chat.completions.create(
            model="free", messages=HELLO, stream=True
        ) as events:
            async for event in events:
                assert len(event.choices) == 1
                pieces.append(event.choices[0].delta.content or "")
                finished += [event.choices[0].finish_reason or ""]
        assert len("".join(pieces)) > 10
        assert [word for word in finished if word] == ["stop"]
        assert one.provider.tally.served == 2


async def test_the_synchronous_client(tmp_path: Path):
    def use(base_url: str) -> tuple[str, str]:
        with OpenAI(base_url=base_url, api_key=CLIENT_KEY, max_retries=0) as sdk:
            plain = sdk.chat.completions.create(model="free", messages=HELLO)
            with sdk.chat.completions.create(model="free", messages=HELLO, stream=True) as events:
                text = "".join(event.choices[0].delta.content or "" for event in events)
            return plain.choices[0].message.content or "", text

    async with served(tmp_path) as one:
        plain, streamed = await asyncio.to_thread(use, one.chain.base_url)
    assert plain
    assert streamed


async def test_a_tool_is_called_and_its_result_taken(tmp_path: Path):
    async with served(tmp_path) as one, client(one.chain) as sdk:
        asked = await sdk.chat.completions.create(
            model="free", messages=WEATHER, tools=TOOL_PARAMS, tool_choice="required"
        )
        (call,) = asked.choices[0].message.tool_calls or []
        assert asked.choices[0].finish_reason == "tool_calls"
        assert call.type == "function"
        assert call.function.name == "weather"
        assert set(json.loads(call.function.arguments)) == {"city"}
        history: list[ChatCompletionMessageParam] = [
            *WEATHER,
            cast("Any", asked.choices[0].message.model_dump(exclude_none=True)),
            {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21 degrees"},
        ]
        answer = await sdk.chat.completions.create(
            model="free", messages=history, tools=TOOL_PARAMS
        )
        assert answer.choices[0].message.content
        sent = one.provider.asked[-1].body["messages"]
        assert (sent[1]["tool_calls"][0]["id"], sent[2]["tool_call_id"]) == (call.id, call.id)


async def test_a_streamed_tool_call_is_put_together(tmp_path: Path):
    async with (
        served(tmp_path) as one,
        client(one.chain) as sdk,
        sdk.chat.completions.stream(
            model="free", messages=WEATHER, tools=TOOL_PARAMS, tool_choice="required"
        ) as events,
    ):
        final = await events.get_final_completion()
    (call,) = final.choices[0].message.tool_calls or []
    assert call.function.name == "weather"
    assert set(json.loads(call.function.arguments)) == {"city"}
    assert final.choices[0].finish_reason == "tool_calls"


class Weather(BaseModel):
    city: str
    degrees: int
    sunny: bool


async def test_structured_output_is_parsed(tmp_path: Path):
    async with served(tmp_path) as one, client(one.chain) as sdk:
        plain = await sdk.chat.completions.parse(
            model="free", messages=WEATHER, response_format=Weather
        )
        async with sdk.chat.completions.stream(
            model="free", messages=WEATHER, response_format=Weather
        ) as events:
            streamed = await events.get_final_completion()
        sent = one.provider.asked[0].body["response_format"]
    assert isinstance(plain.choices[0].message.parsed, Weather)
    assert isinstance(streamed.choices[0].message.parsed, Weather)
    assert sent["json_schema"]["strict"] is True


async def test_the_models_are_the_chains_then_the_entries(tmp_path: Path):
    async with served(tmp_path) as one, client(one.chain) as sdk:
        listed = [(model.id, model.owned_by) async for model in await sdk.models.list()]
        assert listed[0] == ("free", "429chain")
        assert [id for id, _ in listed] == ["free", f"groq/{MODEL}"]
        for id, owner in listed:
            model = await sdk.models.retrieve(id)
            assert (model.id, model.owned_by, model.object) == (id, owner, "model")
        with pytest.raises(openai.NotFoundError) as missing:
            await sdk.models.retrieve("a model: of nobody/at all")
        assert told(missing.value)["code"] == "model_not_found"


async def test_errors_are_the_classes_a_program_expects(tmp_path: Path):
    async with served(tmp_path) as one:
        async with client(one.chain, key="sk-wrong") as wrong:
            with pytest.raises(openai.AuthenticationError) as refused:
                await wrong.chat.completions.create(model="free", messages=HELLO)
            assert refused.value.code == "invalid_api_key"
        async with client(one.chain) as sdk:
            with pytest.raises(openai.NotFoundError) as unknown:
                await sdk.chat.completions.create(model="gpt-of-nobody", messages=HELLO)
            assert unknown.value.code == "model_not_found"
            assert "free" in unknown.value.message
            with pytest.raises(openai.BadRequestError) as bad:
                await sdk.chat.completions.create(model="free", messages=[])
            assert (bad.value.param, bad.value.type) == ("messages", "invalid_request_error")
            assert set(told(bad.value)) >= {"message", "type", "param", "code"}
        assert len(one.provider.asked) == 0


@pytest.mark.parametrize(
    "wait, hits, retried",
    [("1", 3, None), ("3600", 1, "false")],
    ids=["soon: the SDK tries again", "late: it gives up"],
)
async def test_an_exhausted_chain_is_asked_as_often_as_makes_sense(
    tmp_path: Path, wait: str, hits: int, retried: str | None
):
    async with fake_provider([refusal(429, headers={"retry-after": wait})]) as up:
        async with in_front_of(tmp_path, up) as chain, client(chain, retries=2) as sdk:
            with pytest.raises(openai.RateLimitError) as refused:
                await sdk.chat.completions.create(model="free", messages=HELLO)
            headers = refused.value.response.headers
            assert refused.value.code == "rate_limit_exceeded"
            assert headers.get("x-should-retry") == retried
            seconds, milliseconds = int(headers["retry-after"]), int(headers["retry-after-ms"])
            # Refused thrice in a row, the entry rests 1, 2, then 4 s.
            assert 1 <= seconds <= int(wait) * 4
            assert (seconds - 1) * 1000 <= milliseconds <= seconds * 1000
            await chain.says("free -> nobody: 429 failed", times=hits)
        assert chain.stderr.count("free -> nobody: 429 failed") == hits


async def test_usage_comes_once_when_it_is_asked_for_and_never_else(tmp_path: Path):
    async with (
        fake_provider([stream("one", "two", usage=(7, 5))]) as up,
        in_front_of(tmp_path, up) as chain,
        client(chain) as sdk,
    ):
        for asked in (True, False):
            usages: list[tuple[int, int]] = []
            empty = 0
            events = await sdk.chat.completions.create(
                model="free",
                messages=HELLO,
                stream=True,
                stream_options={"include_usage": True} if asked else openai.omit,
            )
            async for event in events:
                empty += not event.choices
                if event.usage is not None:
                    usages.append((event.usage.prompt_tokens, event.usage.completion_tokens))
            assert (usages, empty) == (([(7, 5)], 1) if asked else ([], 0))
        # Asked of the provider either way: the books want it.
        assert [one.body["stream_options"] for one in up.requests] == [{"include_usage": True}] * 2


async def test_a_stream_that_is_cut_off_raises(tmp_path: Path):
    async with (
        fake_provider([stream("one", finish=None, usage=None, done=False, cut=True)]) as up,
        in_front_of(tmp_path, up) as chain,
        client(chain) as sdk,
    ):
        events = await sdk.chat.completions.create(model="free", messages=HELLO, stream=True)
        first = await anext(aiter(events))
        second = await anext(aiter(events))
        assert (first.choices[0].delta.role, second.choices[0].delta.content) == (
            "assistant",
            "one",
        )
        with pytest.raises(openai.APIError, match="interrupted"):
            await anext(aiter(events))


async def test_an_error_before_the_first_token_never_shows(tmp_path: Path):
    broken = raw_stream(b'data: {"error": {"message": "overloaded", "code": 503}}\n\n')
    async with (
        fake_provider([broken]) as first,
        fake_provider([stream("from the second")]) as second,
        in_front_of(tmp_path, first, second) as chain,
        client(chain) as sdk,
    ):
        events = await sdk.chat.completions.create(model="free", messages=HELLO, stream=True)
        text = [event.choices[0].delta.content or "" async for event in events]
        assert "".join(text) == "from the second"
        assert events.response.headers["x-429chain-trail"] == "p0/m=503,p1/m=ok"


async def test_a_stream_that_is_closed_early_closes_the_upstream(tmp_path: Path):
    async with (
        fake_provider([stream("one", asyncio.Event())]) as up,
        in_front_of(tmp_path, up) as chain,
        client(chain) as sdk,
    ):
        events = await sdk.chat.completions.create(model="free", messages=HELLO, stream=True)
        async for event in events:
            if event.choices[0].delta.content:
                break
        await events.close()
        async with asyncio.timeout(1):
            await up.wait_for_abandoned()
        await chain.says("left (stream")


async def test_fifty_at_once(tmp_path: Path):
    async with (
        fake_provider([completion("hi")]) as up,
        in_front_of(tmp_path, up) as chain,
        client(chain) as sdk,
    ):
        asking = [sdk.chat.completions.create(model="free", messages=HELLO) for _ in range(50)]
        answers = await asyncio.gather(*asking)
    assert [answer.choices[0].message.content for answer in answers] == ["hi"] * 50
