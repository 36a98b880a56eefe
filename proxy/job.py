"""One client request on its way through a chain. Lives in the engine's `in_flight` meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from proxy.chat_request import ChatRequest
from proxy.events import Attempt, Outcome
from proxy.limits.demand import Need
from proxy.model import Chain, Entry
from proxy.relay import Streaming
from proxy.trail import Trail


class Job:
    """What the waterfall knows of a request. Times are `Clock.now()` seconds.

    Written by the waterfall alone; snapshots read it while it runs.
    """

    __slots__ = (
        "agent",
        "at",
        "attempts",
        "bad",
        "banned",
        "capped",
        "chain",
        "client",
        "cut_off",
        "deadline",
        "dropped",
        "estimated",
        "first_token_ms",
        "id",
        "need",
        "outcome",
        "relaying",
        "request",
        "sent",
        "served",
        "serving",
        "started",
        "status",
        "tokens_in",
        "tokens_out",
        "trail",
        "tried",
        "wait_until",
        "waiting",
    )

    def __init__(
        self,
        *,
        id: str,
        request: ChatRequest,
        chain: Chain,
        client: str,
        agent: str,
        started: float,
        at: float,
        deadline: float,
    ) -> None:
        self.id = id
        self.request = request
        self.chain = chain
        self.client = client
        self.agent = agent
        self.started = started
        self.at = at
        """When it came, seconds since the epoch."""
        self.deadline = deadline
        """By then the first byte of its answer has to go out."""
        self.need = Need(
            prompt_bytes=request.prompt_bytes,
            images=request.images,
            cap=request.cap,
            answers=request.n,
            tools=request.needs_tools,
            vision=request.needs_vision,
        )
        self.trail = Trail()
        self.attempts: list[Attempt] = []
        self.sent = 0
        """Upstream requests sent, repeats included."""
        self.bad: list[BadRequest] = []
        """Answers that called the request itself bad, the first one first."""
        self.banned: set[str] = set()
        """Entries that later passes do not ask again."""
        self.tried: set[str] = set()
        """Entries that the pass under way, or the last one, has asked."""
        self.waiting = False
        self.wait_until: float | None = None
        """Fixed when it first waits."""
        self.served: Entry | None = None
        self.serving: asyncio.Task[Any] | None = None
        """The task that goes down the chain for it, until it has an answer."""
        self.cut_off = False
        """The program stops and could wait no longer."""
        self.relaying: Streaming | None = None
        """The stream that its client is reading."""
        self.dropped: tuple[str, ...] = ()
        self.capped: int | None = None
        self.outcome: Outcome | None = None
        """None while it runs."""
        self.status = 0
        """Of the answer to the client; 0 while there is none."""
        self.tokens_in = 0
        self.tokens_out = 0
        self.estimated = False
        self.first_token_ms: float | None = None
        """Until the first byte of the answer went out."""

    def rules_out(self, entry: Entry) -> bool:
        """The entry, or its whole provider, would only say again what it said of this request."""
        if entry.name in self.banned:
            return True
        return bool(self.bad) and one_provider(entry) in {answer.provider for answer in self.bad}


class BadRequest:
    """An upstream's word that the request itself is at fault."""

    __slots__ = ("code", "message", "provider", "status")

    def __init__(self, provider: str, status: int, message: str, code: str) -> None:
        self.provider = provider
        """As `one_provider` has it."""
        self.status = status
        self.message = message
        self.code = code


def one_provider(entry: Entry) -> str:
    """What counts as one provider when a request is called bad: at an aggregator, each model.

    Else all its accounts are one. Behind a gateway a provider without a preset of its own is told
    from its neighbours by its path alone.
    """
    provider = entry.provider
    if provider.preset.aggregator:
        return entry.name
    if provider.preset.base_url:
        return f"{provider.preset.id} {provider.origin}"
    return provider.base_url
