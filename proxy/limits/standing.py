"""Verdicts that need not be judged again: they stand until a moment comes or something changes.

A chain may begin with hundreds of entries that are out for hours. Passing one of them is a look at
what was found the last time, not a judgement: what blocks it has not changed, and what else
concerns it (its account, say, which serves other models meanwhile) is calm.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from proxy.limits.cells import Cell
from proxy.limits.demand import Demand, Need
from proxy.limits.reservations import View
from proxy.limits.status import Verdict
from proxy.limits.subjects import Subject
from proxy.limits.verdicts import judge_now

_FOR_EVER = ("disabled", "no-key")
"""What only another configuration changes."""


class Standing(NamedTuple):
    """A verdict of an entry, and for how long and for which requests it would be the same."""

    verdict: Verdict
    until: float
    tokens: float
    """For requests of so many tokens at most."""
    with_all: bool
    """Also for those that need tools or vision."""
    blocking: tuple[tuple[Subject, int], ...]
    """What is out, each with its `changes`."""
    others: tuple[Subject, ...]


class Calm(NamedTuple):
    """That nothing of a subject blocks a request of at most so many tokens until then."""

    changes: int
    until: float
    tokens: float
    """-1: something does."""


def standing(view: View, need: Need, now: float) -> Verdict | None:
    """What stands in this request's way, if that is known already; None: it has to be judged."""
    found: Standing | None = view.standing
    if found is None or now >= found.until or need.tokens_at_most > found.tokens:
        return None
    if not found.with_all and (need.tools or need.vision):
        return None
    for subject, changes in found.blocking:
        if subject.changes != changes:
            return None
    for subject in found.others:
        calm = subject.calm
        if calm is None or calm.changes != subject.changes or now >= calm.until:
            calm = subject.calm = _calm(subject, now)
        if need.tokens_at_most > calm.tokens:
            return None
    return found.verdict


def judged(view: View, need: Need, demand: Demand, now: float) -> Verdict | None:
    """What stands in the request's way, looked up or judged, and then kept if it will stand."""
    known = standing(view, need, now)
    if known is not None:
        return known
    verdict = judge_now(view, need, demand, now)
    view.standing = None if verdict is None else _standing(view, verdict, demand, now)
    return verdict


def _standing(view: View, verdict: Verdict, demand: Demand, now: float) -> Standing | None:
    entry, facts = view.entry, view.facts
    if verdict.reason in _FOR_EVER:
        return Standing(verdict, inf, inf, True, (), ())
    if verdict.until is None:
        return None
    until, blocking, others = inf, list[tuple[Subject, int]](), list[Subject]()
    tokens: float = facts.context_window(entry.context_window) or inf
    if facts.ceiling is not None:
        tokens = min(tokens, facts.ceiling[0] - 1)
    for subject in view.subjects:
        ends = [block.until for block in subject.blocks.values() if block.blocked_until(now)]
        for cell in subject.cells.values():
            end = cell.free_at(demand.least if cell.dimension == "tokens" else 1, now)
            if end <= now:
                continue
            if cell.dimension != "requests":
                # Until when depends on the request's size, or on when another one ends.
                return None
            ends.append(end)
        if not ends and subject is not view.model:
            others.append(subject)
            continue
        blocking.append((subject, subject.changes))
        for cell in subject.cells.values():
            tokens = min(tokens, _room(cell, now))
            until = min(until, _changes_by_itself(cell, now), *ends)
        until = min(until, *ends, inf)
    able = facts.can("tools", entry.tools, now) and facts.can("vision", entry.vision, now)
    if until <= now:
        # Behind its end a block is somebody's probe: nobody knows for how long.
        return None
    return Standing(verdict, until, tokens, able, tuple(blocking), tuple(others))


def _calm(subject: Subject, now: float) -> Calm:
    until, tokens = inf, inf
    for cell in subject.cells.values():
        if cell.free_at(1, now) > now:
            return Calm(subject.changes, now, -1)
        tokens = min(tokens, _room(cell, now))
        until = min(until, _changes_by_itself(cell, now))
    if any(block.blocked_until(now) for block in subject.blocks.values()):
        return Calm(subject.changes, now, -1)
    return Calm(subject.changes, until, tokens)


def _room(cell: Cell, now: float) -> float:
    """Up to how many tokens a request is not blocked by it."""
    return cell.largest(now) if cell.dimension == "tokens" else inf


def _changes_by_itself(cell: Cell, now: float) -> float:
    """When a size that was learned, or a guess that was dropped, for a time comes to its end."""
    moments = (cell.learned_until, cell.guess_void_until)
    return min((moment for moment in moments if moment > now), default=inf)
