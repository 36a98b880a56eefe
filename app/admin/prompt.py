"""A prompt that a person tries: the engine's own way, with somebody watching each step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import orjson

from app.admin.instants import at_moment
from app.admin.requests import attempt
from app.changes import PromptEvent
from app.contract import AdminError, Prompt
from app.request_snapshot import Answered, Step, Text
from app.tasks import alongside
from proxy import trail
from proxy.attempts import Answer
from proxy.chat_request import read_chat
from proxy.conclusion import Conclusion
from proxy.engine import Engine, new_request_id
from proxy.job import Job
from proxy.kept_bodies import Body
from proxy.model import Chain, Client
from proxy.relay import Greedy, Streaming
from proxy.sse import EventSplitter
from proxy.text import safe_text
from proxy.upstream import Served

_CLIENT = Client(name="test", keys=())
_AGENT = "429chain"


class Prompting:
    """Sends test prompts through the engine. They are logged as the client "test"."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def test(self, prompt: Prompt) -> Answered:
        """The end of it."""
        async with aclosing(self.stream(prompt)) as events:
            async for event in events:
                if isinstance(event, Answered):
                    return event
        raise AssertionError("a test prompt has no end")

    async def stream(self, prompt: Prompt) -> AsyncGenerator[PromptEvent]:
        """Each step as it happens, each piece of the answer, and the end. Raises AdminError."""
        chain = self._chain(prompt)
        events: asyncio.Queue[PromptEvent | None] = asyncio.Queue()
        run = _Run(self._engine, chain, prompt, events)
        async with alongside("test prompt", run.run) as running:
            while (event := await events.get()) is not None:
                yield event
            await running

    def _chain(self, prompt: Prompt) -> Chain:
        if (prompt.chain is None) == (prompt.entry is None):
            raise AdminError(
                "Chain or entry",
                "A test prompt goes to a chain or to an entry: name one of them.",
                field="chain",
            )
        if prompt.chain is not None:
            chain = self._engine.configuration.chains.get(prompt.chain)
            if chain is None:
                known = ", ".join(self._engine.configuration.chains) or "none yet"
                told = f"There is no chain '{safe_text(prompt.chain, 64)}'."
                raise AdminError("No such chain", told, f"configured: {known}", "chain", status=404)
            return chain
        name = prompt.entry or ""
        entry = self._engine.entry(name)
        if entry is None:
            told = f"'{safe_text(name, 200)}' names no configured provider and model."
            hint = "provider/model, such as those of GET /api/limits"
            raise AdminError("No such entry", told, hint, "entry", status=404)
        return Chain(name=entry.name, entries=(entry,))


class _Run:
    """One prompt on its way."""

    def __init__(
        self,
        engine: Engine,
        chain: Chain,
        prompt: Prompt,
        events: asyncio.Queue[PromptEvent | None],
    ) -> None:
        # The queue has no bound of its own: an answer has (32 MiB).
        self._engine = engine
        self._chain = chain
        self._prompt = prompt
        self._events = events
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._kept: Body | None = None

    async def run(self) -> None:
        try:
            await self._run()
        finally:
            self._events.put_nowait(None)

    async def _run(self) -> None:
        message = {"role": "user", "content": self._prompt.prompt}
        body = {"model": self._chain.name, "messages": [message], "stream": self._prompt.stream}
        engine, error = self._engine, None
        id = new_request_id()
        with engine.job(read_chat(body), self._chain, _CLIENT, _AGENT, id=id) as job:
            job.trail.on_step = self._step
            if engine.bodies is not None:
                self._kept = engine.bodies.begin(id, orjson.dumps(body)).answer
            answer = await engine.serve(job)
            if isinstance(answer, Conclusion):
                job.outcome, job.status, error = "failed", answer.status, answer.message
            elif isinstance(answer.outcome, Served):
                self._plain(job, answer, answer.outcome)
            else:
                error = await self._relay(job, answer, answer.outcome)
            self._events.put_nowait(self._answered(job, error))

    def _step(self, step: trail.Step) -> None:
        self._events.put_nowait(self._shown(step))

    def _shown(self, step: trail.Step) -> Step:
        retry_at = at_moment(self._engine.clock, step.retry_at)
        return Step(step.entry, step.word, step.detail, retry_at)

    def _plain(self, job: Job, answer: Answer, served: Served) -> None:
        job.outcome, job.status = "ok", 200
        job.first_token_ms = (self._engine.clock.now() - job.started) * 1000
        self._engine.settle(job, answer, served.usage, served.text_bytes)
        if self._kept is not None:
            self._kept.add(served.body)
        self._collect(orjson.loads(served.body), "message")

    async def _relay(self, job: Job, answer: Answer, streaming: Streaming) -> str | None:
        """Pass the pieces on; why the stream broke, if it did."""
        splitter = EventSplitter()
        stream = streaming.stream
        job.relaying, job.status = streaming, 200

        def write(frames: bytes) -> None:
            if self._kept is not None:
                self._kept.add(frames)
            for event in splitter.feed(frames):
                if event.data != b"[DONE]":
                    text = self._collect(orjson.loads(event.data), "delta")
                    if text is not None:
                        self._events.put_nowait(text)

        try:
            job.first_token_ms = (self._engine.clock.now() - job.started) * 1000
            fault = await streaming.relay(Greedy(write), stalled=60.0)
            job.outcome = "ok" if fault is None else "interrupted"
            return None if fault is None else self._engine.stream_broke(job, answer, fault)
        finally:
            streaming.close()
            self._engine.settle(job, answer, stream.usage, stream.text_bytes)

    def _collect(self, completion: Any, part: str) -> Text | None:
        """What the first choice says; None where it says nothing."""
        choices: Any = completion.get("choices")
        said: Any = choices[0].get(part) if choices else None
        if not isinstance(said, dict):
            return None
        fields = cast("dict[str, object]", said)
        content = _text(fields.get("content"))
        reasoning = _text(fields.get("reasoning_content") or fields.get("reasoning"))
        if not content and not reasoning:
            return None
        self._content.append(content)
        self._reasoning.append(reasoning)
        return Text(content, reasoning)

    def _answered(self, job: Job, error: str | None) -> Answered:
        return Answered(
            id=job.id,
            chain=job.chain.name,
            entry=job.served.name if job.served else None,
            status=job.status,
            outcome=job.outcome or "failed",
            content="".join(self._content),
            reasoning="".join(self._reasoning),
            error=error,
            trail=tuple(map(self._shown, job.trail.steps)),
            attempts=tuple(map(attempt, job.attempts)),
            tokens_in=job.tokens_in,
            tokens_out=job.tokens_out,
            estimated=job.estimated,
            duration_ms=(self._engine.clock.now() - job.started) * 1000,
            first_token_ms=job.first_token_ms,
        )


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""
