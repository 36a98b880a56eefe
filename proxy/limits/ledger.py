"""The books: who may be asked now, what is reserved, what providers said. Pure but for its clock.

Nothing here waits. A verdict and the reservation that follows it are one step, so that of 500
requests at once on an entry with 20 left exactly 20 go. Keyed by account, not by configuration:
a reload loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from random import Random

from proxy.clock import Clock
from proxy.limits import state
from proxy.limits.blocks import Block
from proxy.limits.cells import Cell
from proxy.limits.demand import SMALLEST, Demand, Need, demand_of
from proxy.limits.readings import Reading
from proxy.limits.status import EntryStatus, Gauge, Verdict, state_of
from proxy.limits.subjects import Facts, Listed, Subject, SubjectScope
from proxy.limits.windows import Booking
from proxy.model import Entry

_DAY = 86400.0


class View:
    """All that concerns one entry: its origin, account, pool and model, and their cells."""

    __slots__ = ("account", "cells", "entry", "model", "subjects", "version")

    def __init__(self, entry: Entry, subjects: tuple[Subject, ...], account: Subject) -> None:
        self.entry = entry
        self.subjects = subjects
        self.account = account
        self.model = subjects[-1]
        self.cells: tuple[Cell, ...] = ()
        self.version = -1

    @property
    def facts(self) -> Facts:
        return self.model.facts


class Reservation:
    """One upstream request: booked before it is sent, settled when it is over."""

    __slots__ = (
        "beyond",
        "bookings",
        "cap",
        "demand",
        "head_at",
        "need",
        "open",
        "probing",
        "sent_at",
        "seq",
        "tokens",
        "view",
    )

    def __init__(self, view: View, need: Need, demand: Demand, seq: int, now: float) -> None:
        self.view = view
        self.need = need
        self.demand = demand
        self.seq = seq
        self.sent_at = now
        self.head_at: float | None = None
        self.tokens = demand.least
        self.cap = demand.cap
        """The answer's cap to send; None where the client named none."""
        self.bookings: list[tuple[Cell, Booking]] = []
        self.probing: list[Block] = []
        """Half-open blocks that wait for its outcome."""
        self.beyond: list[Cell] = []
        """Guessed limits that it goes beyond."""
        self.open = True

    @property
    def entry(self) -> Entry:
        return self.view.entry


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
        self._subjects: dict[str, Subject] = {}
        self._views: dict[Entry, View] = {}
        self._dirty: set[Subject] = set()
        self._version = 0

    # Who is concerned.

    def configure(self, entries: Iterable[Entry]) -> None:
        """Take the sizes of a new configuration; counts, blocks and what was learned stay."""
        self._views.clear()
        spoken_of: set[Cell] = set()
        for entry in entries:
            for limit in entry.limits:
                subject = self._subject(entry, limit.scope, limit.pool)
                cell = subject.cell(limit.dimension, limit.window, limit.kind, limit.zone)
                cell.configure(limit)
                spoken_of.add(cell)
        for subject in self._subjects.values():
            for cell in subject.cells.values():
                if cell not in spoken_of and cell.configured is not None:
                    cell.configure(None)
            subject.drop_idle_cells()
        self._version += 1

    def _subject(self, entry: Entry, scope: SubjectScope, pool: str = "") -> Subject:
        provider = entry.provider
        names: Mapping[SubjectScope, str] = {"pool": pool or entry.pool, "model": entry.model}
        name = names.get(scope, "")
        owner = provider.origin if scope == "origin" else provider.account
        key = f"{owner}|{scope}|{name}"
        subject = self._subjects.get(key)
        if subject is None:
            subject = Subject(key, scope, name, self.clock)
            self._subjects[key] = subject
            if scope in ("account", "model"):
                # In-flight requests are always counted: a refusal may teach a limit of them.
                subject.cell("concurrent", None, "rolling", "UTC")
            self._version += 1
        return subject

    def view(self, entry: Entry) -> View:
        """The subjects and cells of an entry."""
        view = self._views.get(entry)
        if view is None:
            pooled: SubjectScope = "pool" if entry.pool else "paid"
            scopes: tuple[SubjectScope, ...] = ("origin", "account", pooled, "model")
            subjects = tuple(self._subject(entry, scope) for scope in scopes)
            view = View(entry, subjects, subjects[1])
            self._views[entry] = view
            for limit in entry.limits:
                # An entry that stands in no configuration (a direct request) brings its own.
                subject = self._subject(entry, limit.scope, limit.pool)
                if (limit.dimension, limit.window) not in subject.cells:
                    subject.cell(limit.dimension, limit.window, limit.kind, limit.zone).configure(
                        limit
                    )
                    self._version += 1
        if view.version != self._version:
            view.cells = tuple(cell for subject in view.subjects for cell in subject.cells.values())
            view.version = self._version
        return view

    def cell_for(self, entry: Entry, reading: Reading) -> tuple[Subject, Cell]:
        """The cell a reading speaks of, made where there was none."""
        preset = entry.provider.preset
        subject = self._subject(entry, reading.scope, reading.pool)
        key = (reading.dimension, reading.window)
        if key not in subject.cells:
            self._version += 1
        kind = reading.kind or preset.kind(reading.window)
        return subject, subject.cell(*key, kind, preset.zone)

    def concurrency(self, entry: Entry, scope: SubjectScope) -> tuple[Subject, Cell]:
        """The cell of requests in flight of the entry's account or model."""
        subject = self._subject(entry, scope if scope == "account" else "model")
        return subject, subject.cell("concurrent", None, "rolling", "UTC")

    def changed(self, subject: Subject, *, urgent: bool = False) -> None:
        if subject.scope != "origin":
            self._dirty.add(subject)
        self.on_change(subject, urgent)

    # May it go?

    def verdict(self, entry: Entry, need: Need) -> Verdict | None:
        """None if the entry may take the request now, else why not and until when."""
        view = self.view(entry)
        now = self.clock.now()
        return self._verdict(view, need, demand_of(need, entry, view.facts, now), now)

    def _verdict(self, view: View, need: Need, demand: Demand, now: float) -> Verdict | None:
        incapable = self._incapable(view, need, demand, now)
        if incapable:
            return Verdict(incapable, None)
        reason, until, hopeless, circuit = "", -inf, False, False
        for subject in view.subjects:
            for block in subject.blocks.values():
                end = block.blocked_until(now)
                if end is None:
                    continue
                if block.ladder.reason == "down" and block.probe is None:
                    circuit = True
                else:
                    hopeless = True
                if end > until:
                    reason, until = block.ladder.reason, end
        for cell in view.cells:
            end = cell.free_at(demand.least if cell.dimension == "tokens" else 1, now)
            if end <= now:
                continue
            if not cell.guess or cell.guess_probe is not None:
                hopeless = True
            if end > until:
                too_long = end == inf and cell.dimension == "tokens"
                reason, until = "too-long" if too_long else cell.word, end
        if not reason:
            return None
        return Verdict(
            reason,
            None if until == inf else until,
            guess=not hopeless and not circuit,
            circuit=not hopeless and circuit,
        )

    def _incapable(self, view: View, need: Need, demand: Demand, now: float) -> str:
        """What rules the entry out whatever the time: a word of the trail, or ""."""
        entry, facts = view.entry, view.facts
        if not entry.enabled:
            return "disabled"
        if entry.provider.lacks_key:
            return "no-key"
        if need.tools and not facts.can("tools", entry.tools, now):
            return "no-tools"
        if need.vision and not facts.can("vision", entry.vision, now):
            return "no-vision"
        window = facts.context_window(entry.context_window)
        if window is not None and demand.prompt > window:
            return "too-long"
        ceiling = facts.ceiling
        if ceiling is not None and ceiling[1] > now and demand.least >= ceiling[0]:
            return "too-long"
        return ""

    def reserve(self, entry: Entry, need: Need, *, hopeful: bool = False) -> Reservation | Verdict:
        """Book a request that is sent at once, or say why not.

        `hopeful` asks the entry although a guess or an open circuit stands in the way: the last
        thing to try before a request waits or fails.
        """
        view = self.view(entry)
        now = self.clock.now()
        demand = demand_of(need, entry, view.facts, now)
        verdict = self._verdict(view, need, demand, now)
        if verdict is not None and not (hopeful and (verdict.guess or verdict.circuit)):
            return verdict
        self.seq += 1
        reservation = Reservation(view, need, demand, self.seq, now)
        self._size_up(reservation, now)
        for cell in view.cells:
            amount = reservation.tokens if cell.dimension == "tokens" else 1
            if verdict is not None and cell.guess and cell.free_at(amount, now) > now:
                cell.guess_probe = reservation
                reservation.beyond.append(cell)
            if cell.size < inf or cell.dimension == "concurrent":
                reservation.bookings.append((cell, cell.book(amount, now)))
        for subject in view.subjects:
            for block in subject.blocks.values():
                if block.ladder.probes and block.probe is None:
                    block.probe = reservation
                    reservation.probing.append(block)
            self._dirty.add(subject)
        return reservation

    @staticmethod
    def _size_up(reservation: Reservation, now: float) -> None:
        """Settle on an answer's cap that the token limits leave room for."""
        demand = reservation.demand
        if not demand.counts_cap or demand.cap is None:
            return
        room = min(
            (
                c.room(now)
                for c in reservation.view.cells
                if c.dimension == "tokens" and not c.guess
            ),
            default=inf,
        )
        answers = reservation.need.answers
        if room < demand.most:
            lowered = int(max(room, demand.least) - demand.prompt) // answers
            reservation.cap = max(1, min(demand.cap, lowered))
        reservation.tokens = demand.prompt + (reservation.cap or 0) * answers

    # What became of it.

    def head(self, reservation: Reservation, readings: Iterable[Reading] = ()) -> None:
        """The head of its answer came, with these readings in it."""
        now = self.clock.now()
        self._heard(reservation, now)
        for reading in readings:
            subject, cell = self.cell_for(reservation.entry, reading)
            if cell.hear(
                limit=reading.limit,
                remaining=reading.remaining,
                reset=None if reading.reset is None else now + reading.reset,
                seq=reservation.seq,
                source="header",
                now=now,
            ):
                self.changed(subject)

    @staticmethod
    def _heard(reservation: Reservation, now: float) -> None:
        if reservation.head_at is None:
            reservation.head_at = now
            for cell, booking in reservation.bookings:
                cell.unheard.pop(booking, None)

    def learn(self, entry: Entry, readings: Iterable[Reading]) -> None:
        """Readings that no request of ours brought (a quota endpoint, at no cost)."""
        self.seq += 1
        now = self.clock.now()
        for reading in readings:
            subject, cell = self.cell_for(entry, reading)
            reset = None if reading.reset is None else now + reading.reset
            cell.hear(
                limit=reading.limit,
                remaining=reading.remaining,
                reset=reset,
                seq=self.seq,
                source="header",
                now=now,
            )
            self.changed(subject)

    def know(self, entry: Entry, listed: Listed) -> None:
        """What the provider's model list says of the entry's model."""
        self.view(entry).facts.listed = listed

    def know_window(self, entry: Entry, tokens: int) -> None:
        """The context window that a local server runs the entry's model with."""
        self.view(entry).facts.running_window = tokens

    def succeed(self, reservation: Reservation) -> None:
        """It is being served: what was sent before it is thereby out of date."""
        now = self.clock.now()
        for subject in reservation.view.subjects:
            for name, block in list(subject.blocks.items()):
                if reservation.seq > block.born:
                    del subject.blocks[name]
                    self.changed(subject, urgent=True)
        reservation.view.model.failures = 0
        for cell, _ in reservation.bookings:
            cell.streak = 0
        for cell in reservation.beyond:
            cell.guess_void_until = now + _DAY
        self._judged(reservation)

    @staticmethod
    def _judged(reservation: Reservation) -> None:
        """Let the next one probe, whatever came out."""
        for block in reservation.probing:
            if block.probe is reservation:
                block.probe = None
        for cell in reservation.beyond:
            if cell.guess_probe is reservation:
                cell.guess_probe = None
        reservation.probing.clear()
        reservation.beyond.clear()

    def settle(
        self,
        reservation: Reservation,
        prompt_tokens: int | None = None,
        answer_tokens: int | None = None,
        *,
        stream: bool = False,
    ) -> None:
        """It is over. Without usage the estimate stands; harmless when called twice.

        A reading that came with or after its head has its tokens in it already: then nothing is
        given back, and only what a stream went beyond its estimate is added.
        """
        if not reservation.open:
            return
        reservation.open = False
        now = self.clock.now()
        self._heard(reservation, now)
        real: float | None = None
        if prompt_tokens is not None and answer_tokens is not None:
            real = float(prompt_tokens + answer_tokens)
            if reservation.need.images == 0:
                reservation.view.facts.learn_divisor(reservation.need.prompt_bytes, prompt_tokens)
        for cell, booking in reservation.bookings:
            if cell.dimension == "concurrent":
                cell.window.amend(booking, 0, now)
            elif cell.dimension == "tokens" and real is not None:
                covered = reservation.head_at is not None and reservation.head_at <= cell.heard_at
                if not covered or (stream and real > booking.amount):
                    cell.window.amend(booking, real, now)
        self._judged(reservation)
        self._release_slot(reservation)

    def release(self, reservation: Reservation) -> None:
        """It was never sent: nothing of it counts."""
        if not reservation.open:
            return
        reservation.open = False
        now = self.clock.now()
        for cell, booking in reservation.bookings:
            cell.unheard.pop(booking, None)
            cell.window.amend(booking, 0, now)
        self._judged(reservation)
        self._release_slot(reservation)

    def give_back_tokens(self, reservation: Reservation) -> None:
        """It was refused: it counts as a request, but nothing was generated."""
        now = self.clock.now()
        self._heard(reservation, now)
        for cell, booking in reservation.bookings:
            if cell.dimension == "tokens":
                cell.window.amend(booking, 0, now)

    def _release_slot(self, reservation: Reservation) -> None:
        for subject in reservation.view.subjects:
            self.changed(subject)

    # What is shown, cleared and saved.

    def status(self, entry: Entry) -> EntryStatus:
        """The entry's state for the smallest request, in the words that routing uses."""
        view = self.view(entry)
        now = self.clock.now()
        verdict = self.verdict(entry, SMALLEST)
        gauges = tuple(
            _gauge(subject, cell, now)
            for subject in view.subjects
            for cell in subject.cells.values()
            if cell.size < inf
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
        for subject in self.view(entry).subjects:
            subject.blocks.clear()
            for cell in subject.cells.values():
                cell.forget(now)
            subject.facts.forget()
            subject.failures = 0
            self.changed(subject, urgent=True)

    def changes(self) -> dict[str, bytes | None]:
        """What changed since the last call, to be saved under its key (None: deleted)."""
        changed: dict[str, bytes | None] = {
            subject.key: state.dump(subject, self.clock)
            for subject in self._dirty
            if subject.scope != "origin"
        }
        self._dirty.clear()
        return changed

    def restore(self, saved: Mapping[str, bytes]) -> None:
        """What `changes` gave before a restart; what has expired by now is dropped."""
        for key, blob in saved.items():
            subject = state.load(key, blob, self.clock)
            if subject is not None:
                if subject.scope in ("account", "model"):
                    subject.cell("concurrent", None, "rolling", "UTC")
                self._subjects[key] = subject
        self._views.clear()
        self._version += 1


def _gauge(subject: Subject, cell: Cell, now: float) -> Gauge:
    scope = subject.scope
    return Gauge(
        scope=scope if scope in ("account", "pool", "model") else "account",
        pool=subject.name if scope == "pool" else "",
        dimension=cell.dimension,
        window=cell.window_name,
        kind=cell.kind,
        limit=int(cell.size),
        remaining=0 if cell.closed_until > now else int(cell.room(now)),
        resets_at=cell.resets_at(now),
        source=cell.source,
        guess=cell.guess,
    )
