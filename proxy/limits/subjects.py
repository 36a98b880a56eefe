"""What limits and blocks are about: an origin, an account, a pool or a model of an account."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import Any, Literal, cast

from proxy.clock import Clock
from proxy.limits.blocks import LADDERS, Block
from proxy.limits.cells import Cell
from proxy.model import Dimension, Kind, Window

SubjectScope = Literal["origin", "account", "paid", "pool", "model"]
"""`paid`: the account's models outside of its free pools, which run on credit."""

WEEK = 7 * 86400.0
"""How long what a provider could not take is remembered (DESIGN A5)."""


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
        self.divisor = 4.0
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

    def learn_divisor(self, prompt_bytes: int, prompt_tokens: int) -> None:
        """From a real usage. Short prompts tell more of the chat template than of the text."""
        if prompt_bytes >= 400 and prompt_tokens > 0:
            sample = min(6.0, max(1.5, prompt_bytes / prompt_tokens))
            self.divisor += 0.2 * (sample - self.divisor)

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
        return ceil(prompt_bytes / self.divisor) + 1500 * images

    def forget(self) -> None:
        """A person cleared it. How many bytes make a token stays true."""
        self.max_output = self.ceiling = None
        self.refused.clear()
        self.lacks.clear()

    def dump(self, now: float) -> dict[str, Any]:
        return {
            "divisor": round(self.divisor, 4),
            "max_output": self.max_output and [self.max_output[0], self.max_output[1] - now],
            "ceiling": self.ceiling and [self.ceiling[0], self.ceiling[1] - now],
            "refused": {path: until - now for path, until in self.refused.items() if until > now},
            "lacks": {name: until - now for name, until in self.lacks.items() if until > now},
        }

    def load(self, state: dict[str, Any], now: float) -> None:
        self.divisor = state["divisor"]
        for name in ("max_output", "ceiling"):
            kept = cast("tuple[int, float] | None", state[name])
            if kept is not None and kept[1] > 0:
                setattr(self, name, (kept[0], now + kept[1]))
        self.refused = {path: now + left for path, left in state["refused"].items() if left > 0}
        self.lacks = {name: now + left for name, left in state["lacks"].items() if left > 0}


class Subject:
    """The cells, the blocks and the facts of one subject. Owned by the ledger."""

    __slots__ = ("_clock", "blocks", "cells", "facts", "failures", "key", "name", "scope")

    def __init__(self, key: str, scope: SubjectScope, name: str, clock: Clock) -> None:
        self.key = key
        """Under which it is saved: `account digest|scope|name`."""
        self.scope: SubjectScope = scope
        self.name = name
        self._clock = clock
        self.cells: dict[tuple[Dimension, Window | None], Cell] = {}
        self.blocks: dict[str, Block] = {}
        self.facts = Facts()
        self.failures = 0
        """In a row; the circuit breaker's count."""

    def cell(self, dimension: Dimension, window: Window | None, kind: Kind, zone: str) -> Cell:
        """The cell of that dimension and window, made where there was none."""
        cell = self.cells.get((dimension, window))
        if cell is None:
            cell = Cell(dimension, window, kind, zone, self._clock)
            self.cells[dimension, window] = cell
        return cell

    def drop_idle_cells(self) -> None:
        """Forget cells that no configuration and no provider speaks of any more."""
        now = self._clock.now()
        self.cells = {
            key: cell
            for key, cell in self.cells.items()
            if cell.configured or cell.size < inf or cell.free_at(0, now) > now
        }

    def dump(self, now: float) -> dict[str, Any]:
        """As JSON values, moments as seconds from now."""
        return {
            "cells": [c.dump(now) for c in self.cells.values() if c.dimension != "concurrent"],
            "blocks": [
                [block.ladder.name, block.began - now, block.until - now, block.step]
                for block in self.blocks.values()
            ],
            "facts": self.facts.dump(now),
        }

    def load(self, state: dict[str, Any], now: float) -> None:
        for saved in state["cells"]:
            self.cell(saved["dimension"], saved["window"], saved["kind"], saved["zone"]).load(
                saved, now
            )
        for name, began, until, step in state["blocks"]:
            # What has ended by now stands half-open if a probe has to tell, else it is dropped.
            if until > 0 or LADDERS[name].probes:
                self.blocks[name] = Block(LADDERS[name], now + began, now + until, step)
        self.facts.load(state["facts"], now)
