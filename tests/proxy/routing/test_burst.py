"""500 requests at once on an entry with 20 left: exactly 20 reach it, and none of them in vain.

`CHAIN429_TEST_REPEATS=20` repeats each burst so many times; 2 by default.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable

import pytest

from proxy.model import Preset
from tests.proxy.routing.stage import Link, Proxy, chain
from tests.upstreams.fake_provider import Received
from tests.upstreams.replies import Reply, completion, refusal

REPEATS = int(os.environ.get("CHAIN429_TEST_REPEATS", "2"))
PARALLEL = 500
SIZE = 20
OPENAI = Preset(id="openai", title="OpenAI", dialect="openai")


def enforcing(size: int, *, told: bool = False) -> tuple[Counter[str], Callable[[Received], Reply]]:
    """A provider that counts: after `size` requests it refuses. `told`: its headers say so."""
    counts: Counter[str] = Counter()

    def answer(received: Received) -> Reply:
        counts["asked"] += 1
        left = max(0, size - counts["asked"])
        headers = {
            "x-ratelimit-limit-requests": str(size),
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": "60s",
        }
        if counts["asked"] > size:
            counts["refused"] += 1
            return refusal(429, headers=headers if told else {})
        return completion("a", headers=headers if told else {})

    return counts, answer


async def burst(proxy: Proxy, count: int = PARALLEL) -> Counter[str]:
    told = await asyncio.gather(*(proxy.ask() for _ in range(count)))
    assert {one.status for one in told} == {200}
    return Counter(one.headers["x-429chain-provider"] for one in told)


@pytest.mark.parametrize("repeat", range(REPEATS))
async def test_the_limit_is_known_from_the_config(repeat: int):
    counts, answer = enforcing(SIZE)
    async with chain(Link(answer, limits={"rpm": SIZE}), [completion("b")]) as proxy:
        assert await burst(proxy) == {"a": SIZE, "b": PARALLEL - SIZE}
        assert counts == {"asked": SIZE}


@pytest.mark.parametrize("repeat", range(REPEATS))
async def test_the_limit_is_known_from_headers(repeat: int):
    counts, answer = enforcing(SIZE + 1, told=True)
    async with chain(Link(answer, preset=OPENAI), [completion("b")]) as proxy:
        assert (await proxy.ask()).text == "a"  # says that 20 are left
        assert await burst(proxy) == {"a": SIZE, "b": PARALLEL - SIZE}
        assert counts == {"asked": SIZE + 1}


@pytest.mark.parametrize("repeat", range(REPEATS))
async def test_the_limit_is_shared_by_two_models_of_one_account(repeat: int):
    counts, answer = enforcing(SIZE)
    first = Link(answer, account={"rpm": SIZE})
    async with chain(first, Link(provider="a", model="m2"), [completion("c")]) as proxy:
        assert await burst(proxy) == {"a": SIZE, "c": PARALLEL - SIZE}
        assert counts == {"asked": SIZE}


@pytest.mark.parametrize("repeat", range(REPEATS))
async def test_streams_reserve_as_plain_requests_do(repeat: int):
    counts, answer = enforcing(SIZE)
    async with chain(Link(answer, limits={"rpm": SIZE}), [completion("b")]) as proxy:
        told = await asyncio.gather(*(proxy.ask(stream=index % 2 == 0) for index in range(100)))
        assert Counter(one.headers["x-429chain-provider"] for one in told) == {"a": 20, "b": 80}
        assert counts == {"asked": SIZE}
