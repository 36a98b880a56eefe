"""What a client is told when no entry served: DESIGN A4's failure table, row by row."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxy.model import ModelSpec, Preset, Routing
from tests.proxy.routing.stage import QUICK, Link, Told, chain
from tests.upstreams.replies import Reply, completion, refusal, reply
from tests.upstreams.waiting import until

BAD = reply(400, {"error": {"message": "temperature is strange"}})
LATE = refusal(429, headers={"retry-after": "90"})
SOON = refusal(429, headers={"retry-after": "7"})
DOWN = reply(500, {"error": {"message": "oops"}})
NO_KEY_HERE = reply(401, {"error": {"message": "Incorrect API key sk-provider-a-0123456789"}})
NO_MODEL = reply(404, {"error": {"message": "no such model", "code": "model_not_found"}})
NO_CREDIT = reply(402, {"error": {"message": "Payment required"}})
DEAR = reply(402, {"error": {"message": "You requested up to 5000 tokens, but can only afford 9"}})
"""OpenRouter: this request is too dear, even with the cap that it names."""
TOO_LONG = reply(400, {"error": {"message": "maximum context length is 10 tokens"}})
NOBODY = Link(base_url="http://127.0.0.1:9/v1")
TOOLS = [{"type": "function", "function": {"name": "f"}}]
NEEDS_KEY = Preset(id="keyed", title="Keyed", needs_key=True)


def never() -> Reply:
    return completion("never", gate=asyncio.Event())


def slow() -> Link:
    return Link([never()], timeouts=QUICK)


@pytest.mark.parametrize(
    "links, status, type, code",
    [
        pytest.param([[BAD]], 400, "invalid_request_error", None, id="all that were usable"),
        pytest.param([[BAD], [BAD], [DOWN]], 400, "invalid_request_error", None,
                     id="two providers"),
        pytest.param([[BAD], Link([LATE], limits={"rpm": 0})], 400, "invalid_request_error", None,
                     id="all usable, one is out"),
        pytest.param([[BAD], [NO_KEY_HERE]], 400, "invalid_request_error", None,
                     id="all usable, one turned out to have no key"),
        pytest.param([slow()], 504, "server_error", "upstream_timeout", id="timed out"),
        pytest.param([slow(), slow()], 504, "server_error", "upstream_timeout", id="all timed out"),
        pytest.param([slow(), Link([LATE], limits={"rpm": 0})], 504, "server_error",
                     "upstream_timeout", id="every entry that was asked timed out"),
        pytest.param([[DOWN]], 503, "server_error", "chain_exhausted", id="5xx"),
        pytest.param([[reply(408)]], 503, "server_error", "chain_exhausted", id="408"),
        pytest.param([slow(), [DOWN]], 503, "server_error", "chain_exhausted", id="timeout, 5xx"),
        pytest.param([[reply(200, "<html>")]], 503, "server_error", "chain_exhausted", id="broken"),
        pytest.param([NOBODY], 503, "server_error", "chain_exhausted", id="unreachable"),
        pytest.param([[reply(503, {"error": {"message": "overloaded"}})]], 503, "server_error",
                     "chain_exhausted", id="an overload told as 503"),
        pytest.param([[DOWN], [LATE]], 503, "server_error", "chain_exhausted", id="5xx, limit"),
        pytest.param([[LATE]], 429, "rate_limit_error", "rate_limit_exceeded", id="cooldown"),
        pytest.param([[refusal(429, "high traffic", code="queue_exceeded")]], 429,
                     "rate_limit_error", "rate_limit_exceeded", id="an overload told as 429"),
        pytest.param([[LATE], [NO_KEY_HERE], [TOO_LONG]], 429, "rate_limit_error",
                     "rate_limit_exceeded", id="limit among others"),
        pytest.param([[TOO_LONG]], 400, "invalid_request_error", "context_length_exceeded",
                     id="too long"),
        pytest.param([[TOO_LONG], [NO_KEY_HERE], [NO_MODEL]], 400, "invalid_request_error",
                     "context_length_exceeded", id="too long among others"),
        pytest.param([Link([completion()], spec=ModelSpec(tools=False))], 400,
                     "invalid_request_error", None, id="every entry lacks tools"),
        pytest.param([[NO_CREDIT]], 429, "insufficient_quota", "insufficient_quota",
                     id="only credit"),
        pytest.param([[DEAR], [DEAR]], 429, "insufficient_quota", "insufficient_quota",
                     id="only credit for a request as dear as this"),
        pytest.param([[NO_MODEL], [NO_MODEL]], 404, "invalid_request_error", "model_not_found",
                     id="only models are gone"),
        pytest.param([[NO_KEY_HERE]], 502, "server_error", "upstream_credentials_exhausted",
                     id="keys refused"),
        pytest.param([Link([completion()], preset=NEEDS_KEY, key=None)], 502, "server_error",
                     "upstream_credentials_exhausted", id="keys missing"),
        pytest.param([Link([completion()], enabled=False)], 503, "server_error", "chain_exhausted",
                     id="disabled"),
        pytest.param([[NO_KEY_HERE], [NO_CREDIT]], 503, "server_error", "chain_exhausted",
                     id="a mixture"),
    ],
)  # fmt: skip
async def test_the_first_row_that_fits(links: list[Any], status: int, type: str, code: str | None):
    async with chain(*links) as proxy:
        told = await proxy.ask(tools=TOOLS)
        error = told.error
        assert (told.status, error["type"], error["code"]) == (status, type, code)
        assert error.keys() == {"message", "type", "param", "code", "trail"}
        assert "sk-provider" not in told.body.decode()
        assert told.headers["content-type"].startswith("application/json")
        assert told.headers["x-429chain-chain"] == "free"
        assert "x-429chain-provider" not in told.headers
        logged = await proxy.finished()
        assert (logged.outcome, logged.status, logged.entry) == ("failed", status, None)


def no_retry(told: Told) -> bool:
    return told.headers.get("x-should-retry") == "false"


@pytest.mark.parametrize(
    "answer", [NO_CREDIT, NO_KEY_HERE], ids=["insufficient_quota", "credentials"]
)
async def test_what_time_does_not_cure_should_not_be_retried(answer: Reply):
    async with chain([answer]) as proxy:
        assert no_retry(await proxy.ask())


async def test_an_answer_too_dear_is_asked_for_once_more_and_is_then_a_matter_of_credit():
    async with chain([DEAR]) as proxy:
        told = await proxy.ask(max_tokens=5000)
        assert (told.status, told.error["code"]) == (429, "insufficient_quota")
        assert [one.body["max_tokens"] for one in proxy.up["a"].requests] == [5000, 9]
        assert proxy.entry_state("a/m") == ("available", "")


async def test_disabled_should_not_be_retried():
    async with chain(Link([completion()], enabled=False)) as proxy:
        assert no_retry(await proxy.ask())


async def test_429_tells_the_moment_when_the_first_entry_can_take_this_request():
    async with chain([LATE], [SOON]) as proxy:
        told = await proxy.ask()
        assert told.headers["retry-after"] == "7"
        assert 6000 < int(told.headers["retry-after-ms"]) <= 7000
        assert not no_retry(told)
        message = told.error["message"]
        assert "a/m" in message
        assert "b/m" in message
        assert "UTC" in message


async def test_429_says_not_to_retry_when_that_is_over_60_s_away():
    async with chain([LATE]) as proxy:
        told = await proxy.ask()
        assert told.headers["retry-after"] == "90"
        assert no_retry(told)


async def test_for_one_entry_it_is_the_latest_of_all_that_blocks_it():
    both = refusal(
        429,
        headers={
            "x-ratelimit-remaining-requests-minute": "0",
            "x-ratelimit-limit-requests-minute": "30",
            "x-ratelimit-reset-requests-minute": "5",
            "x-ratelimit-remaining-requests-hour": "0",
            "x-ratelimit-limit-requests-hour": "100",
            "x-ratelimit-reset-requests-hour": "50",
        },
    )
    async with chain([both]) as proxy:
        await proxy.ask()
        told = await proxy.ask()
        assert told.trail == "a/m=skipped:rph"
        assert told.headers["retry-after"] == "50"


async def test_concurrent_alone_is_one_second():
    gate = asyncio.Event()
    link = Link([completion("hi", gate=gate)], limits={"concurrent": 1})
    async with chain(link) as proxy:
        running = asyncio.create_task(proxy.ask())
        await proxy.up["a"].wait_for_requests()
        told = await proxy.ask()
        assert (told.status, told.trail) == (429, "a/m=skipped:concurrent")
        assert (told.headers["retry-after"], told.headers["retry-after-ms"]) == ("1", "1000")
        gate.set()
        assert (await running).status == 200


async def test_503_chain_exhausted_comes_with_retry_after():
    async with chain([DOWN]) as proxy:
        assert int((await proxy.ask()).headers["retry-after"]) >= 1


async def test_an_upstream_401_is_never_passed_on_as_401():
    async with chain([NO_KEY_HERE], [NO_KEY_HERE]) as proxy:
        assert [(await proxy.ask()).status for _ in range(2)] == [502, 502]


@pytest.mark.parametrize(
    "spec, body, word",
    [
        (ModelSpec(tools=False), {"tools": TOOLS}, "tools"),
        (
            ModelSpec(vision=False),
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "data:,"}}],
                    }
                ]
            },
            "vision",
        ),
    ],
)
async def test_400_says_which_of_tools_and_vision_every_entry_lacks(
    spec: ModelSpec, body: dict[str, Any], word: str
):
    async with chain(Link([completion()], spec=spec)) as proxy:
        told = await proxy.ask(**body)
        assert f"supports {word}" in told.error["message"]
        assert told.trail == f"a/m=skipped:no-{word}"
        assert proxy.up["a"].requests == []


async def test_400_says_what_is_lacking_when_the_provider_said_so():
    lacks = reply(404, {"error": {"message": "No endpoints found that support tool use"}})
    async with chain([lacks]) as proxy:
        assert "supports tools" in (await proxy.ask(tools=TOOLS)).error["message"]


async def test_the_error_holds_the_trail_as_a_list():
    async with chain([SOON], [NO_KEY_HERE], Link([completion()], enabled=False)) as proxy:
        trail = (await proxy.ask()).error["trail"]
        assert [step["entry"] for step in trail] == ["a/m", "b/m", "c/m"]
        assert [step["outcome"] for step in trail] == ["429", "401", "skipped:disabled"]
        assert trail[0]["detail"] == "slow down"
        assert trail[0]["retry_at"].endswith("Z")
        assert trail[1]["retry_at"] is None
        assert "sk-provider" not in trail[1]["detail"]


async def test_no_html_ever_appears_in_an_error():
    async with chain([reply(502, "<html><script>alert(1)</script></html>")]) as proxy:
        assert b"<" not in (await proxy.ask()).body


async def test_a_detail_has_at_most_200_characters():
    async with chain([reply(500, {"error": {"message": "x" * 5000}})]) as proxy:
        assert len((await proxy.ask()).error["trail"][0]["detail"]) == 200


async def test_a_bad_request_with_an_entry_that_refused_for_its_limit_waits_for_that_one():
    soon = refusal(429, headers={"retry-after": "1"})
    routing = Routing(max_wait=5.0)
    async with chain([BAD], [soon, completion("in the end")], routing=routing) as proxy:
        told = await proxy.ask()
        assert (told.status, told.text) == (200, "in the end")
        assert told.trail == "a/m=400,b/m=ok"
        assert len(proxy.up["a"].requests) == 1  # never again


async def test_the_line_is_full_429_at_once_whatever_else_failed():
    routing = Routing(max_wait=30.0, max_queue=0)
    soon = refusal(429, headers={"retry-after": "3"})
    async with chain([DOWN], [soon], routing=routing) as proxy:
        told = await proxy.ask()
        assert (told.status, told.error["code"]) == (429, "rate_limit_exceeded")
        assert "line" in told.error["message"]
        assert told.headers["retry-after"] == "3"


async def test_the_program_stops_503_shutting_down():
    async with chain([SOON], routing=Routing(max_wait=30.0)) as proxy:
        waiting = asyncio.create_task(proxy.ask())
        await until(lambda: len(proxy.engine.line) == 1)
        proxy.server.stopping = True
        proxy.engine.line.close()
        told = await waiting
        assert (told.status, told.error["code"]) == (503, "shutting_down")
        assert told.headers["retry-after"] == "5"
        told = await proxy.ask()
        assert (told.status, told.error["code"]) == (503, "shutting_down")
        assert told.headers["retry-after"] == "5"
        assert (await proxy.get("/health")).status == 503


async def test_a_chain_without_entries_can_serve_nothing():
    async with chain([completion()], chains={"free": []}) as proxy:
        told = await proxy.ask()
        assert (told.status, told.error["code"], told.trail) == (503, "chain_exhausted", "")
