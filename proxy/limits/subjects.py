"""What limits and blocks are about: an origin, an account, a pool or a model of an account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, cast

from proxy.clock import Clock
from proxy.limits import cell_state
from proxy.limits.blocks import LADDERS, Block
from proxy.limits.bookings import Booking
from proxy.limits.cells import Cell
from proxy.model import Dimension, Kind, Window

if TYPE_CHECKING:
    from proxy.limits.reservations import Reservation
    from proxy.limits.standing import Calm

SubjectScope = Literal["origin", "account", "paid", "pool", "model"]
"""`paid`: the account's models outside of its free pools, which run on credit."""

WEEK = 7 * 86400.0
"""How long what a provider could not take is remembered (DESIGN A5)."""

_DIVISOR = 4.0
LEAST_DIVISOR = 1.5
TOKENS_OF_IMAGE = 1500
_MOST_REFUSED = 64
"""Request fields remembered as refused: their names come from outside."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a provider's model list says of a model; None: nothing."""

    context_window: int | None = None
    max_output: int | None = None
    tools: bool | None = None
    vision: bool | None = None


class Facts:
    """What was learned of a model, besides its limits. Moments are `Clock.now()` seconds."""

    __slots__ = ("ceiling", "divisor", "lacks", "listed", "max_output", "refused", "running_window")

    def __init__(self) -> None:
        self.divisor = _DIVISOR
        """UTF-8 bytes of a prompt per token, 1.5 to 6."""
        self.max_output: tuple[int, float] | None = None
        """The largest answer cap, and until when to believe it."""
        self.ceiling: tuple[int, float] | None = None
        """Requests of so many tokens are too long, and until when to believe it."""
        self.refused: dict[str, float] = {}
        """Request field (dotted) to the moment at which it may be tried again."""
        self.lacks: dict[str, float] = {}
        """`tools`, `vision`: likewise."""
        self.listed = Listed()
        """What the provider's own model list says; the configuration knows better."""
        self.running_window: int | None = None
        """The context window that a local server runs it with: this nobody knows better."""

    def learn_divisor(
        self, prompt_bytes: int, prompt_tokens: int, *, refused: bool = False
    ) -> None:
        """From a real usage, or (`refused`) from what a refusal counted the prompt as.

        Short prompts tell more of the chat template than of the text. Where the last of a limit
        is waited for, an estimate a token short is a refusal: after one it is short no more.
        """
        if prompt_bytes >= 400 and prompt_tokens > 0:
            sample = min(6.0, max(LEAST_DIVISOR, prompt_bytes / prompt_tokens))
            at_once = refused and sample < self.divisor
            self.divisor += (1.0 if at_once else 0.2) * (sample - self.divisor)

    def can(
        self, capability: Literal["tools", "vision"], configured: bool | None, now: float
    ) -> bool:
        """False where the configuration, an answer, or (unconfigured) the model list says so."""
        if configured is False or self.lacks.get(capability, 0.0) > now:
            return False
        listed = self.listed.tools if capability == "tools" else self.listed.vision
        return configured is True or listed is not False

    def context_window(self, configured: int | None) -> int | None:
        """In tokens: what a local server runs, else as configured, else as listed."""
        if self.running_window is not None:
            return self.running_window
        return self.listed.context_window if configured is None else configured

    def prompt_tokens(self, prompt_bytes: int, images: int) -> int:
        """The estimate of DESIGN A6: an image counts 1,500 whatever its size."""
        return ceil(prompt_bytes / self.divisor) + TOKENS_OF_IMAGE * images

    def refuse_fields(self, paths: Iterable[str], now: float) -> None:
        """Remember request fields that the model does not take; the oldest go when too many."""
        for path in paths:
            self.refused.pop(path, None)
            self.refused[path] = now + WEEK
        while len(self.refused) > _MOST_REFUSED:
            del self.refused[next(iter(self.refused))]

    def blank(self, now: float) -> bool:
        """Nothing in it would be missed."""
        known = [kept for kept in (self.max_output, self.ceiling) if kept is not None]
        moments = (*(until for _, until in known), *self.refused.values(), *self.lacks.values())
        return self.divisor == _DIVISOR and all(until <= now for until in moments)

    def forget(self) -> None:
        """A person cleared it. How many bytes make a token stays true."""
        self.max_output = self.ceiling = None
        self.refused.clear()
        self.lacks.clear()

    def dump(self, now: float) -> dict[str, Any]:
        return {
            "divisor": self.divisor,
            "max_output": self.max_output and [self.max_output[0], self.max_output[1] - now],
            "ceiling": self.ceiling and [self.ceiling[0], self.ceiling[1] - now],
            "refused": {path: until - now for path, until in self.refused.items() if until > now},
            "lacks": {name: until - now for name, until in self.lacks.items() if until > now},
        }

    def load(self, state: dict[str, Any], now: float) -> None:
        self.divisor = min(6.0, max(LEAST_DIVISOR, float(state["divisor"])))
        for name in ("max_output", "ceiling"):
            kept = cast("tuple[int, float] | None", state[name])
            if kept is not None:
                setattr(self, name, (int(kept[0]), now + kept[1]))
        self.refused = {path: now + left for path, left in state["refused"].items()}
        self.lacks = {name: now + left for name, left in state["lacks"].items()}


class Subject:
    """The cells, the blocks and the facts of one subject. Owned by the ledger."""

    __slots__ = (
        "_clock",
        "blocks",
        "calm",
        "cells",
        "changes",
        "facts",
        "failures",
        "key",
        "name",
        "newest_overtaker",
        "overtook",
        "scope",
        "unheard",
    )

    def __init__(self, key: str, scope: SubjectScope, name: str, clock: Clock) -> None:
        self.key = key
        """Under which it is saved: `account digest|scope|name`."""
        self.scope: SubjectScope = scope
        self.name = name
        self._clock = clock
        self.cells: dict[tuple[Dimension, Window | None], Cell] = {}
        self.blocks: dict[str, Block] = {}
        self.facts = Facts()
        self.changes = 0
        """Counts whatever may change a verdict."""
        self.calm: Calm | None = None
        """That nothing blocked it when somebody last looked."""
        self.failures = 0
        """In a row; the circuit breaker's count."""
        self.unheard: dict[Reservation, None] = {}
        """Sent, and no head of an answer has come. In the order of sending."""
        self.overtook: dict[Reservation, None] = {}
        """Answered while one sent before them is not: its reading may not know of them."""
        self.newest_overtaker = -1
        """The highest number that may be among those."""
        if scope in ("account", "model"):
            # In-flight requests are always counted: a refusal may teach a limit of them.
            self.cell("concurrent", None, "rolling", "UTC")

    def cell(self, dimension: Dimension, window: Window | None, kind: Kind, zone: str) -> Cell:
        """The cell of that dimension and window, made where there was none."""
        cell = self.cells.get((dimension, window))
        if cell is None:
            cell = Cell(dimension, window, kind, zone, self._clock)
            self.cells[dimension, window] = cell
            self.changes += 1
        return cell

    def heard(self, reservation: Reservation) -> None:
        """The head of its answer came, or none will."""
        if self.unheard.pop(reservation, self) is self:
            return
        oldest = next(iter(self.unheard), reservation)
        if oldest.seq < reservation.seq:
            self.overtook[reservation] = None
            self.newest_overtaker = max(self.newest_overtaker, reservation.seq)

    def settled(self, reservation: Reservation) -> None:
        """Forget what overtook nothing that is still to be heard of."""
        if not self.overtook:
            return
        oldest = next(iter(self.unheard), None)
        if oldest is None:
            self.overtook.clear()
        elif reservation.seq < oldest.seq:
            self.overtook = {one: None for one in self.overtook if one.seq > oldest.seq}
        if not self.overtook:
            self.newest_overtaker = -1

    def pending(self, cell: Cell, seq: int, *, refused: bool = False) -> Collection[Booking]:
        """Of what a reading of that request (`seq` its number) cannot know, the bookings in a cell.

        Also of what was sent before the cell's limit was known. A refusal knows of all that was
        sent before the request it refused: that is why it did.
        """
        under_way = cell.window.under_way
        if not refused and seq >= self.newest_overtaker and len(under_way) == len(self.unheard):
            return under_way
        later = (reservation for reservation in self.overtook if reservation.seq > seq)
        unheard = (one for one in self.unheard if one.seq > seq or not refused)
        return [reservation.booking_in(cell) for reservation in (*unheard, *later)]

    def drop_idle_cells(self) -> None:
        """Forget cells that no configuration and no provider speaks of any more."""
        now = self._clock.now()
        self.cells = {
            key: cell
            for key, cell in self.cells.items()
            if cell.configured or cell.dimension == "concurrent" or not cell.idle(now)
        }

    def busy(self) -> bool:
        """Requests are under way."""
        now = self._clock.now()
        in_flight = self.cells.get(("concurrent", None))
        return bool(self.unheard) or (in_flight is not None and in_flight.window.used(now) > 0)

    def blank(self) -> bool:
        """There is nothing to save: made anew, it would be the same."""
        now = self._clock.now()
        return (
            all(block.until <= now for block in self.blocks.values())
            and all(cell.idle(now) for cell in self._lasting_cells())
            and self.facts.blank(now)
        )

    def _lasting_cells(self) -> Iterator[Cell]:
        """A restart has nothing in flight, but what was learned of it holds on."""
        return (
            cell
            for cell in self.cells.values()
            if cell.dimension != "concurrent" or cell.learned(self._clock.now()) is not None
        )

    def dump(self, now: float) -> dict[str, Any]:
        """As JSON values, moments as seconds from now."""
        return {
            "cells": [
                cell_state.dump(cell, now) for cell in self._lasting_cells() if not cell.idle(now)
            ],
            "blocks": [
                [block.ladder.name, block.began - now, block.until - now, block.step, block.guessed]
                for block in self.blocks.values()
                if block.until > now
            ],
            "facts": self.facts.dump(now),
        }

    def load(self, state: dict[str, Any], then: float) -> None:
        """What `dump` gave at that moment; what has expired since is dropped."""
        for saved in state["cells"]:
            cell = self.cell(saved["dimension"], saved["window"], saved["kind"], saved["zone"])
            cell_state.load(cell, saved, then)
        for name, began, until, step, guessed in state["blocks"]:
            if then + until > self._clock.now():
                self.blocks[name] = Block(
                    LADDERS[name], then + began, then + until, int(step), guessed=bool(guessed)
                )
        self.facts.load(state["facts"], then)
