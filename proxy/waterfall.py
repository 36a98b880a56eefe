"""The waterfall: down the chain until an entry serves (DESIGN A5). One pass is `_Pass`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from proxy.attempts import Answer, Attempts
from proxy.conclusion import Conclusion, called_bad, conclude, line_is_full, shutting_down
from proxy.job import Job
from proxy.limits.ledger import Ledger, Reservation
from proxy.limits.status import Verdict
from proxy.model import Chain, Entry, Routing
from proxy.skipping import Skipping
from proxy.trail import Head
from proxy.waiting import Line, LineClosed, LineFull


class Waterfall:
    """Serves jobs. Knows the ledger, the line and how to attempt; no client, no database."""

    __slots__ = ("_attempts", "_chain_now", "_ledger", "_line", "_routing", "_skipping")

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
        self._skipping = Skipping(ledger)
        self._routing = routing
        self._chain_now = chain_now

    async def serve(self, job: Job) -> Answer | Conclusion:
        """Pass after pass until an entry serves or none will in time."""
        grant: Reservation | None = None
        while True:
            head = None
            if job.wait_until is None:
                head = self._skipping.head(job.chain, job.need, self._ledger.clock.now())
            one = _Pass(self._ledger, self._line, self._attempts, job, grant, head)
            answer = await one.run()
            self._skipping.passed(job.chain, one.passed, head)
            if answer is not None:
                job.served = answer.entry
                return answer
            bad = called_bad(job)
            if bad is not None:
                return bad
            until = self._worth_waiting_until(job)
            if until is None:
                return self._conclude(job)
            try:
                grant = await self._line.wait(job, until, self._routing().max_queue)
            except LineClosed:
                return shutting_down()
            except LineFull:
                return self._conclude(job, line_is_full)
            if grant is None:
                return self._conclude(job)
            job.chain = self._chain_now(job.chain)

    def _conclude(
        self, job: Job, how: Callable[[Job, float, float], Conclusion] = conclude
    ) -> Conclusion:
        """Tell the client, with the times at which entries are back as they stand by now."""
        steps = {step.entry: step for step in job.trail.steps}
        for entry in job.chain.entries:
            if steps[entry.name].cause in ("limit", "transient", "unreachable"):
                verdict = self._ledger.verdict(entry, job.need)
                back = verdict.until if verdict else self._ledger.clock.now()
                job.trail.comes_back(entry, back)
        return how(job, self._ledger.clock.now(), self._ledger.clock.wall())

    def _worth_waiting_until(self, job: Job) -> float | None:
        """Until when the request waits; None where nothing lets it in by then."""
        routing, now = self._routing(), self._ledger.clock.now()
        if job.wait_until is None:
            most = routing.max_wait if job.chain.max_wait is None else job.chain.max_wait
            limit = min(now + most, job.deadline)
        else:
            limit = min(job.wait_until, job.deadline)
        if limit <= now or not any(self._is_back(e, job, limit) for e in job.chain.entries):
            return None
        job.wait_until = limit
        return limit

    def _is_back(self, entry: Entry, job: Job, by: float) -> bool:
        """Whether the entry, out by a limit or cooldown, lets the request in by that moment."""
        if job.rules_out(entry):
            return False
        verdict = self._ledger.verdict(entry, job.need)
        if verdict is None:
            # It was out when its turn came, or its limit is over by now. What failed with nothing
            # to show for it would fail again.
            return entry.name not in job.tried or job.trail.asked[entry.name] == "limit"
        if verdict.reason == "concurrent":
            return True
        # Where all that was usable is unreachable, the network is down: as by a limit.
        network_down = set(job.trail.asked.values()) <= {"unreachable"}
        curable = verdict.by_limit or (network_down and verdict.reason == "down")
        return curable and verdict.until is not None and verdict.until <= by


class _Pass:
    """One walk down the chain: each entry is asked at most once."""

    def __init__(
        self,
        ledger: Ledger,
        line: Line,
        attempts: Attempts,
        job: Job,
        grant: Reservation | None,
        head: Head | None,
    ) -> None:
        self._ledger = ledger
        self._line = line
        self._attempts = attempts
        self._job = job
        self._grant = grant
        """What the line gave: a reservation of an entry of this chain."""
        self._asked_before = set(job.trail.asked)
        self._held_back: dict[str, Verdict] = {}
        """Entries that only a guess or an open circuit kept from being asked."""
        self._now = 0.0
        """It stands still while nothing is awaited."""
        self.passed = 0
        """Entries from the chain's first one on that were known to be out."""
        job.tried.clear()
        if head is None:
            job.trail.follow(job.chain.entries)
        else:
            job.trail.begin(head)
            self.passed = len(head)

    async def run(self) -> Answer | None:
        try:
            return await self._walk(hopeful=False) or await self._walk(hopeful=True)
        finally:
            self._give_back()

    async def _walk(self, *, hopeful: bool) -> Answer | None:
        job = self._job
        self._now = self._ledger.clock.now()
        if self._is_over():
            return None
        for entry in islice(job.chain.entries, self.passed, None):
            if entry.name in job.tried or job.rules_out(entry):
                continue
            if hopeful and not self._is_worth_hoping(entry):
                continue
            reservation = self._admit(entry, hopeful=hopeful)
            if reservation is None:
                continue
            answer = await self._attempts.ask(job, reservation, self._is_alone)
            self._now = self._ledger.clock.now()
            if answer is not None or self._is_over():
                return answer
        return None

    def _admit(self, entry: Entry, *, hopeful: bool) -> Reservation | None:
        """May it take this request now? Then it is reserved; else the trail says why not."""
        if self._grant is not None and self._grant.entry is entry:
            granted, self._grant = self._grant, None
            return granted
        known = None if hopeful else self._ledger.standing(entry, self._job.need, self._now)
        got = known
        if got is None:
            self._line.go_first()
            got = self._ledger.reserve(entry, self._job.need, hopeful=hopeful)
        if not isinstance(got, Verdict):
            self._give_back()
            return got
        if got.guess or got.circuit:
            self._held_back[entry.name] = got
        elif known is not None and entry is self._job.chain.entries[self.passed]:
            self.passed += 1
        self._job.trail.skipped(entry, got)
        return None

    def _give_back(self) -> None:
        """A grant not needed: an earlier entry is free by now, or the chain was edited."""
        if self._grant is not None:
            self._ledger.release(self._grant)
            self._grant = None

    def _is_worth_hoping(self, entry: Entry) -> bool:
        """An open circuit is tried once a request, a guess whenever nothing else is left."""
        verdict = self._held_back.get(entry.name)
        if verdict is None:
            return False
        return verdict.guess or entry.name not in self._asked_before

    def _is_over(self) -> bool:
        """Out of time, or called bad by two providers."""
        job = self._job
        return self._now >= job.deadline or len({answer.provider for answer in job.bad}) >= 2

    def _is_alone(self, entry: Entry) -> bool:
        """No other entry could serve: a slow one is better than none."""
        job = self._job
        return not any(
            other.name not in job.tried
            and not job.rules_out(other)
            and self._ledger.verdict(other, job.need) is None
            for other in job.chain.entries
            if other is not entry
        )
