"""The waterfall: down the chain until an entry serves (DESIGN A5). One pass is `_pass`."""

from __future__ import annotations

from collections.abc import Callable

from proxy.attempts import Attempts, Ended
from proxy.conclusion import Conclusion, called_bad, conclude, shutting_down
from proxy.job import Job
from proxy.limits.ledger import Ledger, Reservation
from proxy.limits.status import Verdict
from proxy.model import Chain, Entry, Routing
from proxy.upstream import Served, Streaming
from proxy.waiting import Line, LineClosed, LineFull


class Answer:
    """What an entry answered, with the reservation that its end settles."""

    __slots__ = ("entry", "outcome", "reservation")

    def __init__(self, entry: Entry, outcome: Served | Streaming, reservation: Reservation) -> None:
        self.entry = entry
        self.outcome = outcome
        self.reservation = reservation


class Waterfall:
    """Serves jobs. Knows the ledger, the line and how to attempt; no client, no database."""

    __slots__ = ("_attempts", "_chain_now", "_ledger", "_line", "_routing")

    def __init__(
        self,
        ledger: Ledger,
        line: Line,
        attempts: Attempts,
        routing: Callable[[], Routing],
        chain_now: Callable[[Chain], Chain],
    ) -> None:
        self._ledger = ledger
        self._line = line
        self._attempts = attempts
        self._routing = routing
        self._chain_now = chain_now

    async def serve(self, job: Job) -> Answer | Conclusion:
        """Pass after pass until an entry serves or none will in time."""
        grant: Reservation | None = None
        while True:
            job.trail.follow(job.chain.entries)
            answer = await _Pass(self._ledger, self._attempts, job, grant).run()
            if answer is not None:
                job.served = answer.entry
                return answer
            self._look_again(job)
            until = None if called_bad(job, len(job.trail.asked)) else self._wait_until(job)
            if until is None:
                return conclude(job, self._ledger.clock.now(), self._ledger.clock.wall())
            try:
                grant = await self._line.wait(job, until, self._routing().max_queue)
            except LineClosed:
                return shutting_down()
            except LineFull:
                grant = None
            if grant is None:
                self._look_again(job)
                return conclude(job, self._ledger.clock.now(), self._ledger.clock.wall())
            job.chain = self._chain_now(job.chain)

    def newcomer(self) -> None:
        """Before a new request takes anything: those in the line go first."""
        if len(self._line):
            self._line.serve()

    def _look_again(self, job: Job) -> None:
        """When each entry that is out will be back, as it stands after the pass."""
        steps = {step.entry: step for step in job.trail.steps}
        for entry in job.chain.entries:
            step = steps.get(entry.name)
            if step is not None and step.cause in ("limit", "transient", "unreachable"):
                verdict = self._ledger.verdict(entry, job.need)
                step.retry_at = verdict.until if verdict else self._ledger.clock.now()

    def _wait_until(self, job: Job) -> float | None:
        """Until when it is worth waiting; None if nothing comes back in time."""
        routing, now = self._routing(), self._ledger.clock.now()
        if job.wait_until is None:
            most = routing.max_wait if job.chain.max_wait is None else job.chain.max_wait
            limit = min(now + most, job.deadline)
        else:
            limit = min(job.wait_until, job.deadline)
        if limit <= now:
            return None
        asked = set(job.trail.asked.values())
        network_down = asked == {"unreachable"}
        for entry in job.chain.entries:
            if entry.name in job.banned:
                continue
            verdict = self._ledger.verdict(entry, job.need)
            if verdict is None:
                continue
            curable = verdict.by_limit or (network_down and verdict.reason == "down")
            soon = verdict.until is not None and verdict.until <= limit
            if curable and (soon or verdict.reason == "concurrent"):
                job.wait_until = limit
                return limit
        return None


class _Pass:
    """One walk down the chain: each entry is asked at most once."""

    def __init__(
        self, ledger: Ledger, attempts: Attempts, job: Job, grant: Reservation | None
    ) -> None:
        self._ledger = ledger
        self._attempts = attempts
        self._job = job
        self._grant = grant
        self._asked: set[str] = set()
        self._held_back: dict[str, Verdict] = {}
        """Entries that only a guess or an open circuit kept from being asked."""
        self._asked_before = set(job.trail.asked)

    async def run(self) -> Answer | None:
        try:
            return await self._walk(hopeful=False) or await self._walk(hopeful=True)
        finally:
            if self._grant is not None:
                # The chain was edited meanwhile, or the request ended first.
                self._ledger.release(self._grant)

    async def _walk(self, *, hopeful: bool) -> Answer | None:
        for entry in self._job.chain.entries:
            if self._over():
                return None
            if entry.name in self._asked or entry.name in self._job.banned:
                continue
            if self._shares_a_bad_answer(entry):
                continue
            if hopeful and not self._worth_hoping(entry):
                continue
            reservation = self._admit(entry, hopeful=hopeful)
            if reservation is None:
                continue
            self._asked.add(entry.name)
            ended = await self._attempts.ask(self._job, entry, reservation, self._alone)
            if isinstance(ended, Ended):
                continue
            return Answer(entry, ended.outcome, ended.reservation)
        return None

    def _admit(self, entry: Entry, *, hopeful: bool) -> Reservation | None:
        if self._grant is not None and self._grant.entry.name == entry.name:
            granted, self._grant = self._grant, None
            return granted
        got = self._ledger.reserve(entry, self._job.need, hopeful=hopeful)
        if not isinstance(got, Verdict):
            return got
        if got.guess or got.circuit:
            self._held_back[entry.name] = got
        self._job.trail.skipped(entry, got.reason, got.until)
        return None

    def _worth_hoping(self, entry: Entry) -> bool:
        """An open circuit is tried once a request, a guess whenever nothing else is left."""
        verdict = self._held_back.get(entry.name)
        if verdict is None:
            return False
        return verdict.guess or entry.name not in self._asked_before

    def _over(self) -> bool:
        job = self._job
        return (
            self._ledger.clock.now() >= job.deadline
            or len({answer.provider for answer in job.bad}) >= 2
        )

    def _shares_a_bad_answer(self, entry: Entry) -> bool:
        """Its provider called the request bad already: it stays `not-tried`."""
        return any(answer.provider == one_provider(entry) for answer in self._job.bad)

    def _alone(self, entry: Entry) -> bool:
        """No other entry could serve: a slow one is better than none."""
        job = self._job
        return not any(
            other is not entry
            and other.name not in self._asked
            and other.name not in job.banned
            and not self._shares_a_bad_answer(other)
            and self._ledger.verdict(other, job.need) is None
            for other in job.chain.entries
        )


def one_provider(entry: Entry) -> str:
    """What counts as one provider when a request is called bad: at an aggregator, each model."""
    return entry.name if entry.provider.preset.aggregator else entry.provider.origin
