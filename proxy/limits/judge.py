"""What a refusal or a failure does to the books: DESIGN A5's table, its right-hand column.

One function a meaning; `refusals.py` decided which it is, this decides nothing of that again.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Literal

from proxy.limits.blocks import (
    BAD_KEY,
    CIRCUIT,
    NO_ALLOWANCE,
    NO_CREDIT,
    NO_MODEL,
    OVERLOAD,
    QUOTA,
    RATE,
    STATED,
    UNREACHABLE,
    Ladder,
    begin,
)
from proxy.limits.cells import Cell
from proxy.limits.ledger import Ledger, Reservation
from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.subjects import WEEK, Subject, SubjectScope
from proxy.model import WINDOW_SECONDS, Entry

FailureKind = Literal["unreachable", "timeout", "broken", "status"]
"""No connection; a deadline passed; cut off or no completion; any other bad answer."""

_LEARNED_CONCURRENCY = 600.0
"""Seconds for which a learned limit of parallel requests holds."""


def refuse(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    """Obey a refusal. The reservation stays open; `settle` ends it."""
    ledger.give_back_tokens(reservation)
    _learn_estimate(reservation, refusal)
    _TABLE[refusal.meaning](ledger, reservation, refusal)


def _learn_estimate(reservation: Reservation, refusal: Refusal) -> None:
    """What the provider counted the prompt as: its count of the request without the answer's cap.

    Only where the preset says that the cap counts, and in a refusal that speaks of a token limit:
    of any other number nobody says what is in it.
    """
    need, cap = reservation.need, reservation.cap
    of_tokens = any(reading.dimension == "tokens" for reading in refusal.readings)
    counted = reservation.demand.counts_cap and cap is not None and need.images == 0
    if refusal.requested is not None and cap is not None and counted and of_tokens:
        tokens = refusal.requested - cap * need.answers
        reservation.view.facts.learn_divisor(need.prompt_bytes, tokens, refused=True)


def fail(ledger: Ledger, reservation: Reservation, kind: FailureKind) -> None:
    """Tell the circuit breaker. `unreachable` speaks of the whole origin."""
    origin, model = reservation.view.origin, reservation.view.model
    if kind == "unreachable":
        _block(ledger, reservation, origin, UNREACHABLE)
        return
    # Requests under way when the circuit opened do not count again.
    open_circuit = model.blocks.get(CIRCUIT.name)
    if open_circuit is None or reservation.seq > open_circuit.born:
        model.failures += 1
    if kind != "status" or model.failures >= 2 or open_circuit is not None:
        _block(ledger, reservation, model, CIRCUIT)


def quota_spent(ledger: Ledger, entry: Entry, seconds: float) -> None:
    """A quota endpoint says how long the entry's account is out; 0: something is left."""
    account, now = ledger.register.view(entry).account, ledger.clock.now()
    if seconds > 0:
        account.blocks[QUOTA.name] = begin(QUOTA, now, ledger.seq, seconds, ledger.random)
    elif account.blocks.pop(QUOTA.name, None) is None:
        return
    # Of no urgency, which would mean a refusal: the endpoint would be asked again at once.
    ledger.changed(account)


def credit_spent(ledger: Ledger, entry: Entry) -> None:
    """A quota endpoint says that the entry's account has no credit."""
    account = ledger.register.view(entry).account
    if NO_CREDIT.name not in account.blocks:
        now = ledger.clock.now()
        account.blocks[NO_CREDIT.name] = begin(NO_CREDIT, now, ledger.seq, None, ledger.random)
        ledger.changed(account)


def _block(
    ledger: Ledger,
    reservation: Reservation,
    subject: Subject,
    ladder: Ladder,
    stated: float | None = None,
) -> None:
    now = ledger.clock.now()
    block = subject.blocks.get(ladder.name)
    if block is None:
        subject.blocks[ladder.name] = begin(ladder, now, ledger.seq, stated, ledger.random)
    elif block.next_step(reservation, reservation.seq, now):
        block.climb(now, ledger.seq, stated, ledger.random)
    elif stated is not None:
        block.lengthen(now + stated)
    ledger.changed(subject, urgent=True)


def _subject(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> Subject:
    """What the refusal is about, among what the entry belongs to."""
    scope: SubjectScope = "paid" if refusal.paid_only else refusal.scope
    subjects = {subject.scope: subject for subject in reservation.view.subjects}
    # A pool or credit refusal of an entry outside of it can only mean the model itself.
    return subjects.get(scope, reservation.view.model)


def _limit(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    if not refusal.readings:
        _silent(ledger, reservation, refusal)
    for reading in refusal.readings:
        subject, cell = ledger.register.cell_for(reservation.entry, reading)
        _spend(ledger, reservation, refusal, reading, subject, cell)


def _spend(
    ledger: Ledger,
    reservation: Reservation,
    refusal: Refusal,
    reading: Reading,
    subject: Subject,
    cell: Cell,
) -> None:
    # In a bucket a reset is the time until it is full, never a wait; a past one means in 1 s.
    reset = None
    if reading.reset is not None and cell.kind != "bucket":
        reset = max(1.0, reading.reset)
    wait = refusal.wait if reset is None else reset
    told = reading._replace(remaining=reading.remaining or 0, reset=reset)
    ledger.hear(subject, cell, told, reservation, "refusal")
    now, amount = ledger.clock.now(), reservation.amount(cell.dimension)
    until = None if wait is None else now + max(1.0, wait)
    if told.remaining and until is not None:
        # Something is left, too little for this one.
        cell.refuse_amount(amount, until)
    elif not told.remaining:
        cell.spend(now, until, amount, seq=reservation.seq, born=ledger.seq)
    ledger.changed(subject, urgent=True)


def _wait(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    subject = _subject(ledger, reservation, refusal)
    _block(ledger, reservation, subject, STATED, max(1.0, refusal.wait or 0.0))


def _silent(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    minutes = [
        (subject, cell)
        for subject in reservation.view.subjects
        for cell in subject.cells.values()
        if cell.word == "rpm" and cell.size < inf
    ]
    if len(minutes) == 1 and refusal.wait is None:
        subject, cell = minutes[0]
        if cell.guess:
            # It held, this once; that it is the right size was not said.
            cell.learn_size(cell.size, "refusal", ledger.clock.now() + WINDOW_SECONDS["minute"])
        cell.recall(ledger.clock.now())
        spent = Reading("model", "requests", "minute", remaining=0)
        _spend(ledger, reservation, refusal, spent, subject, cell)
    else:
        subject = _subject(ledger, reservation, refusal)
        _block(ledger, reservation, subject, RATE, refusal.wait)


def _concurrent(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    now = ledger.clock.now()
    subject, cell = ledger.register.concurrency(reservation.entry, refusal.scope)
    in_flight = cell.window.used(now)
    cell.learn_size(max(1.0, in_flight - 1), "refusal", now + _LEARNED_CONCURRENCY)
    ledger.changed(subject, urgent=True)


def _blocks(ladder: Ladder) -> Callable[[Ledger, Reservation, Refusal], None]:
    def block(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
        if not refusal.request_only:
            subject = _subject(ledger, reservation, refusal)
            _block(ledger, reservation, subject, ladder, refusal.wait)

    return block


def _overloaded(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    stated = refusal.wait
    if stated is not None:
        stated = max(stated, OVERLOAD.first)
    _block(ledger, reservation, _subject(ledger, reservation, refusal), OVERLOAD, stated)


def _incapable(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    if refusal.capability:
        reservation.view.facts.lacks[refusal.capability] = ledger.clock.now() + WEEK
        ledger.changed(reservation.view.model)


def _cap_too_large(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    if refusal.number and not refusal.request_only:
        reservation.view.facts.max_output = (refusal.number, ledger.clock.now() + WEEK)
        ledger.changed(reservation.view.model)


def _parameters(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    reservation.view.facts.refuse_fields(refusal.parameters, ledger.clock.now())
    ledger.changed(reservation.view.model)


def _too_long(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    for reading in refusal.readings:
        subject, cell = ledger.register.cell_for(reservation.entry, reading)
        size_only = reading._replace(remaining=None, reset=None)
        if ledger.hear(subject, cell, size_only, reservation, "refusal"):
            ledger.changed(subject)
    # Whatever the provider's own count, a request like this one does not fit.
    ceiling = reservation.demand.least
    if refusal.number is not None:
        ceiling = min(ceiling, refusal.number + 1)
    reservation.view.facts.ceiling = (max(1, ceiling), ledger.clock.now() + WEEK)
    ledger.changed(reservation.view.model)


def _failure(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    fail(ledger, reservation, "status")


def _nothing(ledger: Ledger, reservation: Reservation, refusal: Refusal) -> None:
    """The request was bad, the entry is not."""


_TABLE: dict[Meaning, Callable[[Ledger, Reservation, Refusal], None]] = {
    Meaning.LIMIT: _limit,
    Meaning.WAIT: _wait,
    Meaning.SILENT: _silent,
    Meaning.CREDIT: _blocks(NO_CREDIT),
    Meaning.CONCURRENT: _concurrent,
    Meaning.NO_ALLOWANCE: _blocks(NO_ALLOWANCE),
    Meaning.BAD_KEY: _blocks(BAD_KEY),
    Meaning.NO_MODEL: _blocks(NO_MODEL),
    Meaning.INCAPABLE: _incapable,
    Meaning.CAP_TOO_LARGE: _cap_too_large,
    Meaning.PARAMETERS: _parameters,
    Meaning.OVERLOADED: _overloaded,
    Meaning.TOO_LONG: _too_long,
    Meaning.BAD_REQUEST: _nothing,
    Meaning.FAILURE: _failure,
}
