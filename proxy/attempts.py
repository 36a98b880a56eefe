"""Asking one entry: the upstream request, its repeats, and what its answer teaches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from proxy.events import Attempt
from proxy.job import BadRequest, Job
from proxy.limits import judge
from proxy.limits.headers import read_headers
from proxy.limits.ledger import Ledger, Reservation
from proxy.limits.readings import Meaning, Refusal
from proxy.limits.refusals import classify
from proxy.limits.status import Verdict
from proxy.model import Entry
from proxy.providers.adapter import Adapted, adapt, droppable, generalise
from proxy.text import Redactor
from proxy.trail import Cause, cause_of_refusal
from proxy.upstream import Failed, Order, Outcome, Refused, Served, Streaming, Upstream

_MOST_REPEATS = 3
"""Times the same entry is asked again without what it refused."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The entry did not serve; the trail says why."""


@dataclass(frozen=True, slots=True)
class Won:
    """The entry serves. The reservation stays open until the answer has been relayed."""

    outcome: Served | Streaming
    reservation: Reservation


class Attempts:
    """Asks entries and tells the ledger what came of it."""

    def __init__(self, ledger: Ledger, upstream: Upstream) -> None:
        self._ledger = ledger
        self._upstream = upstream
        self.redactor = Redactor()
        """Knows the secrets of the configuration in force."""
        self.garbage = 0
        """Limit headers that could not be understood, since the start."""

    async def ask(
        self,
        job: Job,
        entry: Entry,
        reservation: Reservation,
        alone: Callable[[Entry], bool],
    ) -> Won | Ended:
        """Ask an entry, again where its refusal can be met, until it serves or ends."""
        repeats, fresh, need = 0, False, job.need
        current: Reservation | None = reservation
        while current is not None:
            try:
                outcome = await self._attempt(job, entry, current, fresh, alone)
                if isinstance(outcome, Served | Streaming):
                    won, current = Won(outcome, current), None
                    return won
                if isinstance(outcome, Failed):
                    again = self._failed(job, entry, current, outcome)
                    fresh = again
                else:
                    refusal = self._understand(entry, outcome)
                    if refusal.meaning is Meaning.CAP_TOO_LARGE and refusal.number:
                        need = replace(need, cap=min(refusal.number, need.cap or refusal.number))
                    again = self._refused(job, entry, current, refusal, repeats)
                    repeats += 1
            finally:
                if current is not None:
                    # Also when the client left in the middle of it.
                    self._ledger.settle(current)
            if not again:
                return Ended()
            got = self._ledger.reserve(entry, need)
            current = None if isinstance(got, Verdict) else got
        return Ended()

    async def _attempt(
        self,
        job: Job,
        entry: Entry,
        reservation: Reservation,
        fresh: bool,
        alone: Callable[[Entry], bool],
    ) -> Outcome:
        clock, loop = self._ledger.clock, asyncio.get_running_loop()
        adapted = self._adapt(job, entry, reservation)
        began = clock.now()

        def on_head(status: int, headers: Mapping[str, str]) -> None:
            heard = read_headers(
                entry.provider.preset, headers, status=status, model=entry.model, now=clock.wall()
            )
            self.garbage += heard.garbage
            self._ledger.head(reservation, heard.readings)

        order = Order(
            entry=entry,
            request=job.request,
            adapted=adapted,
            id=f"chatcmpl-{job.id}",
            created=int(job.at),
            local_only=job.chain.local_only,
            fresh=fresh,
            request_at=loop.time() + job.deadline - began,
            alone=lambda: alone(entry),
            on_head=on_head,
        )
        job.trail.trying(entry)
        try:
            outcome = await self._upstream.send(order)
        except asyncio.CancelledError:
            job.sent += 1
            self._log(job, entry, began, "left", None, "the client went away")
            raise
        if not (isinstance(outcome, Failed) and outcome.never_sent):
            job.sent += 1
        if isinstance(outcome, Served | Streaming):
            self._ledger.succeed(reservation)
            job.trail.ended(entry, "ok", "ok")
            job.dropped, job.capped = adapted.dropped, adapted.capped
            self._log(job, entry, began, "ok", 200, "", first_token=clock.now() - began)
        return outcome

    def _adapt(self, job: Job, entry: Entry, reservation: Reservation) -> Adapted:
        now = self._ledger.clock.now()
        refused = reservation.view.facts.refused
        known = frozenset(path for path, until in refused.items() if until > now)
        return adapt(job.request, entry, refused=known, cap=reservation.cap)

    def _failed(self, job: Job, entry: Entry, reservation: Reservation, failed: Failed) -> bool:
        """Note a failure; True if the entry is to be asked once more on a fresh connection."""
        if failed.stale:
            self._log(job, entry, reservation.sent_at, failed.word, None, "stale connection")
            self._ledger.release(reservation)
            return True
        if failed.never_sent:
            self._ledger.release(reservation)
        if not failed.whole_request:
            judge.fail(self._ledger, reservation, failed.kind)
        cause: Cause = "transient"
        if failed.kind in ("timeout", "unreachable"):
            cause = "timeout" if failed.kind == "timeout" else "unreachable"
        if failed.kind == "timeout":
            job.banned.add(entry.name)
        detail = self.redactor.detail(failed.detail)
        job.trail.ended(entry, failed.word, cause, detail)
        self._log(job, entry, reservation.sent_at, failed.word, None, detail)
        return False

    def _understand(self, entry: Entry, refused: Refused) -> Refusal:
        refusal = classify(
            entry.provider.preset,
            status=refused.status,
            headers=refused.headers,
            body=refused.body,
            model=entry.model,
            now=self._ledger.clock.wall(),
        )
        return replace(refusal, parameters=tuple(generalise(p) for p in refusal.parameters))

    def _refused(
        self, job: Job, entry: Entry, reservation: Reservation, refusal: Refusal, repeats: int
    ) -> bool:
        """Note a refusal; True if the entry is to be asked again, fitted to it."""
        judge.refuse(self._ledger, reservation, refusal)
        detail = self.redactor.detail(refusal.message)
        word = str(refusal.status)
        job.trail.ended(entry, word, cause_of_refusal(refusal), detail)
        self._log(job, entry, reservation.sent_at, word, refusal.status, detail)
        if refusal.meaning is Meaning.PARAMETERS:
            can_be_met = all(droppable(path) for path in refusal.parameters)
            if can_be_met and repeats < _MOST_REPEATS:
                return True
        elif refusal.meaning is Meaning.CAP_TOO_LARGE and refusal.number and repeats == 0:
            return True
        if refusal.meaning is Meaning.TOO_LONG:
            job.banned.add(entry.name)
        elif cause_of_refusal(refusal) == "bad-request":
            job.banned.add(entry.name)
            job.bad.append(self._bad_request(entry, refusal))
        return False

    def _bad_request(self, entry: Entry, refusal: Refusal) -> BadRequest:
        provider = entry.name if entry.provider.preset.aggregator else entry.provider.origin
        message = self.redactor.detail(refusal.message) or "The provider refused the request."
        status = refusal.status if refusal.status in (400, 422) else 400
        return BadRequest(provider, status, message, refusal.code)

    def _log(
        self,
        job: Job,
        entry: Entry,
        began: float,
        outcome: str,
        status: int | None,
        detail: str,
        *,
        first_token: float | None = None,
    ) -> None:
        now = self._ledger.clock.now()
        job.attempts.append(
            Attempt(
                entry=entry.name,
                outcome=outcome,
                status=status,
                started_ms=(began - job.started) * 1000,
                duration_ms=(now - began) * 1000,
                first_token_ms=None if first_token is None else first_token * 1000,
                detail=detail,
            )
        )
