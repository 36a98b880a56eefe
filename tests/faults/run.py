"""Run fault cases against the product: one process serves them all, each with its own chain."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.faults.cases import Case, load_profile
from tests.faults.judge import Outcome, verdict
from tests.faults.product import CLIENT_KEY, Product, running_product
from tests.peers.canaries import leaked
from tests.upstreams.fake_provider import Received, fake_provider
from tests.upstreams.observer import Observer, observing
from tests.upstreams.raw_client import AnswerBroken, RawAnswer, raw_client
from tests.upstreams.replies import Reply, completion, stream
from tests.upstreams.scripted import ScriptedUpstream, scripted_upstream

_PARALLEL = 24
_PATIENCE = 25.0
_RSS_INTERVAL = 0.02


@dataclass(frozen=True, slots=True)
class Result:
    """A case that ran. `problem` is "" where it passed."""

    case: Case
    problem: str
    elapsed: float
    rss_growth: float


@dataclass(frozen=True, slots=True)
class Stage:
    """What a case needs around it."""

    case: Case
    upstream: ScriptedUpstream
    observer: Observer | None


@dataclass(frozen=True, slots=True)
class Report:
    results: tuple[Result, ...]
    leaks: tuple[str, ...]
    """What the product wrote to its log or database and must not have."""

    def counts(self, level: str) -> tuple[int, int]:
        """Passed and total of `must` or `should`."""
        problems = [one.problem for one in self.results if one.case.level == level]
        return problems.count(""), len(problems)

    @property
    def failed(self) -> tuple[Result, ...]:
        return tuple(one for one in self.results if one.problem)

    @property
    def good(self) -> bool:
        """Every `must` passed, and nothing leaked."""
        return not self.leaks and all(one.case.level != "must" for one in self.failed)


async def run_cases(cases: Sequence[Case], *, command: tuple[str, ...] = ()) -> Report:
    """Run them, at most 24 at a time; those that measure memory one by one afterwards."""
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(_stage(case)) for case in cases]
        second = await stack.enter_async_context(fake_provider(_second))
        config = _config(stages, second.base_url)
        product = await stack.enter_async_context(running_product(config, command=command))
        places = asyncio.Semaphore(_PARALLEL)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_run(stage, product, places))
                for stage in stages
                if stage.case.also.rss_growth_max is None
            ]
        results = [task.result() for task in tasks]
        for stage in stages:
            if stage.case.also.rss_growth_max is not None:
                results.append(await _run(stage, product, places))
        return Report(tuple(results), _leaks(product, cases))


@asynccontextmanager
async def _stage(case: Case) -> AsyncGenerator[Stage]:
    async with AsyncExitStack() as stack:
        observer = None
        variables = {"UPSTREAM_KEY": _upstream_key(case)}
        if case.also.observer_requests_max is not None:
            observer = await stack.enter_async_context(observing())
            variables["OBSERVER_PORT"] = str(observer.port)
        upstream = await stack.enter_async_context(
            scripted_upstream(case.steps, listen=case.listen, variables=variables)
        )
        yield Stage(case, upstream, observer)


def _upstream_key(case: Case) -> str:
    return f"sk-upstream-secret-of-{case.id}"


def _second(received: Received) -> Reply:
    if received.body.get("stream"):
        return stream("SEC", "OND", usage=None)
    return completion("SECOND")


def _config(stages: Sequence[Stage], second_url: str) -> str:
    profile = load_profile()
    tables = [
        "[routing]",
        'max_wait = "0s"',
        f'default_chain = "{stages[0].case.id}"',
        "[timeouts]",
        f'connect = "{profile.connect}ms"',
        f'first_token = "{profile.first_token}ms"',
        f'plain = "{profile.headers}ms"',
        f'idle = "{profile.idle}ms"',
        f'total = "{profile.total}ms"',
        *_provider("second", second_url, "sk-upstream-secret-of-second"),
    ]
    for stage in stages:
        case = stage.case
        entries = [f"{case.id}/m"] + ["second/m"] * (case.variant == "with_second")
        tables += _provider(case.id, stage.upstream.base_url, _upstream_key(case))
        tables += [f"[chains.{case.id}]", f"entries = {json.dumps(entries)}"]
    return "\n".join([*tables, ""])


def _provider(name: str, base_url: str, key: str) -> list[str]:
    return [
        f"[providers.{name}]",
        'preset = "openai-compatible"',
        f'base_url = "{base_url}"',
        f'api_key = "{key}"',
    ]


async def _run(stage: Stage, product: Product, places: asyncio.Semaphore) -> Result:
    case = stage.case
    async with places:
        before = peak = product.rss()
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(_ask(case, product))
            while case.also.rss_growth_max is not None and not asking.done():
                peak = max(peak, product.rss())
                await asyncio.sleep(_RSS_INTERVAL)
        elapsed = time.monotonic() - started
    got = asking.result()
    outcome = Outcome(
        answer=got if isinstance(got, RawAnswer) else None,
        broken=got if isinstance(got, str) else "",
        elapsed=elapsed,
        # A GET is the model list, which the product looks at by itself.
        upstream_requests=sum(one.startswith(b"POST") for one in stage.upstream.requests),
        observer_requests=len(stage.observer.requests) if stage.observer else 0,
        rss_growth=peak - before,
    )
    return Result(case, verdict(case, outcome), elapsed, outcome.rss_growth)


async def _ask(case: Case, product: Product) -> RawAnswer | str:
    """The answer, or why there is none."""
    body = {
        "model": case.id,
        "messages": [{"role": "user", "content": "hello"}],
        "stream": case.mode == "stream",
    }
    try:
        async with asyncio.timeout(_PATIENCE), raw_client(product.port) as client:
            return await client.request("POST", "/v1/chat/completions", body, key=CLIENT_KEY)
    except TimeoutError:
        return f"nothing after {_PATIENCE} s"
    except (AnswerBroken, OSError) as error:
        return f"{type(error).__name__}: {error}"


def _leaks(product: Product, cases: Sequence[Case]) -> tuple[str, ...]:
    written = product.written()
    leaks = leaked(written, [CLIENT_KEY, *map(_upstream_key, cases)])
    if b"\x1b]0;PWNED" in written:
        leaks.append("an escape sequence of an upstream")
    return tuple(leaks)
