"""A limit's state as JSON values, moments as seconds from now: what of it outlives the process."""

from __future__ import annotations

from math import inf
from typing import Any, cast

from proxy.limits.cells import Cell
from proxy.model import Source


def dump(cell: Cell, now: float) -> dict[str, Any]:
    """All that its configuration does not say."""
    learned = cell.learned(now)
    state: dict[str, Any] = {
        "dimension": cell.dimension,
        "window": cell.window_name,
        "kind": cell.kind,
        "zone": cell.zone,
    }
    if cell.size < inf:
        state["count"] = cell.window.dump(now)
    if learned is not None:
        size, source, until = learned
        state["learned"] = [size, source, None if until == inf else until - now]
        state["rest"] = cell.is_rest
    if cell.closed_until > now:
        state["closed"] = cell.closed_until - now
    if cell.refused_until > now:
        state["refused"] = [cell.refused_amount, cell.refused_until - now]
    if cell.guess_void_until > now:
        state["guess_void"] = cell.guess_void_until - now
    return state


def load(cell: Cell, state: dict[str, Any], now: float) -> None:
    """Take what `dump` gave at that moment."""
    if "learned" in state:
        size, source, left = cast("tuple[float, Source, float | None]", state["learned"])
        until = inf if left is None else now + left
        # Before there was "rest", all that ended was one.
        is_rest = bool(state.get("rest", until < inf))
        cell.learn_size(float(size), source, until, is_rest=is_rest)
    if "count" in state:
        cell.window.load(state["count"], now)
    cell.closed_until = now + float(state.get("closed", -inf))
    amount, left = cast("tuple[float, float]", state.get("refused", (inf, -inf)))
    cell.refused_amount, cell.refused_until = float(amount), now + left
    cell.guess_void_until = now + float(state.get("guess_void", -inf))
