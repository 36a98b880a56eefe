"""The books: who may be asked now, what is reserved, what providers said. Pure but for its clock.

Nothing here waits. A verdict and the reservation that follows it are one step, so that of 500
requests at once on an entry with 20 left exactly 20 go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from random import Random

from proxy.clock import Clock
from proxy.limits import state
from proxy.limits.cells import Cell
from proxy.limits.demand import SMALLEST, Need, demand_of
from proxy.limits.hearing import Told, hear, outdated
from proxy.limits.readings import Reading
from proxy.limits.register import Register
from proxy.limits.reservations import Reservation
from proxy.limits.standing import Run, judged, run_of, standing
from proxy.limits.status import EntryStatus, Verdict, gauge_of, state_of
from proxy.limits.subjects import Listed, Subject
from proxy.model import Entry, Source

_DAY = 86400.0


class Ledger:
    """Reserve, settle, learn, tell. See `judge.py` for what refusals and failures do to it."""

    def __init__(
        self,
        clock: Clock,
        *,
        random: Random | None = None,
        on_change: Callable[[Subject, bool], None] = lambda subject, urgent: None,
    ) -> None:
        self.clock = clock
        self.random = random or Random()
        self.on_change = on_change
        """Called after each change with its subject, and whether it has to be saved at once."""
        self.seq = 0
        """Number of the last request sent."""
        self.register = Register(clock)
        self._dirty: set[Subject] = set()

    def configure(self, entries: Iterable[Entry]) -> None:
        """Take the sizes of a new configuration; counts, blocks and what was learned stay."""
        self.register.configure(entries)

    def changed(self, subject: Subject, *, urgent: bool = False) -> None:
        """Note that something of a subject has to be saved, and tell."""
        subject.changes += 1
        self._dirty.add(subject)
        self.on_change(subject, urgent)

    # May it go?

    def verdict(self, entry: Entry, need: Need) -> Verdict | None:
        """None if the entry may take the request now, else why not and until when."""
        view, now = self.register.view(entry), self.clock.now()
        return judged(view, need, demand_of(need, entry, view.facts, now), now)

    def standing(self, entry: Entry, need: Need, now: float) -> Verdict | None:
        """`verdict` where it is known from before, else None. `now`: one `Clock.now()` for many."""
        return standing(self.register.view(entry), need, now)

    def run_of(self, entries: Iterable[Entry]) -> Run:
        """The first of these entries whose verdicts are known from before, as one."""
        return run_of(map(self.register.view, entries))

    def reserve(self, entry: Entry, need: Need, *, hopeful: bool = False) -> Reservation | Verdict:
        """Book a request that is sent at once, or say why not.

        `hopeful` asks the entry although a guess or an open circuit stands in the way: the last
        thing to try before a request waits or fails.
        """
        view, now = self.register.view(entry), self.clock.now()
        demand = demand_of(need, entry, view.facts, now)
        verdict = judged(view, need, demand, now)
        if verdict is not None and not (hopeful and (verdict.guess or verdict.circuit)):
            return verdict
        self.seq += 1
        reservation = Reservation(view, need, demand, self.seq, now)
        reservation.size_up(now)
        for cell in view.cells:
            amount = reservation.amount(cell.dimension)
            if verdict is not None and cell.guess and cell.free_at(amount, now) > now:
                cell.guess_probe = reservation
                reservation.beyond.append(cell)
            if cell.counts:
                reservation.booking_in(cell)
        for subject in view.subjects:
            for block in subject.blocks.values():
                if block.wants_probe(now):
                    block.probe = reservation
                    reservation.probing.append(block)
                    subject.changes += 1
            subject.unheard[reservation] = None
            subject.changes += bool(subject.cells)
        self._dirty.update(view.subjects)
        return reservation

    # What became of it.

    def head(self, reservation: Reservation, readings: Iterable[Reading] = ()) -> None:
        """The head of its answer came, with these readings in it."""
        self._heard(reservation)
        origin = reservation.view.origin
        if self._lift(origin, reservation):
            # Whatever it answers, it can be reached.
            self.changed(origin)
        for reading in readings:
            subject, cell = self.register.cell_for(reservation.entry, reading)
            if self.hear(subject, cell, reading, reservation):
                self.changed(subject)

    def learn(self, entry: Entry, readings: Iterable[Reading]) -> None:
        """Readings that no request of ours brought (a quota endpoint, at no cost)."""
        self.seq += 1
        for reading in readings:
            subject, cell = self.register.cell_for(entry, reading)
            if self.hear(subject, cell, reading, None):
                self.changed(subject)

    def know(self, entry: Entry, listed: Listed) -> None:
        """What the provider's model list says of the entry's model."""
        model = self.register.view(entry).model
        model.facts.listed = listed
        model.changes += 1

    def know_window(self, entry: Entry, tokens: int) -> None:
        """The context window that a local server runs the entry's model with."""
        model = self.register.view(entry).model
        model.facts.running_window = tokens
        model.changes += 1

    def hear(
        self,
        subject: Subject,
        cell: Cell,
        reading: Reading,
        reservation: Reservation | None,
        source: Source = "header",
    ) -> bool:
        """Let a cell take a reading; False when it speaks of what is over."""
        now = self.clock.now()
        told = Told(
            limit=reading.limit,
            remaining=reading.remaining,
            reset=None if reading.reset is None else now + max(0.0, reading.reset),
            seq=self.seq if reservation is None else reservation.seq,
            sent_at=now if reservation is None else reservation.sent_at,
            source=source,
        )
        if outdated(cell, told, now):
            return False
        pending = subject.pending(cell, told.seq, refused=source == "refusal")
        hear(cell, told, pending, now)
        subject.changes += 1
        return True

    def _heard(self, reservation: Reservation) -> None:
        if reservation.head_at is None:
            reservation.head_at = self.clock.now()
            for subject in reservation.view.subjects:
                subject.heard(reservation)
                subject.changes += bool(subject.cells)
            for booking in reservation.bookings.values():
                booking.window.arrived(booking, reservation.head_at)

    def succeed(self, reservation: Reservation) -> None:
        """It is being served: what was refused before it was sent is thereby out of date."""
        for subject in reservation.view.subjects:
            if self._lift(subject, reservation):
                self.changed(subject, urgent=True)
        reservation.view.model.failures = 0
        for cell in reservation.view.cells:
            if reservation.seq > cell.spent_born:
                cell.streak = 0
        for cell in reservation.beyond:
            cell.guess_void_until = self.clock.now() + _DAY
        reservation.judged()

    @staticmethod
    def _lift(subject: Subject, reservation: Reservation) -> bool:
        """End the blocks that began before the request was sent."""
        over = [name for name, block in subject.blocks.items() if reservation.seq > block.born]
        for name in over:
            del subject.blocks[name]
        return bool(over)

    def settle(
        self,
        reservation: Reservation,
        prompt_tokens: int | None = None,
        answer_tokens: int | None = None,
        *,
        stream: bool = False,
    ) -> None:
        """It is over. Without usage the estimate stands; harmless when called twice.

        A reading that came with its head or later has its tokens in it already: then nothing is
        given back, and only what a stream went beyond its estimate is added.
        """
        if not reservation.open:
            return
        self._heard(reservation)
        if prompt_tokens is not None and answer_tokens is not None:
            real, facts = prompt_tokens + answer_tokens, reservation.view.facts
            if reservation.need.images == 0:
                facts.learn_divisor(reservation.need.prompt_bytes, prompt_tokens)
            for cell, booking in reservation.bookings.items():
                beyond = stream and real > booking.amount
                if cell.dimension == "tokens" and (beyond or not reservation.counted_in(cell)):
                    booking.window.amend(booking, real, self.clock.now())
        self._close(reservation)

    def give_back_tokens(self, reservation: Reservation) -> None:
        """It was refused: it counts as a request, but nothing was generated."""
        self._heard(reservation)
        for cell, booking in reservation.bookings.items():
            if cell.dimension == "tokens" and not reservation.counted_in(cell):
                booking.window.amend(booking, 0, self.clock.now())
        for subject in reservation.view.subjects:
            subject.changes += bool(subject.cells)

    def release(self, reservation: Reservation) -> None:
        """It was never sent: nothing of it counts."""
        if not reservation.open:
            return
        for booking in reservation.bookings.values():
            booking.window.amend(booking, 0, self.clock.now())
        for subject in reservation.view.subjects:
            subject.unheard.pop(reservation, None)
        self._close(reservation)

    def _close(self, reservation: Reservation) -> None:
        reservation.open = False
        for cell, booking in reservation.bookings.items():
            if cell.dimension == "concurrent":
                booking.window.amend(booking, 0, self.clock.now())
        tried = bool(reservation.beyond or reservation.probing)
        reservation.judged()
        for subject in reservation.view.subjects:
            subject.settled(reservation)
            if tried or subject.cells:
                self.changed(subject)

    # What is shown, cleared and saved.

    def status(self, entry: Entry) -> EntryStatus:
        """The entry's state for the smallest request, in the words that routing uses."""
        view, now = self.register.view(entry), self.clock.now()
        verdict = self.verdict(entry, SMALLEST)
        gauges = tuple(
            gauge_of(subject, cell, now)
            for subject in view.subjects
            for cell in subject.cells.values()
            if cell.room(now) < inf
        )
        return EntryStatus(
            state=state_of(verdict, gauges),
            reason=verdict.reason if verdict else "",
            until=verdict.until if verdict else None,
            gauges=gauges,
        )

    def clear(self, entry: Entry) -> None:
        """Lift what blocks the entry, its account and pool, and forget what was learned."""
        now = self.clock.now()
        for subject in self.register.view(entry).subjects:
            subject.blocks.clear()
            for cell in subject.cells.values():
                cell.forget(now)
            subject.facts.forget()
            subject.failures = 0
            self.changed(subject, urgent=True)

    def changes(self) -> dict[str, bytes | None]:
        """What changed since the last call, to be saved under its key (None: deleted)."""
        changed: dict[str, bytes | None] = dict.fromkeys(self.register.gone)
        for subject in self._dirty:
            if subject.scope != "origin" and self.register.holds(subject):
                blank = subject.blank()
                changed[subject.key] = None if blank else state.dump(subject, self.clock)
        self._dirty.clear()
        self.register.gone.clear()
        return changed

    def restore(self, saved: Mapping[str, bytes]) -> None:
        """What `changes` gave before a restart; what has expired by now is dropped."""
        for key, blob in saved.items():
            subject = state.load(key, blob, self.clock)
            if subject is None or subject.blank():
                self.register.gone.add(key)
            else:
                self.register.adopt(subject)
