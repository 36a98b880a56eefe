"""A simulated provider over real HTTP: official client in, exact limits out."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from app.demo.dialect import SimulatedModel
from app.demo.dialects import DIALECT_NAMES
from app.demo.provider import Pace, SimulatedProvider, Trouble
from proxy.model import Limit
from tests.app.demo.manual_clock import ManualClock
from tests.upstreams.waiting import until

KEY = "sk-simulated"
MODELS = (SimulatedModel(id="m", context_window=2000), SimulatedModel(id="m:free"))
TWENTY = Limit("model", "requests", "minute", 20, "rolling")
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def simulated(dialect: str, *limits: Limit, **more: Any) -> SimulatedProvider:
    clock = more.pop("clock", None) or ManualClock()
    return SimulatedProvider(dialect, clock=clock, models=MODELS, limits=limits, key=KEY, **more)


def sdk(provider: SimulatedProvider, key: str = KEY) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=provider.base_url, api_key=key, max_retries=0)


async def post(
    session: aiohttp.ClientSession, provider: SimulatedProvider, **more: Any
) -> tuple[int, dict[str, str], bytes]:
    async with session.post(
        f"{provider.base_url}/chat/completions",
        json={**ASK, **more},
        headers={"authorization": f"Bearer {KEY}"},
    ) as answer:
        return answer.status, dict(answer.headers), await answer.read()


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
async def test_the_official_client_reads_every_dialect(dialect: str):
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello"}]
    tool: ChatCompletionToolParam = {
        "type": "function",
        "function": {"name": "f", "parameters": {"type": "object"}},
    }
    async with simulated(dialect) as provider, sdk(provider) as client:
        ask = client.chat.completions.create
        plain = await ask(model="m", messages=messages)
        assert plain.choices[0].message.content
        assert plain.usage is not None
        pieces: list[str] = []
        tokens = 0
        async for chunk in await ask(
            model="m", messages=messages, stream=True, stream_options={"include_usage": True}
        ):
            pieces += [choice.delta.content or "" for choice in chunk.choices]
            tokens = chunk.usage.total_tokens if chunk.usage else tokens
        assert len("".join(pieces)) > 20
        assert tokens > 0
        called = await ask(model="m", messages=messages, tools=[tool])
        calls = called.choices[0].message.tool_calls
        assert calls is not None
        assert calls[0].type == "function"
        assert calls[0].function.arguments == "{}"
        names = [model.id async for model in client.models.list()]
        assert [name.removeprefix("models/") for name in names] == ["m", "m:free"]
    assert [asked.status for asked in provider.asked] == [200, 200, 200]


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
async def test_of_sixty_parallel_requests_exactly_twenty_are_served(dialect: str):
    clock = ManualClock()
    async with (
        simulated(dialect, TWENTY, clock=clock) as provider,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        answers = await asyncio.gather(*(post(session, provider) for _ in range(60)))
        statuses = [status for status, _, _ in answers]
        assert statuses.count(200) == provider.tally.served == 20
        assert provider.tally.refused == 40
        clock.advance(60)
        assert (await post(session, provider))[0] == 200


async def test_parallel_requests_have_their_places():
    one = Limit("account", "concurrent", None, 1)
    async with (
        simulated("ollama", one, pace=Pace(first_token=0.3)) as provider,
        aiohttp.ClientSession() as session,
    ):
        answers = await asyncio.gather(*(post(session, provider) for _ in range(3)))
        assert sorted(status for status, _, _ in answers) == [200, 503, 503]
        assert (await post(session, provider))[0] == 200


async def test_the_cap_is_reserved_and_the_use_is_booked():
    tokens = Limit("model", "tokens", "minute", 1000, "bucket")
    async with simulated("groq", tokens) as provider, aiohttp.ClientSession() as session:
        status, headers, _ = await post(session, provider, max_tokens=900)
        assert status == 200
        left = int(headers["x-ratelimit-remaining-tokens"])
        assert 1000 - left == provider.tally.tokens_by_model["m"] < 200
        status, _, body = await post(session, provider, max_tokens=5000)
        assert (status, b"Request too large" in body) == (413, True)


async def test_what_has_nothing_to_do_with_limits_is_refused_first():
    async with simulated("groq", TWENTY) as provider, aiohttp.ClientSession() as session:
        async with sdk(provider, "wrong") as client:
            with pytest.raises(openai.AuthenticationError):
                await client.chat.completions.create(**ASK)
        assert (await post(session, provider, model="gone"))[0] == 404
        assert (await post(session, provider, messages=[]))[0] == 400
        assert (await post(session, provider, logprobs=True))[0] == 400
        long = [{"role": "user", "content": "x" * 9000}]
        assert b"maximum context length" in (await post(session, provider, messages=long))[2]
    assert provider.quota.gauges("m")[0].used == 0


async def test_trouble_comes_by_itself_and_a_failure_counts_as_a_request():
    async with (
        simulated("cerebras", TWENTY, trouble=Trouble(failure=0.5)) as failing,
        simulated("cerebras", TWENTY, trouble=Trouble(overloaded=1.0)) as busy,
        aiohttp.ClientSession() as session,
    ):
        statuses = [(await post(session, failing))[0] for _ in range(20)]
        assert statuses.count(500) == failing.tally.failed > 0
        assert statuses.count(200) == failing.tally.served > 0
        assert failing.quota.gauges("m")[0].used == 20
        assert b"queue_exceeded" in (await post(session, busy))[2]
        assert busy.quota.gauges("m")[0].used == 0


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_is_noticed(stream: bool):
    pace = Pace(first_token=0.0 if stream else 60.0, per_token=60.0)
    async with simulated("groq", TWENTY, pace=pace) as provider:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            asking = group.create_task(post(session, provider, stream=stream))
            await until(lambda: provider.in_flight)
            asking.cancel()
        await until(lambda: not provider.in_flight)
        assert (provider.tally.abandoned, provider.tally.served) == (1, 0)


async def test_openrouter_reports_its_free_day_and_groq_has_no_such_thing():
    day = Limit("pool", "requests", "day", 50, "clock", pool="*:free")
    async with (
        simulated("openrouter", day) as openrouter,
        simulated("groq") as groq,
        aiohttp.ClientSession(headers={"authorization": f"Bearer {KEY}"}) as session,
    ):
        await post(session, openrouter, model="m:free")
        async with session.get(f"{openrouter.base_url}/key") as answer:
            report = await answer.json()
            assert report["data"]["free_model_daily_requests"]["remaining"] == 49
        async with session.get(f"{groq.base_url}/key") as answer:
            assert answer.status == 404
