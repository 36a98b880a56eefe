"""A simulated provider: real HTTP on loopback, real limits, the manners of a real one."""

from __future__ import annotations

import asyncio
import hmac
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import orjson
from aiohttp import web

from app.demo.asked import Asked, Tally
from app.demo.completion import Completion, answer_cap, complete, prompt_tokens
from app.demo.dialect import Answer, Dialect, SimulatedModel
from app.demo.dialects import dialect as make_dialect
from app.demo.quota import Quota, Refused, Ticket
from app.demo.wire import DONE, chunks, plain_body
from proxy.clock import Clock
from proxy.model import Limit

_ASKED_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a simulated model takes, in seconds. A share is a probability from 0 to 1."""

    first_token: float = 0.0
    per_token: float = 0.0
    slow_share: float = 0.0
    slow_first_token: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong by itself. Each is the share of requests that it happens to, 0 to 1."""

    failure: float = 0.0
    """Answered with a 500. Counts as a request, gives its tokens back."""
    overloaded: float = 0.0
    """Turned away because the provider is busy (Cerebras `queue_exceeded`); counts nothing."""


class SimulatedProvider:
    """A provider that runs while it is entered: `async with SimulatedProvider(...) as groq`.

    `dialect` is the name of its preset (`groq`, `gemini`, ...), `limits` what `Quota` takes.
    An empty `key` lets everybody in.
    """

    def __init__(
        self,
        dialect: str,
        *,
        clock: Clock,
        models: Sequence[SimulatedModel],
        limits: Sequence[Limit] = (),
        model_limits: Mapping[str, Sequence[Limit]] | None = None,
        key: str = "",
        seed: int = 0,
        pace: Pace | None = None,
        trouble: Trouble | None = None,
        answer: Callable[[Mapping[str, Any], random.Random], Completion] = complete,
    ) -> None:
        self.dialect: Dialect = make_dialect(dialect, clock)
        self.models = {model.id: model for model in models}
        self.quota = Quota(
            limits,
            clock,
            models=model_limits,
            charges_refusals=self.dialect.charges_refusals,
        )
        self.key = key
        self.pace = pace or Pace()
        self.trouble = trouble or Trouble()
        self.asked: deque[Asked] = deque(maxlen=_ASKED_KEPT)
        self.tally = Tally()
        self.in_flight = 0
        self._clock = clock
        self._answer = answer
        self._chance = random.Random(seed)
        self._ids = 0
        self._port = 0
        self._stack = AsyncExitStack()

    @property
    def base_url(self) -> str:
        """What goes into the config, without a trailing slash."""
        return f"http://127.0.0.1:{self._port}{self.dialect.path}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        path = self.dialect.path
        app.router.add_post(f"{path}/chat/completions", self._chat)
        app.router.add_get(f"{path}/models", self._model_list)
        app.router.add_get(f"{path}/key", self._quota_report)
        # Cancellation is how an abandoned answer is noticed; a short end, for its clients are gone.
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5
        )
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._port = runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _model_list(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _response(self.dialect.wrong_key())
        rows = self.dialect.model_list(tuple(self.models.values()))
        return _response(self.dialect.json(200, rows))

    async def _quota_report(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _response(self.dialect.wrong_key())
        free = next((name for name in self.models if name.endswith(":free")), "")
        report = self.dialect.quota_report(self.quota.gauges(free))
        return _response(report or self.dialect.error(404, "Not found"))

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        # Read by hand: `request.json()` answers a malformed body with a 500.
        raw = await request.read()
        body = _json_object(raw)
        asked = Asked(self._clock.now(), str(body.get("model", "")), dict(request.headers), body)
        self.asked.append(asked)
        if answer := self._turned_away(request, asked):
            return self._refuse(asked, answer)
        admitted = self._admit(asked)
        if isinstance(admitted, Answer):
            return self._refuse(asked, admitted)
        async with self._serving(asked, admitted):
            if self._chance.random() < self.trouble.failure:
                admitted.settle(0)
                self.tally.failed += 1
                asked.status = 500
                return _response(self.dialect.failure())
            return await self._serve(request, asked, admitted)

    def _turned_away(self, request: web.Request, asked: Asked) -> Answer | None:
        """Refusals that have nothing to do with limits, in the order a real one finds them."""
        if not self._knows(request):
            return self.dialect.wrong_key()
        messages = asked.body.get("messages")
        if not isinstance(messages, list) or not messages:
            return self.dialect.malformed("messages: field required")
        model = self.models.get(asked.model)
        if model is None:
            return self.dialect.no_model(asked.model)
        if not model.allowed:
            return self.dialect.no_allowance(model.id)
        if model.paid:
            return self.dialect.no_credit(model.id)
        refused = next((one for one in self.dialect.refused_fields if one in asked.body), None)
        if refused is not None:
            return self.dialect.refused_field(refused)
        tokens = prompt_tokens(asked.body)
        if tokens > model.context_window:
            return self.dialect.too_long(model.context_window, tokens)
        if self._chance.random() < self.trouble.overloaded:
            return self.dialect.overloaded(model.id)
        return None

    def _admit(self, asked: Asked) -> Ticket | Answer:
        tokens = prompt_tokens(asked.body)
        if self.dialect.counts_cap:
            tokens += answer_cap(asked.body) or 0
        admitted = self.quota.admit(asked.model, tokens)
        if isinstance(admitted, Refused):
            asked.refused = admitted
            return self.dialect.refusal(asked.model, admitted, self.quota.gauges(asked.model))
        return admitted

    def _refuse(self, asked: Asked, answer: Answer) -> web.Response:
        asked.status = answer.status
        asked.told = asked.ended = self._clock.now()
        self.tally.refused += 1
        return _response(answer)

    @asynccontextmanager
    async def _serving(self, asked: Asked, ticket: Ticket) -> AsyncGenerator[None]:
        """Hold the request's place, and notice a client that leaves."""
        self.in_flight += 1
        try:
            yield
        except (asyncio.CancelledError, ConnectionError):
            # One that leaves once it has read `[DONE]` has been served.
            self.tally.abandoned += asked.status == 0
            raise
        finally:
            self.in_flight -= 1
            asked.ended = self._clock.now()
            ticket.leave()

    async def _serve(
        self, request: web.Request, asked: Asked, ticket: Ticket
    ) -> web.StreamResponse:
        completion = self._answer(asked.body, self._chance)
        ticket.settle(completion.prompt_tokens + completion.completion_tokens)
        stream = asked.body.get("stream") is True
        # The headers are written when the answer begins: they tell the state of this moment.
        headers = self.dialect.budget(self.quota.gauges(asked.model), stream=stream)
        asked.told = self._clock.now()
        self._ids += 1
        answer_id, created = f"chatcmpl-sim{self._ids}", int(self._clock.wall())
        if not stream:
            await asyncio.sleep(self._first_token() + self.pace.per_token * len(completion.pieces))
            body = plain_body(self.dialect, answer_id, asked.model, created, completion)
            self._served(asked, completion)
            return _response(self.dialect.json(200, body, headers))
        options = cast("dict[str, Any]", asked.body.get("stream_options") or {})
        events = chunks(
            self.dialect,
            answer_id,
            asked.model,
            created,
            completion,
            include_usage=options.get("include_usage") is True,
        )
        response = web.StreamResponse(headers={**headers, "content-type": "text/event-stream"})
        await response.prepare(request)
        if self.dialect.keep_alive:
            await response.write(self.dialect.keep_alive.encode())
        due = self._clock.now() + self._first_token()
        for event in events:
            # Each by its own moment: naps of a millisecond would add up to more than they say.
            await asyncio.sleep(max(0.0, due - self._clock.now()))
            await response.write(event)
            due += self.pace.per_token
        self._served(asked, completion)
        await response.write(DONE)
        await response.write_eof()
        return response

    def _served(self, asked: Asked, completion: Completion) -> None:
        asked.status = 200
        self.tally.served += 1
        self.tally.served_by_model[asked.model] += 1
        tokens = completion.prompt_tokens + completion.completion_tokens
        self.tally.tokens_by_model[asked.model] += tokens

    def _first_token(self) -> float:
        slow = self._chance.random() < self.pace.slow_share
        return self.pace.slow_first_token if slow else self.pace.first_token

    def _knows(self, request: web.Request) -> bool:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(key.strip().encode(), self.key.encode())
        return not self.key or (scheme.lower() == "bearer" and right)


def _response(answer: Answer) -> web.Response:
    headers = {**answer.headers, "content-type": answer.content_type}
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def _json_object(raw: bytes) -> dict[str, Any]:
    """The body; an empty object for anything that is none."""
    try:
        body: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}
