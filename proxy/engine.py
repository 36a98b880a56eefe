"""The data plane as one object: configuration, ledger, line, connections, running requests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType

from proxy.answer import Usage
from proxy.attempts import Attempts
from proxy.bus import Bus
from proxy.chat_request import ChatRequest
from proxy.clock import Clock
from proxy.conclusion import Conclusion
from proxy.connections import Connections
from proxy.errors import UpstreamFault
from proxy.events import LimitsChanged, RequestFinished
from proxy.inquiries import Inquiries
from proxy.job import Job
from proxy.limits import judge
from proxy.limits.ledger import Ledger
from proxy.limits.subjects import Subject
from proxy.model import Chain, Client, Configuration, Entry, Routing, make_entry
from proxy.text import Redactor
from proxy.upstream import Upstream
from proxy.waiting import Line
from proxy.waterfall import Answer, Waterfall


class Engine:
    """Serves requests on the configuration in force. `async with`; then `configure`."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self.clock = clock
        self.bus = bus
        self.configuration = Configuration(providers={}, chains={}, clients=())
        self.connections = Connections()
        self.ledger = Ledger(clock, on_change=self._changed)
        self.line = Line(self.ledger, self.chain_now)
        self.inquiries = Inquiries(self.ledger, self.connections, bus)
        self.attempts = Attempts(self.ledger, Upstream(self.connections))
        self.waterfall = Waterfall(
            self.ledger, self.line, self.attempts, self._routing, self.chain_now
        )
        self.in_flight: dict[str, Job] = {}
        """Running requests by id, oldest first. Snapshots read it."""
        self.idle = asyncio.Event()
        """Set while none runs."""
        self.idle.set()

    async def __aenter__(self) -> Engine:
        await self.connections.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.connections.__aexit__(kind, error, trace)

    def configure(self, configuration: Configuration, secrets: Iterable[str]) -> None:
        """Put a configuration in force. Requests under way finish the pass they are in.

        `secrets` appear in no text that leaves the data plane.
        """
        self.configuration = configuration
        self.connections.forget()
        self.attempts.redactor = Redactor(secrets)
        self.ledger.configure(configuration.entries.values())
        self.inquiries.configure(configuration)
        self.line.poke()

    def _routing(self) -> Routing:
        return self.configuration.routing

    def _changed(self, subject: Subject, urgent: bool) -> None:
        self.line.poke()
        if subject.scope != "origin":
            self.bus.publish(LimitsChanged(subject.key, urgent))

    def chain_now(self, chain: Chain) -> Chain:
        """The chain as it is configured now; as it was if it is gone."""
        current = self.configuration.chains.get(chain.name)
        if current is not None or chain.name not in self.configuration.entries:
            return current or chain
        return Chain(name=chain.name, entries=(self.configuration.entries[chain.name],))

    def entry(self, name: str) -> Entry | None:
        """`provider/model`, configured or not; None for an unknown provider."""
        known = self.configuration.entries.get(name)
        if known is not None:
            return known
        provider_id, _, model = name.partition("/")
        provider = self.configuration.providers.get(provider_id)
        return make_entry(provider, model) if provider is not None and model else None

    @contextmanager
    def job(
        self, request: ChatRequest, chain: Chain, client: Client, agent: str, *, id: str
    ) -> Generator[Job]:
        """A request while it runs; what became of it is published when the block is left."""
        now = self.clock.now()
        job = Job(
            id=id,
            request=request,
            chain=chain,
            client=client.name,
            agent=agent,
            started=now,
            at=self.clock.wall(),
            deadline=now + self.configuration.routing.request_timeout,
        )
        self.in_flight[id] = job
        self.idle.clear()
        try:
            yield job
        finally:
            del self.in_flight[id]
            if not self.in_flight:
                self.idle.set()
            self._publish(job)

    async def serve(self, job: Job) -> Answer | Conclusion:
        """Down the chain; raises CancelledError when the client leaves meanwhile."""
        self.waterfall.newcomer()
        return await self.waterfall.serve(job)

    def settle(self, job: Job, answer: Answer, usage: Usage | None, text_bytes: int) -> None:
        """The answer is over: settle its reservation and count its tokens."""
        reservation = answer.reservation
        if usage is not None:
            job.tokens_in, job.tokens_out = usage.prompt_tokens, usage.completion_tokens
            self.ledger.settle(
                reservation, job.tokens_in, job.tokens_out, stream=job.request.stream
            )
        else:
            job.estimated = True
            job.tokens_in = reservation.demand.prompt
            job.tokens_out = int(text_bytes / reservation.view.facts.divisor)
            self.ledger.settle(reservation)

    def stream_broke(self, job: Job, answer: Answer, fault: UpstreamFault) -> None:
        """A stream failed after its first event: it can't be saved, but its entry is to blame."""
        judge.fail(self.ledger, answer.reservation, "broken")
        detail = self.attempts.redactor.detail(fault.message)
        job.trail.ended(answer.entry, "broken", "transient", detail)
        last = job.attempts[-1]
        duration = (self.clock.now() - job.started) * 1000 - last.started_ms
        job.attempts[-1] = replace(last, outcome="broken", duration_ms=duration, detail=detail)

    def _publish(self, job: Job) -> None:
        now = self.clock.now()
        outcome = job.outcome or "left"
        self.bus.publish(
            RequestFinished(
                id=job.id,
                at=job.at,
                client=job.client,
                agent=job.agent,
                chain=job.chain.name,
                entry=job.served.name if job.served else None,
                outcome=outcome,
                status=job.status or 499,
                stream=job.request.stream,
                attempts=tuple(job.attempts),
                trail=job.trail.pairs(),
                tokens_in=job.tokens_in,
                tokens_out=job.tokens_out,
                estimated=job.estimated,
                duration_ms=(now - job.started) * 1000,
                first_token_ms=job.first_token_ms,
                client_closed=outcome == "left",
            )
        )


def new_request_id() -> str:
    """Twenty-four hexadecimal digits."""
    return os.urandom(12).hex()
