"""The measures of a request: what it costs, how long it takes, what a stream and a hop add."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from statistics import median

from bench.http_client import Pool, connect, pool
from bench.loads import (
    Streamed,
    WrongAnswer,
    check,
    counts,
    cpu_of_requests,
    latencies,
    stream,
    until_none_held,
)
from bench.processes import Running
from bench.provider import FLOOD_LENGTH
from bench.report import Pairs, Row, compare, percentile
from bench.setting import Bench, hop_chain

_RATE = 100.0
_LARGE = 100_000
_FLOODS = 4


async def cost_of_requests(bench: Bench) -> AsyncIterator[Row]:
    """CPU of plain requests, at 64 connections."""
    plan = bench.plan
    for size, number, words in (
        (600, plan.requests, "0.6 kB"),
        (_LARGE, plan.large_requests, "100 kB"),
    ):
        pairs: list[tuple[float, float]] = []
        # The first round warms up.
        for _ in range(plan.rounds + 1):
            reference, product = [
                await cpu_of_requests(target, target.request("plain", size=size), number)
                for target in bench.pair
            ]
            pairs.append((reference, product))
        yield compare(f"1,000 plain requests of {words}", "CPU s", pairs[1:], "1.0x")


async def added_latency(bench: Bench) -> AsyncIterator[Row]:
    """Beside the direct way, all three in turn."""
    targets = (bench.provider, *bench.pair)
    added: dict[str, list[tuple[float, float]]] = {"p50": [], "p99": [], "first": []}
    for _ in range(bench.plan.rounds):
        found = await latencies(targets, "plain", rate=_RATE, seconds=bench.plan.latency_seconds)
        for name, percent in (("p50", 50), ("p99", 99)):
            direct, reference, product = [percentile(one, percent) for one in found]
            added[name].append((reference - direct, product - direct))
        found = await latencies(
            targets, "brief", rate=_RATE / 4, seconds=bench.plan.latency_seconds
        )
        direct, reference, product = [median(one) for one in found]
        added["first"].append((reference - direct, product - direct))
    yield compare("added to a request, p50, at 100/s", "ms", added["p50"], "1.0x")
    yield compare("added to a request, p99, at 100/s", "ms", added["p99"])
    yield compare("added to the first token, p50", "ms", added["first"], "1.0x")


async def cost_of_streams(bench: Bench) -> AsyncIterator[Row]:
    """Paced as a model writes, and as fast as it goes."""
    plan = bench.plan
    paced: list[tuple[Streamed, Streamed]] = []
    floods: list[tuple[Streamed, Streamed]] = []
    for _ in range(plan.rounds):
        reference, product = [
            await stream(target, "paced", plan.chunks, plan.streams) for target in bench.pair
        ]
        paced.append((reference, product))
        reference, product = [
            await stream(target, "flood", plan.chunks * FLOOD_LENGTH, _FLOODS)
            for target in bench.pair
        ]
        floods.append((reference, product))
    costs = [(one.cpu_per_chunk, other.cpu_per_chunk) for one, other in paced]
    yield compare("a chunk, paced at 20 ms", "CPU us", costs, "1.0x")
    shares = [(one.batched_share, other.batched_share) for one, other in paced]
    yield compare("chunks that came batched, paced at 20 ms", "%", shares, "0.0")
    rates = [(one.tokens / one.seconds, other.tokens / other.seconds) for one, other in floods]
    yield compare("chunks a second, saturated (more is better)", "1/s", rates)
    costs = [(one.cpu_per_chunk, other.cpu_per_chunk) for one, other in floods]
    yield compare("a chunk, saturated", "CPU us", costs)


async def cost_of_hops(bench: Bench) -> AsyncIterator[Row]:
    """A chain's first entry refuses: that request, and the next, which must not ask it again."""
    product, hops, nexts = bench.product, list[float](), list[float]()
    calls_of_next = 0
    async with pool(product.port, 1) as clients:
        plain = product.request("plain")
        for number in range(bench.plan.hops):
            request = product.request(hop_chain(number))
            usual = await _milliseconds(clients, plain)
            hops.append(await _milliseconds(clients, request) - usual)
            before = (await counts(bench.provider)).calls.get("refusing", 0)
            if number == 0 and not before:
                raise WrongAnswer("the first entry of a chain for hops was not asked")
            usual = await _milliseconds(clients, plain)
            nexts.append(await _milliseconds(clients, request) - usual)
            calls_of_next += (await counts(bench.provider)).calls["refusing"] - before
    yield Row("a hop after a 429", "ms", median(hops), budget="0.5 ms")
    yield Row("the next request", "ms", median(nexts), budget="0.1 ms")
    yield Row("requests to the exhausted entry by it", "", calls_of_next, budget="0")


async def _milliseconds(clients: Pool, request: bytes) -> float:
    began = time.perf_counter()
    return (check(await clients.ask(request)).ended - began) * 1000


async def freed_after_abort(bench: Bench) -> AsyncIterator[Row]:
    """A client goes away from a stream: until the provider sees that its work is not wanted."""
    pairs: Pairs = [
        (await _freed(bench, bench.reference), await _freed(bench, bench.product))
        for _ in range(bench.plan.aborts)
    ]
    yield compare("upstream freed after an abort, p50", "ms", pairs)
    slowest = max(product for _, product in pairs)
    yield Row("upstream freed after an abort, slowest", "ms", slowest, budget="200 ms")


async def _freed(bench: Bench, target: Running) -> float:
    connection = await connect(target.port)
    await connection.open_stream(target.request("held", stream=True))
    left = time.perf_counter()
    connection.abort()
    freed = (await until_none_held(bench.provider)).freed
    return (freed[-1] - left) * 1000
