"""Looks at an instance: what it tells of itself is taken, only the rest is asked for.

An instance tells whose limits changed, which requests ended, when its config changed. It does not
tell what time alone does: a bucket that fills, a request that runs on. That is asked for while a
screen shows it, everything else once in a while all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import takewhile
from math import inf
from typing import Literal

from app.changes import Change, ConfigChange, HealthChange, LimitsChange, Resync
from app.contract import Admin, AdminError
from app.request_snapshot import Request
from app.snapshot import Chains, EntryLimits, Gauge, Status
from screens.picture import Picture

Moving = Literal["gauges", "running"]
"""What moves by itself: limits that fill with time, requests that run."""

LAST_REQUESTS = 50
"""How many of the newest requests a picture holds."""

SILENT = 2.0
"""Seconds without an answer after which a picture is called stale."""

_PACE_EVERY = 5.0
"""Seconds between two points of the line of requests a minute."""
_PACE_POINTS = 120
_SURELY = 10.0
"""Seconds after which limits and chains are asked for whatever was told."""
_HELD = 2.0
"""Seconds for which a request that runs no more stays as it was, until its end is told."""
_AGAIN = (1.0, 15.0)
"""Seconds until a stream of changes that ended is opened again: at first, and at most."""

_Part = Literal["status", "limits", "chains", "requests", "running"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """Seconds between two questions: about the whole, after a change was told, about what moves."""

    status: float
    told: float
    gauges: float
    running: float


NEAR = Pulse(status=0.0, told=0.0, gauges=1.0, running=0.0)
"""In this process a question costs next to nothing: at every look."""
FAR = Pulse(status=1.0, told=0.5, gauges=2.0, running=0.5)
"""Over HTTP, maybe on a thin line."""


@dataclass(slots=True)
class Feed:
    """`latest` is the last picture, None before the first.

    A failed look keeps the last picture and counts how old it is (`silent_s`); `trouble` says why.
    Without `follow` beside it, every look asks for everything.
    """

    admin: Admin
    elapsed: Callable[[], float]
    """Seconds of a clock that nobody sets."""
    pulse: Pulse = NEAR
    latest: Picture | None = None
    trouble: AdminError | None = None
    pace: deque[float | None] = field(default_factory=lambda: deque(maxlen=_PACE_POINTS))
    _follows: bool = False
    _due: dict[_Part, float] = field(default_factory=dict[_Part, float])
    """When a part is to be asked for; now where it is not here."""
    _status: Status | None = None
    _status_at: float = 0.0
    _limits: dict[str, EntryLimits] = field(default_factory=dict[str, EntryLimits])
    _chains: Chains | None = None
    _running: tuple[Request, ...] = ()
    _ended: tuple[Request, ...] = ()
    _held_since: dict[str, float] = field(default_factory=dict[str, float])
    _paced_at: float = -inf
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    # Being told.

    async def follow(self) -> None:
        """Take what the instance tells, for as long as it does, again and again."""
        pause = _AGAIN[0]
        while True:
            try:
                async with aclosing(self.admin.events()) as changes:
                    async for change in changes:
                        pause = _AGAIN[0]
                        self.take(change)
            except AdminError:
                # Everything is asked for meanwhile, and the looks say what is wrong.
                pass
            self._follows = False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _AGAIN[1])

    def take(self, change: Change) -> None:
        """What has changed."""
        now = self.elapsed()
        match change:
            case Resync():
                self._follows = True
                self.forget()
                return
            case LimitsChange():
                self._limits |= {entry.entry: entry for entry in change.items}
                self._hasten("chains", now)
            case Request():
                self._end((change,))
            case ConfigChange():
                self._hasten("limits", now)
                self._hasten("chains", now)
            case HealthChange():
                pass
        self._hasten("status", self._status_at + self.pulse.told)

    def forget(self) -> None:
        """Ask for everything at the next look: an act has changed something."""
        self._due.clear()

    def _hasten(self, part: _Part, moment: float) -> None:
        if part in self._due:
            self._due[part] = min(self._due[part], moment)

    # Looking.

    async def look(self, seen: Iterable[Moving] = ("gauges", "running")) -> Picture | None:
        """Ask for what is due, and return the new picture. `seen` is what the screen shows."""
        async with self._looking:
            if not self._follows:
                self.forget()
            try:
                await self._read(frozenset(seen))
            except AdminError as error:
                self.trouble = error
                # What is told until it answers again may be lost.
                self.forget()
                return self.age()
            self.trouble = None
            self.latest = self._picture()
            return self.latest

    async def _read(self, seen: frozenset[Moving]) -> None:
        await self._ask("status", self._read_status)
        await asyncio.gather(
            self._ask("limits", self._read_limits, moving="gauges" in seen),
            self._ask("chains", self._read_chains),
            self._ask_requests("running" in seen),
        )

    def age(self) -> Picture | None:
        """The last picture, and since when the instance is silent."""
        silent = self.elapsed() - self._status_at
        if self.latest is not None and silent >= SILENT:
            self.latest = replace(self.latest, silent_s=silent)
        return self.latest

    async def _ask(
        self, part: _Part, read: Callable[[], Awaitable[float]], *, moving: bool = True
    ) -> None:
        """Read a part if its time has come. `read` returns in how many seconds it comes again.

        What only moves, and is not seen `moving`, is read if it is not here at all.
        """
        due = self._due.get(part, -inf)
        if due > self.elapsed() or (due != -inf and not moving):
            return
        # Before the answer: what is told while it is under way hastens the next question.
        self._due[part] = inf
        self._hasten(part, self.elapsed() + await read())

    async def _read_status(self) -> float:
        before, self._status = self._status, await self.admin.status()
        self._status_at = self.elapsed()
        counts = self._status.counts
        if counts.waiting or (before is not None and before.counts.waiting) or self._is_back():
            self._hasten("chains", self._status_at)
        if self._status_at - self._paced_at >= _PACE_EVERY:
            self._paced_at = self._status_at
            self.pace.append(float(counts.requests_per_minute))
        return self.pulse.status

    def _is_back(self) -> bool:
        """Whether the moment has come at which a dry chain serves again."""
        chains = self._chains.items if self._chains is not None else ()
        status = self._status
        return any(
            status is not None and one.first_back is not None and one.first_back.at <= status.time
            for one in chains
        )

    async def _read_limits(self) -> float:
        limits = await self.admin.limits()
        self._limits = {one.entry: one for one in limits}
        gauges = [gauge for one in limits for gauge in one.gauges]
        return self.pulse.gauges if any(map(_moves, gauges)) else self._next_reset(gauges)

    def _next_reset(self, gauges: Iterable[Gauge]) -> float:
        if self._status is None:
            return _SURELY
        resets = [gauge.resets_at - self._status.time for gauge in gauges if gauge.resets_at]
        ahead = [left.total_seconds() for left in resets if left.total_seconds() > 0]
        return max(self.pulse.gauges, min(ahead, default=_SURELY)) if ahead else _SURELY

    async def _read_chains(self) -> float:
        self._chains = await self.admin.chains()
        return _SURELY

    async def _ask_requests(self, running: bool) -> None:
        """The newest once, then what runs. The log's own trouble has other words elsewhere."""
        assert self._status is not None
        many = self._status.counts.in_flight
        runs = running and (many > 0 or bool(self._running))
        try:
            if "requests" not in self._due:
                self._due["requests"] = inf
                self._put((await self.admin.requests(limit=LAST_REQUESTS)).items)
            elif runs and self._due.get("running", -inf) <= self.elapsed():
                self._put((await self.admin.requests(limit=min(1000, many + 1))).items)
            else:
                return
        except AdminError:
            if self.latest is None:
                raise
            self._due.pop("requests", None)
        self._due["running"] = self.elapsed() + self.pulse.running

    # What is known.

    def _put(self, rows: tuple[Request, ...]) -> None:
        """The newest rows; those that run no more stay until their end is told."""
        now = self.elapsed()
        self._end(tuple(one for one in rows if one.outcome is not None))
        known = {one.id for one in (*rows, *self._ended)}
        gone = [one for one in self._running if one.id not in known]
        self._held_since = {one.id: self._held_since.get(one.id, now) for one in gone}
        held = [one for one in gone if now - self._held_since[one.id] < _HELD]
        runs = [one for one in rows if one.outcome is None]
        self._running = tuple(sorted((*runs, *held), key=lambda one: one.time, reverse=True))

    def _end(self, rows: tuple[Request, ...]) -> None:
        """Rows of requests that have ended, the newest first."""
        known = {one.id for one in self._ended}
        fresh = tuple(takewhile(lambda one: one.id not in known, rows))
        self._ended = (*fresh, *self._ended)[:LAST_REQUESTS]
        ids = {one.id for one in fresh}
        self._running = tuple(one for one in self._running if one.id not in ids)

    def _picture(self) -> Picture:
        assert self._status is not None
        assert self._chains is not None
        return Picture(
            self._status,
            dict(self._limits),
            self._chains.items,
            self._chains.version,
            (*self._running, *self._ended),
            tuple(self.pace),
            since_s=self.elapsed() - self._status_at,
        )


def _moves(gauge: Gauge) -> bool:
    """Whether time alone changes what is left. A day of the clock stands still until it is over."""
    return gauge.remaining < gauge.limit and gauge.kind != "clock"
