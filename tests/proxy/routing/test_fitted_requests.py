"""What an answer teaches, and when the same entry is asked again: DESIGN A5's table."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxy.model import Preset
from tests.proxy.routing.links import PLAIN
from tests.proxy.routing.stage import AGGREGATOR, QUICK, Link, Told, chain
from tests.upstreams.fake_provider import Received, fake_provider
from tests.upstreams.replies import (
    Reply,
    completion,
    refusal,
    reply,
    stream,
)

OPENROUTER = Preset(id="openrouter", title="OpenRouter", dialect="openrouter", aggregator=True)


OPENAI = Preset(id="openai", title="OpenAI", dialect="openai", base_url="https://api.openai.com/v1")


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


async def test_a_200_with_a_completion_is_served_and_its_headers_are_learned_from():
    limits = {
        "x-ratelimit-limit-requests": "30",
        "x-ratelimit-remaining-requests": "28",
        "x-ratelimit-reset-requests": "4s",
    }
    first = Link([completion("hi", headers=limits)], preset=OPENAI, limits={"rpm": 60})
    async with chain(first) as proxy:
        told = await proxy.ask()
        assert (told.status, told.text, told.trail) == (200, "hi", "a/m=ok")
        entry = proxy.engine.configuration.entries["a/m"]
        gauges = {g.window: g for g in proxy.engine.ledger.status(entry).gauges}
        assert (gauges["minute"].limit, gauges["minute"].remaining) == (30, 28)
        assert gauges["minute"].source == "header"


async def test_too_many_of_our_own_requests_in_parallel_teach_a_limit_of_one_less():
    gate, running = asyncio.Event(), list[int]()

    def answer(received: Received) -> Reply:
        running.append(1)
        if len(running) == 3:
            return refusal(429, "Too many concurrent requests", code="concurrency_limit")
        return completion("hi", gate=gate)

    async with chain(answer, [completion("spare")]) as proxy:
        asked = [asyncio.create_task(proxy.ask()) for _ in range(2)]
        await proxy.up["a"].wait_for_requests(2)
        assert (await proxy.ask()).trail == "a/m=429,b/m=ok"
        assert (await proxy.ask()).trail == "a/m=skipped:concurrent,b/m=ok"
        gate.set()
        assert [told.text for told in await asyncio.gather(*asked)] == ["hi", "hi"]
        # Free as soon as one of ours ended.
        assert (await proxy.ask()).trail == "a/m=ok,b/m=not-tried"


@pytest.mark.parametrize(
    "message, capability, more",
    [
        (
            "No endpoints found that support tool use",
            "no-tools",
            {"tools": [{"type": "function", "function": {"name": "f"}}]},
        ),
        (
            "No endpoints found that support image input",
            "no-vision",
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
                        ],
                    }
                ]
            },
        ),
    ],
)
async def test_404_that_blames_tools_or_images_teaches_what_the_model_lacks(
    message: str, capability: str, more: dict[str, Any]
):
    answers = [reply(404, error(message)), completion("plain")]
    async with chain(Link(answers, preset=OPENROUTER), [completion("able")]) as proxy:
        assert (await proxy.ask(**more)).trail == "a/m=404,b/m=ok"
        assert (await proxy.ask(**more)).trail == f"a/m=skipped:{capability},b/m=ok"
        assert (await proxy.ask()).trail == "a/m=ok,b/m=not-tried"  # no penalty


async def test_a_cap_too_large_is_asked_once_more_with_the_number_and_remembered():
    def answer(received: Received) -> Reply:
        if received.body["max_tokens"] > 1000:
            return reply(400, error("max_tokens must be less than or equal to `1000`"))
        return completion("hi")

    async with chain(answer) as proxy:
        told = await proxy.ask(max_tokens=5000)
        assert (told.status, told.headers["x-429chain-capped"]) == (200, "1000")
        assert (told.trail, told.headers["x-429chain-attempts"]) == ("a/m=ok", "2")
        assert (await proxy.ask(max_tokens=5000)).headers["x-429chain-attempts"] == "1"
        assert [one.body["max_tokens"] for one in proxy.up["a"].requests] == [5000, 1000, 1000]


async def test_a_cap_that_stays_too_large_is_asked_once_more_only():
    answers = [reply(400, error("max_tokens must be less than or equal to `1000`"))]
    async with chain(answers) as proxy:
        assert (await proxy.ask(max_tokens=5000)).status == 400
        assert len(proxy.up["a"].requests) == 2


def picky(*refused: str) -> Any:
    """Refuses the first of these fields that it is sent, by name."""

    def answer(received: Received) -> Reply:
        for name in refused:
            if name in received.body:
                told = error(f"Unsupported parameter: '{name}'", code="unsupported_parameter",
                             param=name)  # fmt: skip
                return reply(400, told)
        return completion("hi")

    return answer


async def test_refused_parameters_are_left_out_and_remembered():
    async with chain(picky("logit_bias", "seed")) as proxy:
        told = await proxy.ask(logit_bias={"1": 1}, seed=7, user="u")
        assert (told.status, told.headers["x-429chain-attempts"]) == (200, "3")
        assert told.headers["x-429chain-dropped"] == "logit_bias,seed"
        assert proxy.up["a"].requests[-1].body["user"] == "u"
        told = await proxy.ask(seed=7)
        assert told.headers["x-429chain-attempts"] == "1"
        assert told.headers["x-429chain-dropped"] == "seed"


async def test_all_parameters_refused_at_once_take_one_repeat():
    told = error("Unrecognized request arguments supplied: seed, user")

    def answer(received: Received) -> Reply:
        both = {"seed", "user"} & received.body.keys()
        return reply(400, told) if both else completion("hi")

    async with chain(answer) as proxy:
        assert (await proxy.ask(seed=1, user="u")).headers["x-429chain-attempts"] == "2"


async def test_nested_parameters_are_left_out_by_name():
    def answer(received: Received) -> Reply:
        if "cache_control" in received.body["messages"][1]:
            path = "messages.1"
            return reply(400, error(f"'{path}' : property 'cache_control' is unsupported"))
        return completion("hi")

    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "cache_control": {"type": "ephemeral"}},
        {"role": "user", "content": "c"},
    ]
    async with chain(answer) as proxy:
        told = await proxy.ask(messages=messages)
        assert (told.status, told.headers["x-429chain-attempts"]) == (200, "2")
        assert told.headers["x-429chain-dropped"] == "messages.*.cache_control"


async def test_parameters_are_refused_at_most_three_times():
    fields = ("seed", "user", "logit_bias", "top_p", "metadata")
    async with chain(picky(*fields)) as proxy:
        body: dict[str, Any] = {
            "seed": 1,
            "user": "u",
            "logit_bias": {},
            "top_p": 1,
            "metadata": {},
        }
        assert (await proxy.ask(**body)).status == 400
        assert len(proxy.up["a"].requests) == 4


@pytest.mark.parametrize("field", ["stop", "response_format", "n"])
async def test_a_parameter_that_may_not_be_dropped_is_as_other_400(field: str):
    values: dict[str, Any] = {"stop": "x", "response_format": {"type": "json_object"}, "n": 1}
    async with chain(picky(field), [completion("able")]) as proxy:
        told = await proxy.ask(**{field: values[field]})
        assert (told.trail, len(proxy.up["a"].requests)) == ("a/m=400,b/m=ok", 1)


async def test_a_parameter_refused_although_it_was_left_out_is_as_other_400():
    answers = [reply(400, error("Unsupported parameter: 'seed'", code="unsupported_parameter",
                                param="seed"))]  # fmt: skip
    async with chain(answers, [completion("able")]) as proxy:
        assert (await proxy.ask(seed=1)).trail == "a/m=400,b/m=ok"
        assert len(proxy.up["a"].requests) == 2
        assert (await proxy.ask(seed=1)).trail == "a/m=400,b/m=ok"
        assert len(proxy.up["a"].requests) == 3


async def test_each_repeat_has_its_own_reservation():
    async with chain(Link(picky("seed"), limits={"rpm": 1}), [completion("spare")]) as proxy:
        told = await proxy.ask(seed=1)
        assert told.trail == "a/m=skipped:rpm,b/m=ok"
        assert len(proxy.up["a"].requests) == 1


async def test_the_learned_ceiling_is_remembered_for_larger_requests():
    def answer(received: Received) -> Reply:
        if len(received.raw) > 4000:
            return reply(413, error("Request too large"))
        return completion("hi")

    async with chain(answer, [completion("roomy")]) as proxy:
        long = [{"role": "user", "content": "x" * 8000}]
        assert (await proxy.ask(messages=long)).trail == "a/m=413,b/m=ok"
        assert (await proxy.ask(messages=long)).trail == "a/m=skipped:too-long,b/m=ok"
        assert (await proxy.ask()).trail == "a/m=ok,b/m=not-tried"


async def test_other_400s_pass_over_entries_of_the_same_provider():
    bad = [reply(400, error("temperature is strange"))]
    async with chain(Link(bad), Link(provider="a", model="m2"), [completion("other")]) as proxy:
        told = await proxy.ask()
        assert told.trail == "a/m=400,a/m2=not-tried,c/m=ok"


async def test_another_account_at_the_same_provider_is_the_same_provider():
    bad = [reply(400, error("temperature is strange"))]
    async with fake_provider(bad) as up:
        links = (
            Link(provider="a", base_url=up.base_url),
            Link(provider="a2", base_url=up.base_url, key="another"),
            [completion("other")],
        )
        async with chain(*links) as proxy:
            assert (await proxy.ask()).trail == "a/m=400,a2/m=not-tried,c/m=ok"


@pytest.mark.parametrize(
    "path, preset", [("/other/v1", PLAIN), ("/v1", OPENAI)], ids=["path", "preset"]
)
async def test_behind_one_gateway_are_several_providers(path: str, preset: Preset):
    def answer(received: Received) -> Reply:
        named = received.body["model"]
        return completion("hi") if named == "good" else reply(400, error("temperature is strange"))

    async with fake_provider(answer) as up:
        other = up.base_url.replace("/v1", path)
        links = (
            Link(provider="a", base_url=up.base_url),
            Link(provider="b", base_url=other, preset=preset, model="good"),
        )
        async with chain(*links) as proxy:
            assert (await proxy.ask()).trail == "a/m=400,b/good=ok"


async def test_at_an_aggregator_each_model_counts_as_a_provider():
    bad = [reply(400, error("temperature is strange")), completion("hi")]
    links = Link(bad, preset=AGGREGATOR), Link(provider="a", model="m2", preset=AGGREGATOR)
    async with chain(*links) as proxy:
        assert (await proxy.ask()).trail == "a/m=400,a/m2=ok"


async def test_a_second_providers_400_ends_it_and_the_client_gets_the_first():
    first = [reply(422, error("the first complaint"))]
    second = [reply(400, error("the second complaint"))]
    async with chain(first, second, [completion("never asked")]) as proxy:
        told = await proxy.ask()
        assert (told.status, told.error["message"]) == (422, "the first complaint")
        assert told.trail == "a/m=422,b/m=400,c/m=not-tried"


async def test_connect_errors_open_the_circuit_of_the_whole_origin_at_once():
    nobody = "http://127.0.0.1:9/v1"
    links = (
        Link(base_url=nobody, provider="a"),
        Link(base_url=nobody, provider="a2", key="another"),
        Link([completion("hi")], provider="b"),
    )
    async with chain(*links) as proxy:
        told = await proxy.ask()
        assert told.trail == "a/m=unreachable,a2/m=skipped:down,b/m=ok"
        assert told.headers["x-429chain-attempts"] == "1"


async def test_a_timeout_opens_the_circuit_of_the_entry_at_once():
    gate = asyncio.Event()
    links = (
        Link([completion("late", gate=gate)], timeouts=QUICK),
        Link(provider="a", model="m2"),
        [completion("hi")],
    )
    async with chain(*links) as proxy:
        proxy.up["a"].answer(completion("the other model"))
        told = await proxy.ask()
        assert told.trail == "a/m=timeout,a/m2=ok,c/m=not-tried"
        assert proxy.entry_state("a/m") == ("down", "down")


async def test_a_stream_broken_after_its_first_event_opens_the_circuit_at_once():
    async with chain([stream("some", finish=None, done=False, cut=True)], [stream("hi")]) as proxy:
        told: Told = await proxy.ask(stream=True)
        assert told.text == "some"
        assert proxy.entry_state("a/m") == ("down", "down")
        assert (await proxy.ask(stream=True)).text == "hi"


async def test_a_success_between_two_failures_keeps_the_circuit_closed():
    answers = [reply(500), completion("hi"), reply(500)]
    async with chain(answers, [completion("spare")]) as proxy:
        trails = [(await proxy.ask()).trail for _ in range(3)]
        assert trails == ["a/m=500,b/m=ok", "a/m=ok,b/m=not-tried", "a/m=500,b/m=ok"]
        assert proxy.entry_state("a/m")[0] == "available"
