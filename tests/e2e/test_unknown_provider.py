"""A provider that is in no preset: three lines of config, and all else is learned from what it
says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.process import CLIENT_KEY, ChainProcess, running
from tests.upstreams.fake_provider import Answers, FakeProvider, Received, fake_provider
from tests.upstreams.replies import Reply, completion, refusal, reply

THREE_LINES = '[providers.newcomer]\nbase_url = "{url}"\napi_key = "key-of-the-newcomer"\n'


@asynccontextmanager
async def newcomer(
    folder: Path, answers: Answers
) -> AsyncGenerator[tuple[ChainProcess, FakeProvider]]:
    """429chain with the newcomer before a provider that always answers."""
    async with fake_provider(answers) as up, fake_provider([completion("spare")]) as spare:
        text = (
            f'[server]\nadmin_port = 0\napi_keys = ["{CLIENT_KEY}"]\n'
            + THREE_LINES.format(url=up.base_url)
            + f'[providers.spare]\nbase_url = "{spare.base_url}"\n'
            '[chains.free]\nentries = ["newcomer/m", "spare/m"]\n'
        )
        async with running(folder, text) as chain:
            yield chain, up


async def trail(chain: ChainProcess, **body: object) -> str:
    answer = await chain.chat(**body)
    assert answer.status == 200
    return answer.headers["x-429chain-trail"]


async def test_its_headers_tell_what_is_left_and_it_is_not_asked_beyond_that(tmp_path: Path):
    left = 3

    def answer(received: Received) -> Reply:
        nonlocal left
        assert left > 0, "asked although its header had said that nothing is left"
        left -= 1
        return completion(
            headers={
                "x-ratelimit-limit-requests-minute": "3",
                "x-ratelimit-remaining-requests-minute": str(left),
                "x-ratelimit-reset-requests-minute": "40s",
            }
        )

    async with newcomer(tmp_path, answer) as (chain, up):
        trails = [await trail(chain) for _ in range(5)]
        assert trails[:3] == ["newcomer/m=ok,spare/m=not-tried"] * 3
        assert trails[3:] == ["newcomer/m=skipped:rpm,spare/m=ok"] * 2
        assert up.requests[0].headers["authorization"] == "Bearer key-of-the-newcomer"


async def test_its_refusal_in_words_tells_the_limit_and_the_wait_and_is_heard_once(tmp_path: Path):
    words = "You have reached the limit of 50 requests per day. Please try again in 3h12m."
    async with newcomer(tmp_path, [completion("hi"), refusal(429, words)]) as (chain, up):
        assert [await trail(chain) for _ in range(4)] == [
            "newcomer/m=ok,spare/m=not-tried",
            "newcomer/m=429,spare/m=ok",
            "newcomer/m=skipped:rpd,spare/m=ok",
            "newcomer/m=skipped:rpd,spare/m=ok",
        ]
        assert len(up.requests) == 2


async def test_what_it_cannot_take_is_left_out_from_the_second_request_on(tmp_path: Path):
    def answer(received: Received) -> Reply:
        if "logit_bias" in received.body:
            return reply(400, {"error": {"message": "property 'logit_bias' is unsupported"}})
        if received.body["max_tokens"] > 100:
            return reply(422, {"detail": "max_tokens must be less than or equal to 100"})
        return completion("hi")

    async with newcomer(tmp_path, answer) as (chain, up):
        for asked in (3, 4):
            told = await chain.chat(logit_bias={"1": 1}, max_tokens=500)
            assert told.headers["x-429chain-trail"] == "newcomer/m=ok,spare/m=not-tried"
            assert told.headers["x-429chain-dropped"] == "logit_bias"
            assert told.headers["x-429chain-capped"] == "100"
            assert len(up.requests) == asked


async def test_too_long_a_prompt_is_not_sent_a_second_time_and_a_shorter_one_is(tmp_path: Path):
    def answer(received: Received) -> Reply:
        if len(received.body["messages"][0]["content"]) > 10_000:
            message = "This model's maximum context length is 2048 tokens"
            return reply(400, {"error": {"message": message}})
        return completion("hi")

    long = [{"role": "user", "content": "x" * 20_000}]
    async with newcomer(tmp_path, answer) as (chain, up):
        assert await trail(chain, messages=long) == "newcomer/m=400,spare/m=ok"
        assert await trail(chain, messages=long) == "newcomer/m=skipped:too-long,spare/m=ok"
        assert await trail(chain) == "newcomer/m=ok,spare/m=not-tried"
        assert len(up.requests) == 2
