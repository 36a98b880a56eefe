"""A provider for ordinary tests: a real HTTP server on loopback that answers from a list.

async with fake_provider([refusal(429), completion("hi")]) as up:
    ...  # point an entry at up.base_url
    assert up.requests[0].body["model"] == "m"
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import orjson
from aiohttp import web

from tests.upstreams.replies import Reply, reply


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived. `body` is {} where it was no JSON object, `raw` has its bytes."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: dict[str, Any]
    raw: bytes

    @property
    def key(self) -> str:
        """The bearer key it came with, or ""."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


Answers = Iterable[Reply] | Callable[[Received], Reply]


class FakeProvider:
    """Answers chat requests from a queue, or from a function of the request.

    When the queue is empty the last reply is given again. `requests` are the POSTs, in the order
    of their arrival; `abandoned` counts answers whose client went away before their end.
    """

    def __init__(self, answers: Answers, *, models: Iterable[str | Mapping[str, Any]] = ()) -> None:
        self.requests: list[Received] = []
        self.listings: list[Received] = []
        """The GETs of the model list."""
        self.abandoned = 0
        self.port = 0
        self._change = asyncio.Event()
        self._models = [_model_row(model) for model in models]
        self._answer: Callable[[Received], Reply] | None = None
        self._queue: deque[Reply] = deque()
        self._last = reply(500, {"error": {"message": "the test's queue of answers is empty"}})
        if callable(answers):
            self._answer = answers
        else:
            self._queue.extend(answers)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def answer(self, *replies: Reply) -> None:
        """Put more replies into the queue."""
        self._queue.extend(replies)

    async def wait_for_requests(self, count: int = 1) -> None:
        """Until so many requests have arrived in all."""
        await self._until(lambda: len(self.requests) >= count)

    async def wait_for_abandoned(self, count: int = 1) -> None:
        """Until so many clients have gone away before the end of their answer."""
        await self._until(lambda: self.abandoned >= count)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._change.clear()
            await self._change.wait()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The one handler of every path."""
        received = await _receive(request)
        if request.method == "GET":
            self.listings.append(received)
            return web.json_response({"object": "list", "data": self._models})
        self.requests.append(received)
        self._change.set()
        try:
            return await _play(self._next(received), request)
        except (asyncio.CancelledError, ConnectionError):
            self.abandoned += 1
            self._change.set()
            raise

    def _next(self, received: Received) -> Reply:
        if self._answer is not None:
            return self._answer(received)
        if self._queue:
            self._last = self._queue.popleft()
        return self._last


@asynccontextmanager
async def fake_provider(
    answers: Answers = (), *, models: Iterable[str | Mapping[str, Any]] = ()
) -> AsyncGenerator[FakeProvider]:
    """A `FakeProvider` that listens while the block runs. `models`: rows of its model list."""
    provider = FakeProvider(answers, models=models)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", provider.serve)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.port = runner.addresses[0][1]
        yield provider
    finally:
        await runner.cleanup()


def _model_row(model: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return {"id": model, "object": "model"} if isinstance(model, str) else model


async def _receive(request: web.Request) -> Received:
    raw = await request.read()
    try:
        body: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = None
    return Received(
        request.method,
        request.path,
        request.query_string,
        {name.lower(): value for name, value in request.headers.items()},
        cast("dict[str, Any]", body) if isinstance(body, dict) else {},
        raw,
    )


async def _play(answer: Reply, request: web.Request) -> web.StreamResponse:
    pieces = list(answer.body)
    while pieces and isinstance(gate := pieces[0], asyncio.Event):
        await gate.wait()
        pieces.pop(0)
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if not answer.stream:
        response.content_length = sum(len(one) for one in pieces if isinstance(one, bytes))
    await response.prepare(request)
    for piece in pieces:
        if isinstance(piece, asyncio.Event):
            await piece.wait()
        elif piece:
            await response.write(piece)
    if answer.cut and request.transport is not None:
        request.transport.abort()
        return response
    await response.write_eof()
    return response
