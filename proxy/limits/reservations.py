"""What the ledger hands out: an entry with all that concerns it, and a request that is booked."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from proxy.limits.blocks import Block
from proxy.limits.bookings import Booking
from proxy.limits.cells import Cell
from proxy.limits.demand import Demand, Need
from proxy.limits.subjects import Facts, Subject
from proxy.model import Dimension, Entry

if TYPE_CHECKING:
    from proxy.limits.standing import Standing


class View:
    """All that concerns one entry: its origin, account, pool and model, and their cells."""

    __slots__ = (
        "account",
        "cells",
        "entry",
        "model",
        "origin",
        "standing",
        "subjects",
        "version",
    )

    def __init__(self, entry: Entry, subjects: tuple[Subject, Subject, Subject, Subject]) -> None:
        self.entry = entry
        self.subjects = subjects
        """Origin, account, pool (or the account's paid models), model."""
        self.origin = subjects[0]
        self.account = subjects[1]
        self.model = subjects[3]
        self.cells: tuple[Cell, ...] = ()
        self.version = -1
        self.standing: Standing | None = None
        """What stood in the way of the last request that was judged, while that is sure to hold."""

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
        """Requests are numbered in the order in which they were sent."""
        self.sent_at = now
        self.head_at: float | None = None
        self.tokens = demand.least
        """Reserved, the answer's included."""
        self.cap = demand.cap
        """The answer's cap to send; None where the client named none."""
        self.bookings: dict[Cell, Booking] = {}
        self.probing: list[Block] = []
        """Half-open blocks that wait for its outcome."""
        self.beyond: list[Cell] = []
        """Guessed limits that it goes beyond."""
        self.open = True

    @property
    def entry(self) -> Entry:
        return self.view.entry

    def amount(self, dimension: Dimension) -> int:
        """What it takes of a limit."""
        return self.tokens if dimension == "tokens" else 1

    def booking_in(self, cell: Cell) -> Booking:
        """What it counts as there, booked where it was not yet."""
        booking = self.bookings.get(cell)
        if booking is None or booking.window is not cell.window:
            booking = cell.book(self.amount(cell.dimension), self.sent_at)
            self.bookings[cell] = booking
            if self.head_at is not None:
                booking.window.under_way.remove(booking)
        return booking

    def counted_in(self, cell: Cell) -> bool:
        """A reading that came with its head, or later of a later one, has its tokens in it."""
        answered = self.head_at is not None and self.head_at <= cell.heard_at
        return answered and self.seq <= cell.heard_seq

    def size_up(self, now: float) -> None:
        """Settle on an answer's cap that the token limits leave room for."""
        demand, answers = self.demand, self.need.answers
        if not demand.counts_cap or demand.cap is None:
            return
        tokens = (cell for cell in self.view.cells if cell.dimension == "tokens")
        room = min((cell.largest(now) for cell in tokens if not cell.guess), default=inf)
        cap = demand.cap
        if room < demand.most:
            cap = max(1, min(cap, int(max(room, demand.least) - demand.prompt) // answers))
        self.cap = cap
        self.tokens = demand.prompt + cap * answers

    def judged(self) -> None:
        """Let the next one probe, whatever came out."""
        if not (self.probing or self.beyond):
            return
        for subject in self.view.subjects:
            subject.changes += 1
        for block in self.probing:
            if block.probe is self:
                block.probe = None
        for cell in self.beyond:
            if cell.guess_probe is self:
                cell.guess_probe = None
        self.probing.clear()
        self.beyond.clear()
