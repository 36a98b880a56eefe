"""The peers of a soak: providers of every mood, and clients that expect what they should."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from tests.faults.cases import load_cases
from tests.faults.product import CLIENT_KEY
from tests.peers.stage import CHAT, chat
from tests.upstreams.fake_provider import Received, fake_provider
from tests.upstreams.raw_client import AnswerBroken, RawAnswer, raw_client
from tests.upstreams.replies import DONE, ROLE, Reply, chunk, completion, refusal, reply, stream
from tests.upstreams.scripted import loopback_server, read_request, scripted_upstream

STREAMS = 50
"""Long streams under way at any moment."""
_PIECES = 40
RATE = 40.0
"""Short requests a second."""
_LEAVING = 0.05
_PATIENCE = 60.0
_BAD = 0.3
_WORDS = "a stitch in time saves nine " * 4
_SCRIPTS = ("reset-before-headers", "503-html-2mb", "sse-error-first-429", "truncated-json")
"""Of `fault-scripts.json`: quick faults, that the entry behind makes good."""


class Expected(Exception):
    """What came is not what should have come."""


@asynccontextmanager
async def providers(dice: random.Random) -> AsyncGenerator[dict[str, str]]:
    """Base URLs by provider id: `good`, `moody` and one for each fault script."""
    cases = [
        case
        for case in load_cases()
        if case.mode == "stream"
        and case.variant == "with_second"
        and case.listen == "tcp"
        and case.name.split("/")[0] in _SCRIPTS
    ]

    def moody(asked: Received) -> Reply:
        if dice.random() < _BAD:
            return dice.choice(
                (
                    refusal(429, headers={"retry-after": "1"}),
                    refusal(503, "overloaded", code=None, type="server_error"),
                    refusal(400, "model is too long", code="context_length_exceeded"),
                    reply(200, "<html>it will be back</html>"),
                )
            )
        return good(asked)

    async with AsyncExitStack() as stack:
        up = await stack.enter_async_context(fake_provider(good))
        moods = await stack.enter_async_context(fake_provider(moody))
        urls = {"good": up.base_url, "moody": moods.base_url}
        for number, case in enumerate(cases):
            script = await stack.enter_async_context(scripted_upstream(case.steps))
            urls[f"script{number}"] = script.base_url
        yield urls


def good(asked: Received) -> Reply:
    """A provider that does what it is asked for."""
    if not asked.body.get("stream"):
        return completion(_WORDS)
    return stream(*(f"{number} {_WORDS}" for number in range(6)))


async def long_stream(port: int, tally: Counter[str], dice: random.Random) -> None:
    """One client that streams from `slow`, in one case of twenty to its own end only."""
    body = chat(stream=True) | {"model": "slow"}
    pieces = dice.randrange(1, _PIECES) if dice.random() < _LEAVING else None
    async with raw_client(port) as client:
        await client.send(client.request_bytes("POST", CHAT, body, key=CLIENT_KEY))
        if pieces is None:
            _complete(await client.answer())
            tally["streams"] += 1
            return
        for _ in range(pieces):
            await client.reader.readuntil(b"\n\n")
        tally["left"] += 1
        if dice.random() < 0.5:
            await client.reset()


async def short_request(port: int, chain: str, tally: Counter[str], dice: random.Random) -> None:
    """One request down a chain that ends in a provider that serves: it must be served."""
    streaming = dice.random() < 0.5
    body = chat(stream=streaming, text=_WORDS) | {"model": chain}
    async with raw_client(port) as client:
        await client.send(client.request_bytes("POST", CHAT, body, key=CLIENT_KEY))
        if dice.random() < _LEAVING:
            await asyncio.sleep(dice.random() * 0.01)
            tally["left"] += 1
            return
        answer = await client.answer()
        if streaming:
            _complete(answer)
        elif answer.status != 200 or not answer.json()["choices"][0]["message"]["content"]:
            raise Expected(f"{answer.status} {answer.body[:300]!r}")
        tally["served"] += 1


def _complete(answer: RawAnswer) -> None:
    if answer.status != 200 or not answer.body.endswith(b"data: [DONE]\n\n"):
        raise Expected(f"{answer.status} ... {answer.body[-300:]!r}")


async def guarded(work: Awaitable[None], tally: Counter[str], odd: list[str]) -> None:
    """Run one client's work; what goes wrong is noted, and is no reason to stop."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await work
    except (Expected, AnswerBroken, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        tally["unexpected"] += 1
        odd.append(f"{type(error).__name__}: {error}"[:400])


@asynccontextmanager
async def slow_provider(gap: float) -> AsyncGenerator[str]:
    """Streams forty pieces, one every `gap` seconds."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled at the end of a run, Python 3.11 would complain of a server's task.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await read_request(reader)
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            )
            writer.write(ROLE)
            for number in range(_PIECES):
                writer.write(chunk({"content": f"{number} {_WORDS}"}))
                await writer.drain()
                await asyncio.sleep(gap)
                if writer.transport.is_closing():
                    return
            writer.write(chunk({}, finish="stop") + DONE)
            await writer.drain()
        writer.close()

    async with loopback_server(serve) as port:
        yield f"http://127.0.0.1:{port}/v1"
