"""Verdicts that need not be judged again: they stand until a moment comes or something changes.

A chain may begin with hundreds of entries that are out for hours. Passing one of them is a look at
what was found the last time, not a judgement: what blocks it has not changed, and what else
concerns it (its account, say, which serves other models meanwhile) is calm.
"""

from __future__ import annotations

from collections.abc import Iterable
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


class Hold(NamedTuple):
    """For how long and for which requests what was found stays as it is."""

    until: float
    tokens: float
    """For requests of so many tokens at most."""
    with_all: bool
    """Also for those that need tools or vision."""
    least: tuple[Need, ...]
    """Out by its tokens: for requests no smaller than these."""
    blocking: tuple[tuple[Subject, int], ...]
    """What is out, each with its `changes`."""
    others: tuple[Subject, ...]

    def holds(self, need: Need, now: float) -> bool:
        """Whether it is still so, for this request."""
        tokens = need.tokens_at_most
        if now >= self.until or tokens > self.tokens:
            return False
        if not self.with_all and (need.tools or need.vision):
            return False
        for least in self.least:
            if not need.is_no_smaller(least):
                return False
        for subject, changes in self.blocking:
            if subject.changes != changes:
                return False
        for subject in self.others:
            calm = subject.calm
            if calm is None or calm.changes != subject.changes or now >= calm.until:
                calm = subject.calm = _calm(subject, now)
            if tokens > calm.tokens:
                return False
        return True


_FOR_GOOD = Hold(inf, inf, True, (), (), ())


class Standing(NamedTuple):
    """A verdict of an entry, and for how long and for which requests it would be the same."""

    verdict: Verdict
    hold: Hold


class Run(NamedTuple):
    """What a chain begins with: entries that are all out, known as one."""

    verdicts: tuple[Verdict, ...]
    hold: Hold


def run_of(views: Iterable[View]) -> Run:
    """The first of these entries whose verdicts stand and leave no hope; perhaps none."""
    verdicts, holds = list[Verdict](), list[Hold]()
    for view in views:
        found = view.standing
        if found is None or found.verdict.guess or found.verdict.circuit:
            break
        verdicts.append(found.verdict)
        holds.append(found.hold)
    return Run(
        tuple(verdicts),
        Hold(
            until=min((hold.until for hold in holds), default=-inf),
            tokens=min((hold.tokens for hold in holds), default=inf),
            with_all=all(hold.with_all for hold in holds),
            least=tuple(dict.fromkeys(need for hold in holds for need in hold.least)),
            # One that stands there twice, having changed meanwhile, never holds: it is made anew.
            blocking=tuple(dict.fromkeys(one for hold in holds for one in hold.blocking)),
            others=tuple(dict.fromkeys(one for hold in holds for one in hold.others)),
        ),
    )


class Calm(NamedTuple):
    """That nothing of a subject blocks a request of at most so many tokens until then."""

    changes: int
    until: float
    tokens: float
    """-1: something does."""


def standing(view: View, need: Need, now: float) -> Verdict | None:
    """What stands in this request's way, if that is known already; None: it has to be judged.

    Where it is tokens, a larger request may have to wait longer than the verdict says.
    """
    found: Standing | None = view.standing
    return found.verdict if found is not None and found.hold.holds(need, now) else None


def judged(view: View, need: Need, demand: Demand, now: float) -> Verdict | None:
    """What stands in the request's way, looked up or judged, and then kept if it will stand."""
    found = view.standing
    if found is not None and not found.hold.least and found.hold.holds(need, now):
        return found.verdict
    verdict = judge_now(view, need, demand, now)
    hold = None if verdict is None else _hold(view, verdict, need, demand, now)
    view.standing = None if verdict is None or hold is None else Standing(verdict, hold)
    return verdict


def _hold(view: View, verdict: Verdict, need: Need, demand: Demand, now: float) -> Hold | None:
    entry, facts = view.entry, view.facts
    if verdict.reason in _FOR_EVER:
        return _FOR_GOOD
    if verdict.until is None:
        return None
    until, blocking, others = inf, list[tuple[Subject, int]](), list[Subject]()
    least: tuple[Need, ...] = ()
    tokens: float = facts.context_window(entry.context_window) or inf
    if facts.ceiling is not None:
        tokens = min(tokens, facts.ceiling[0] - 1)
    for subject in view.subjects:
        ends = [block.until for block in subject.blocks.values() if block.blocked_until(now)]
        for cell in subject.cells.values():
            end = cell.free_at(demand.least if cell.dimension == "tokens" else 1, now)
            if end <= now:
                continue
            if cell.dimension == "concurrent":
                # Until when depends on when another one ends.
                return None
            if cell.dimension == "tokens":
                least = (need,)
            ends.append(end)
        if not ends and subject is not view.model:
            others.append(subject)
            continue
        blocking.append((subject, subject.changes))
        for cell in subject.cells.values():
            tokens = min(tokens, _room(cell, demand.least, now))
            until = min(until, _changes_by_itself(cell, now), *ends)
        until = min(until, *ends, inf)
    able = facts.can("tools", entry.tools, now) and facts.can("vision", entry.vision, now)
    if until <= now:
        # Behind its end a block is somebody's probe: nobody knows for how long.
        return None
    return Hold(until, tokens, able, least, tuple(blocking), tuple(others))


def _calm(subject: Subject, now: float) -> Calm:
    until, tokens = inf, inf
    for cell in subject.cells.values():
        if cell.free_at(1, now) > now:
            return Calm(subject.changes, now, -1)
        tokens = min(tokens, _room(cell, 1, now))
        until = min(until, _changes_by_itself(cell, now))
    if any(block.blocked_until(now) for block in subject.blocks.values()):
        return Calm(subject.changes, now, -1)
    return Calm(subject.changes, until, tokens)


def _room(cell: Cell, amount: int, now: float) -> float:
    """Up to how many tokens a request meets with the same there as one of that amount."""
    if cell.dimension != "tokens":
        return inf
    room = cell.largest(now)
    # Where that does not fit, no larger one does either, but what never fits is too long.
    return room if amount <= room else cell.size


def _changes_by_itself(cell: Cell, now: float) -> float:
    """When a size that was learned, or a guess that was dropped, for a time comes to its end."""
    moments = (cell.learned_until, cell.guess_void_until)
    return min((moment for moment in moments if moment > now), default=inf)
