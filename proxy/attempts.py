"""Asking one entry: the upstream request, its repeats, and what its answer teaches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from proxy.connections import ConnectionUse
from proxy.events import Attempt
from proxy.job import BadRequest, Job, one_provider
from proxy.limits import judge
from proxy.limits.demand import Need
from proxy.limits.headers import read_headers
from proxy.limits.ledger import Ledger, Reservation
from proxy.limits.readings import Meaning, Refusal
from proxy.limits.status import Verdict
from proxy.model import Entry
from proxy.providers.adapter import Adapted, adapt, droppable, generalise
from proxy.relay import Streaming
from proxy.text import Redactor, safe_text
from proxy.trail import Cause, Step, cause_of_reason, cause_of_refusal
from proxy.upstream import Failed, Order, Refused, Served, Upstream

_MOST_REPEATS = 3
"""Times the same entry is asked again without what it refused."""
_MOST_MESSAGE = 1000
"""Characters of a provider's own words about a bad request."""
_NOTHING = frozenset[str]()


@dataclass(slots=True)
class Answer:
    """What an entry answered. Its reservation stays open until the answer has been relayed."""

    outcome: Served | Streaming
    reservation: Reservation

    @property
    def entry(self) -> Entry:
        return self.reservation.entry


class _Repeats:
    """How one entry has been asked again so far, and with what need."""

    __slots__ = ("capped", "fresh", "need", "parameters")

    def __init__(self, need: Need) -> None:
        self.need = need
        self.parameters = 0
        self.capped = False
        self.fresh = False


class _Try:
    """One upstream request of an entry."""

    __slots__ = ("adapted", "began", "job", "repeats", "reservation", "use")

    def __init__(
        self, job: Job, reservation: Reservation, adapted: Adapted, repeats: _Repeats, began: float
    ) -> None:
        self.job = job
        self.reservation = reservation
        self.adapted = adapted
        self.repeats = repeats
        self.began = began
        self.use = ConnectionUse()


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
        self, job: Job, reservation: Reservation, alone: Callable[[Entry], bool]
    ) -> Answer | None:
        """Ask the reservation's entry, again where its refusal can be met.

        None where it did not serve: the trail says why, and nothing of it is open any more.
        """
        job.tried.add(reservation.entry.name)
        repeats = _Repeats(job.need)
        held: Reservation | None = reservation
        sent = False
        try:
            while held is not None:
                sent = False
                one = _Try(job, held, self._adapt(job, held), repeats, self._ledger.clock.now())
                try:
                    outcome = await self._send(one, alone)
                finally:
                    sent = one.use.sent
                    job.sent += sent
                if isinstance(outcome, Served | Streaming):
                    self._serves(one)
                    answer, held = Answer(outcome, held), None
                    return answer
                if isinstance(outcome, Failed):
                    if outcome.stale and not repeats.fresh:
                        repeats.fresh = True
                        self._log(one, outcome.word, None, "a stale connection")
                        continue
                    again = self._failed(one, outcome)
                else:
                    again = self._refused(one, outcome)
                self._close(held, sent)
                held = self._once_more(job, held.entry, repeats.need) if again else None
        finally:
            if held is not None:
                # The client left in the middle of it.
                self._close(held, sent)
        return None

    def _close(self, reservation: Reservation, sent: bool) -> None:
        """A request that was sent counts as one whatever came back; one that was not, does not."""
        if sent:
            self._ledger.settle(reservation)
        else:
            self._ledger.release(reservation)

    def _once_more(self, job: Job, entry: Entry, need: Need) -> Reservation | None:
        got = self._ledger.reserve(entry, need)
        if not isinstance(got, Verdict):
            return got
        cause = cause_of_reason(got.reason)
        job.trail.ended(Step(entry.name, f"skipped:{got.reason}", cause, "", got.until))
        return None

    def _adapt(self, job: Job, reservation: Reservation) -> Adapted:
        now, entry = self._ledger.clock.now(), reservation.entry
        refused = reservation.view.facts.refused
        known = _NOTHING
        if refused:
            known = frozenset(path for path, until in refused.items() if until > now)
        return adapt(job.request, entry, refused=known, cap=reservation.cap)

    async def _send(
        self, one: _Try, alone: Callable[[Entry], bool]
    ) -> Served | Streaming | Refused | Failed:
        job, reservation, clock = one.job, one.reservation, self._ledger.clock
        entry = reservation.entry

        def on_head(status: int, headers: Mapping[str, str]) -> None:
            heard = read_headers(
                entry.provider.preset, headers, status=status, model=entry.model, now=clock.wall()
            )
            self.garbage += heard.garbage
            self._ledger.head(reservation, heard.readings)

        order = Order(
            entry=entry,
            request=job.request,
            adapted=one.adapted,
            id=f"chatcmpl-{job.id}",
            created=int(job.at),
            local_only=job.chain.local_only,
            fresh=one.repeats.fresh,
            request_at=asyncio.get_running_loop().time() + job.deadline - one.began,
            alone=lambda: alone(entry),
            on_head=on_head,
            use=one.use,
        )
        job.trail.trying(entry)
        try:
            return await self._upstream.send(order)
        except asyncio.CancelledError:
            why = "429chain is stopping" if job.cut_off else "the client went away"
            self._log(one, "left", None, why)
            raise

    def _serves(self, one: _Try) -> None:
        job = one.job
        self._ledger.succeed(one.reservation)
        job.trail.ended(Step(one.reservation.entry.name, "ok", "ok"))
        job.dropped, job.capped = one.adapted.dropped, one.adapted.capped
        # How long it took in all is known when it has been relayed.
        self._log(one, "ok", 200, "", first_token=self._ledger.clock.now() - one.began)

    def _failed(self, one: _Try, failed: Failed) -> bool:
        """Note a failure: asking again would not help."""
        job, entry = one.job, one.reservation.entry
        cause: Cause = "transient" if failed.word == "broken" else failed.word
        if not failed.whole_request:
            # "broken" is worse: a stream that broke after its first event (Engine.stream_broke).
            kind = "status" if failed.word == "broken" else failed.word
            judge.fail(self._ledger, one.reservation, kind)
        if failed.word == "timeout":
            job.banned.add(entry.name)
        detail = self.redactor.detail(failed.detail)
        job.trail.ended(Step(entry.name, failed.word, cause, detail))
        self._log(one, failed.word, None, detail)
        return False

    def _refused(self, one: _Try, refused: Refused) -> bool:
        """Note a refusal; True if the entry is to be asked again, fitted to it."""
        job, entry = one.job, one.reservation.entry
        refusal = self._understand(entry, refused)
        if refused.inner and refusal.meaning is Meaning.FAILURE and refusal.status == 200:
            return self._failed(one, Failed("broken", refusal.message or "a 200 with an error"))
        judge.refuse(self._ledger, one.reservation, refusal)
        detail = self.redactor.detail(refusal.message)
        word = str(refusal.status)
        cause = cause_of_refusal(refusal)
        job.trail.ended(Step(entry.name, word, cause, detail))
        self._log(one, word, refusal.status, detail)
        if self._can_be_met(one, refusal):
            return True
        if cause in ("bad-request", "too-long", "incapable") or refusal.request_only:
            # It would say the same again.
            job.banned.add(entry.name)
        if cause == "bad-request":
            job.bad.append(self._bad_request(entry, refusal))
        return False

    def _understand(self, entry: Entry, refused: Refused) -> Refusal:
        # Dozens of patterns, which no start has to wait for: `app.later` loads them after it.
        from proxy.limits.refusals import classify

        refusal = classify(
            entry.provider.preset,
            status=refused.status,
            headers=refused.headers,
            body=refused.body,
            model=entry.model,
            now=self._ledger.clock.wall(),
        )
        if not refusal.parameters:
            return refusal
        return replace(refusal, parameters=tuple(generalise(p) for p in refusal.parameters))

    def _can_be_met(self, one: _Try, refusal: Refusal) -> bool:
        """Whether the same request, fitted to what the refusal taught, is another request."""
        repeats, reservation = one.repeats, one.reservation
        if refusal.meaning is Meaning.PARAMETERS and repeats.parameters < _MOST_REPEATS:
            repeats.parameters += 1
            fitted = self._adapt(one.job, reservation)
            return all(map(droppable, refusal.parameters)) and fitted.body != one.adapted.body
        if refusal.meaning is Meaning.CAP_TOO_LARGE and not repeats.capped:
            sent_cap = reservation.cap
            if refusal.number and sent_cap is not None and refusal.number < sent_cap:
                repeats.capped = True
                repeats.need = repeats.need._replace(cap=refusal.number)
                return True
        return False

    def _bad_request(self, entry: Entry, refusal: Refusal) -> BadRequest:
        told = " ".join(self.redactor.redact(refusal.message).split())
        message = safe_text(told, _MOST_MESSAGE) or "The provider refused the request."
        status = refusal.status if refusal.status in (400, 422) else 400
        return BadRequest(one_provider(entry), status, message, self.redactor.detail(refusal.code))

    def _log(
        self,
        one: _Try,
        outcome: str,
        status: int | None,
        detail: str,
        *,
        first_token: float | None = None,
    ) -> None:
        job, now = one.job, self._ledger.clock.now()
        job.attempts.append(
            Attempt(
                entry=one.reservation.entry.name,
                outcome=outcome,
                status=status,
                started_ms=(one.began - job.started) * 1000,
                duration_ms=(now - one.began) * 1000,
                first_token_ms=None if first_token is None else first_token * 1000,
                detail=detail,
            )
        )
