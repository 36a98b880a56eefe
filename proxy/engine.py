"""The data plane as one object: configuration, ledger, line, connections, running requests."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from random import getrandbits
from types import TracebackType

from proxy.answer import Usage
from proxy.attempts import Answer, Attempts
from proxy.bus import Bus
from proxy.chat_request import ChatRequest, estimate
from proxy.clock import Clock
from proxy.conclusion import Conclusion, shutting_down
from proxy.connections import Connections
from proxy.errors import UpstreamFault
from proxy.events import LimitsChanged, RequestFinished
from proxy.inquiries import Inquiries
from proxy.job import Job
from proxy.kept_bodies import KeptBodies
from proxy.limits import judge
from proxy.limits.ledger import Ledger
from proxy.limits.subjects import Subject
from proxy.model import Chain, Client, Configuration, Entry, Routing
from proxy.resolve import any_entry
from proxy.text import Redactor
from proxy.trail import Step
from proxy.upstream import Upstream
from proxy.waiting import Line
from proxy.waterfall import Waterfall

_TOLD_EVERY = 0.1
"""Seconds in which changes of the same limits become one event. Refusals are told at once."""


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
        self.bodies: KeptBodies | None = None
        """None unless the configuration wants them kept."""
        self.idle = asyncio.Event()
        """Set while none runs."""
        self.idle.set()
        self._to_tell: dict[str, None] = {}
        self._telling: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Engine:
        await self.connections.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._telling is not None:
            self._telling.cancel()
        await self.connections.__aexit__(kind, error, trace)

    def configure(self, configuration: Configuration, secrets: Iterable[str]) -> None:
        """Put a configuration in force. Requests under way finish the pass they are in.

        `secrets` appear in no text that leaves the data plane.
        """
        self.configuration = configuration
        self.bodies = (self.bodies or KeptBodies()) if configuration.keep_bodies else None
        self.connections.forget()
        self.attempts.redactor = Redactor(secrets)
        self.ledger.configure(configuration.entries.values())
        self.inquiries.configure(configuration)
        self.line.poke()

    def _routing(self) -> Routing:
        return self.configuration.routing

    def _changed(self, subject: Subject, urgent: bool) -> None:
        self.line.poke()
        if subject.scope == "origin":
            return
        if urgent:
            self.bus.publish(LimitsChanged(subject.key, urgent))
            return
        self._to_tell[subject.key] = None
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_TOLD_EVERY, self._tell_changes)

    def _tell_changes(self) -> None:
        self._telling = None
        for key in self._to_tell:
            self.bus.publish(LimitsChanged(key, urgent=False))
        self._to_tell.clear()

    def chain_now(self, chain: Chain) -> Chain:
        """The chain as it is configured now; as it was if it is gone."""
        current = self.configuration.chains.get(chain.name)
        if current is not None or len(chain.entries) != 1 or chain.name != chain.entries[0].name:
            return current or chain
        direct = self.entry(chain.name) or chain.entries[0]
        return replace(chain, entries=(direct,))

    def entry(self, name: str) -> Entry | None:
        """`provider/model`, configured or not; None for an unknown provider."""
        return any_entry(self.configuration, name)

    def prompt_tokens(self, request: ChatRequest, chain: Chain) -> int:
        """Tokens of the prompt, estimated as for the chain's first entry."""
        for entry in chain.entries:
            facts = self.ledger.register.view(entry).facts
            return facts.prompt_tokens(request.prompt_bytes, request.images)
        return estimate(request)

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
        except ConnectionError:
            raise
        except Exception:
            # Ours, not the client's: it did not leave.
            job.outcome, job.status = "failed", 500
            raise
        finally:
            del self.in_flight[id]
            if not self.in_flight:
                self.idle.set()
            self._publish(job)

    async def serve(self, job: Job) -> Answer | Conclusion:
        """Down the chain; raises CancelledError when the client leaves meanwhile."""
        job.serving = asyncio.current_task()
        try:
            return await self.waterfall.serve(job)
        except asyncio.CancelledError:
            if not job.cut_off or _was_cancelled_twice():
                raise
            return shutting_down()
        finally:
            job.serving = None

    def interrupt(self) -> None:
        """End the requests under way: streams with the event that tells their clients so, what has
        not had its first byte with a 503."""
        for job in self.in_flight.values():
            if job.relaying is not None:
                job.relaying.interrupt()
            elif job.serving is not None and not job.cut_off:
                job.cut_off = True
                job.serving.cancel()

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
        last = job.attempts[-1]
        last = last._replace(duration_ms=(self.clock.now() - job.started) * 1000 - last.started_ms)
        if job.outcome in (None, "left"):
            last = last._replace(outcome="left", detail="the client went away")
        job.attempts[-1] = last

    def stream_broke(self, job: Job, answer: Answer, fault: UpstreamFault) -> str:
        """A stream failed after its first event: it can't be saved. Returns why, redacted."""
        detail = self.attempts.redactor.detail(fault.message)
        if job.relaying is None or not job.relaying.interrupted:
            judge.fail(self.ledger, answer.reservation, "broken")
            job.trail.ended(Step(answer.entry.name, "broken", "transient", detail))
            job.attempts[-1] = job.attempts[-1]._replace(outcome="broken", detail=detail)
        return detail

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


def _was_cancelled_twice() -> bool:
    """By us and by its client, who left at the same moment. Takes our cancellation back."""
    task = asyncio.current_task()
    return task is not None and task.uncancel() > 0


def new_request_id() -> str:
    """Twenty-four hexadecimal digits. No secret: nobody is let in by one."""
    return f"{getrandbits(96):024x}"
