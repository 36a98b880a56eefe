"""Loads, and what came of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import orjson

from bench.http_client import Connection, Reply, at_once, connect, pool
from bench.processes import Running

_CONNECTIONS = 64


class WrongAnswer(Exception):
    """A measure would tell nothing: an answer was not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the simulated provider told of itself."""

    calls: dict[str, int]
    held: int
    freed: list[float]


async def counts(provider: Running) -> Counts:
    """Ask the simulated provider."""
    reader, writer = await asyncio.open_connection("127.0.0.1", provider.port)
    try:
        writer.write(b"GET /counts HTTP/1.1\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.rpartition(b"content-length: ")[2])
        return Counts(**orjson.loads(await reader.readexactly(length)))
    finally:
        writer.close()


def check(reply: Reply, *, tokens: int = 0) -> Reply:
    """Raises WrongAnswer unless it is a 200 with that many tokens."""
    if reply.status != 200 or reply.tokens != tokens:
        raise WrongAnswer(f"an answer with status {reply.status} and {reply.tokens} tokens")
    return reply


async def cpu_of_requests(
    target: Running, request: bytes, number: int, connections: int = _CONNECTIONS
) -> float:
    """CPU seconds per 1,000 requests, the log's writing included."""
    async with pool(target.port, connections) as clients:
        left = iter(range(number))

        async def some() -> None:
            for _ in left:
                check(await clients.ask(request))

        before = target.cpu()
        await at_once(connections, some)
        await target.rest()
        return (target.cpu() - before) / number * 1000


@dataclass(frozen=True, slots=True)
class Streamed:
    """What a load of streams cost and brought."""

    tokens: int
    batched: int
    cpu: float
    seconds: float

    @property
    def cpu_per_chunk(self) -> float:
        """Microseconds."""
        return self.cpu / self.tokens * 1e6

    @property
    def batched_share(self) -> float:
        """Percent."""
        return 100 * self.batched / self.tokens


async def stream(target: Running, behaviour: str, tokens: int, streams: int) -> Streamed:
    """Read that many streams of `tokens` tokens at the same time."""
    request = target.request(behaviour, stream=True)
    replies: list[Reply] = []
    async with pool(target.port, streams) as clients:

        async def one() -> None:
            replies.append(check(await clients.ask(request), tokens=tokens))

        before, began = target.cpu(), time.perf_counter()
        await at_once(streams, one)
        seconds = time.perf_counter() - began
        await target.rest(1.0)
        cpu = target.cpu() - before
    total = sum(reply.tokens for reply in replies)
    return Streamed(total, sum(reply.batched for reply in replies), cpu, seconds)


async def latencies(
    targets: Sequence[Running], behaviour: str, *, rate: float, seconds: float
) -> list[list[float]]:
    """Send `rate` requests a second to each target in turn, answered or not.

    Milliseconds for each target: of `brief`, a stream, until its first token; else until the end.
    """
    streaming = behaviour == "brief"
    number = int(rate * seconds)
    requests = [target.request(behaviour, stream=streaming) for target in targets]
    found: list[list[float]] = [[] for _ in targets]
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        pools = [await stack.enter_async_context(pool(target.port, 8)) for target in targets]

        async def one(index: int) -> None:
            began = time.perf_counter()
            reply = check(await pools[index].ask(requests[index]), tokens=int(streaming))
            ended = reply.first_token if streaming else reply.ended
            found[index].append((ended - began) * 1000)

        start, gap = loop.time(), 1 / rate / len(targets)
        async with asyncio.TaskGroup() as group:
            for turn in range(number * len(targets)):
                await asyncio.sleep(start + turn * gap - loop.time())
                group.create_task(one(turn % len(targets)))
    return found


async def hold_streams(target: Running, number: int) -> list[Connection]:
    """Open streams that stay open after their first token."""
    request = target.request("held", stream=True)
    held: list[Connection] = []
    for _ in range(number):
        connection = await connect(target.port)
        held.append(connection)
        await connection.open_stream(request)
    return held


async def until_none_held(provider: Running, seconds: float = 10.0) -> Counts:
    """Wait until no held stream is open at the provider. Raises WrongAnswer."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        found = await counts(provider)
        if not found.held:
            return found
        await asyncio.sleep(0.01)
    raise WrongAnswer(f"streams are still open upstream {seconds:g} s after their clients left")
