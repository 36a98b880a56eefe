"""The instance as the screens show it: pulled four times a second, never pushed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.contract import Admin, AdminError
from app.request_snapshot import Request
from app.snapshot import Chain, Chains, EntryLimits, Status

LAST_REQUESTS = 50
"""How many of the newest requests a picture holds."""

SPARK_EVERY = 5.0
"""Seconds between two points of the line of requests a minute."""

_SPARK_POINTS = 120


@dataclass(frozen=True, slots=True)
class Picture:
    """One look at the instance. Nothing in it changes; the next look is another picture."""

    status: Status
    limits: Mapping[str, EntryLimits]
    chains: tuple[Chain, ...]
    version: str
    """Of the config, for `if_match`."""
    requests: tuple[Request, ...]
    """The newest, those that run on top."""
    pace: tuple[float | None, ...] = ()
    """Requests a minute, one point every `SPARK_EVERY` seconds, the newest last."""
    silent_s: float = 0.0
    """How long the instance has not answered."""

    @property
    def now(self) -> datetime:
        """The instance's time: countdowns are right wherever this screen runs."""
        return self.status.time

    def chain(self, name: str) -> Chain | None:
        return next((chain for chain in self.chains if chain.name == name), None)


@dataclass(slots=True)
class Feed:
    """Looks at an instance. `latest` is the last picture, None before the first.

    A failed look keeps the last picture and counts how old it is (`silent_s`); `trouble` says why.
    """

    admin: Admin
    elapsed: Callable[[], float]
    """Seconds of a clock that nobody sets."""
    latest: Picture | None = None
    trouble: AdminError | None = None
    _pace: deque[float | None] = field(default_factory=lambda: deque(maxlen=_SPARK_POINTS))
    _paced_at: float = float("-inf")
    _answered_at: float = 0.0

    async def look(self) -> Picture | None:
        """Ask for everything that every screen shows; returns the new picture."""
        try:
            status, limits, chains = await asyncio.gather(
                self.admin.status(), self.admin.limits(), self.admin.chains()
            )
            requests = await self._requests()
        except AdminError as error:
            self.trouble = error
            return self._aged()
        self.trouble, self._answered_at = None, self.elapsed()
        self._note_pace(status)
        self.latest = _picture(status, limits, chains, requests, tuple(self._pace))
        return self.latest

    async def _requests(self) -> tuple[Request, ...]:
        return (await self.admin.requests(limit=LAST_REQUESTS)).items

    def _aged(self) -> Picture | None:
        if self.latest is None:
            return None
        old = self.latest
        self.latest = Picture(
            old.status,
            old.limits,
            old.chains,
            old.version,
            old.requests,
            old.pace,
            silent_s=self.elapsed() - self._answered_at,
        )
        return self.latest

    def _note_pace(self, status: Status) -> None:
        if self.elapsed() - self._paced_at >= SPARK_EVERY:
            self._paced_at = self.elapsed()
            self._pace.append(float(status.counts.requests_per_minute))


def _picture(
    status: Status,
    limits: tuple[EntryLimits, ...],
    chains: Chains,
    requests: tuple[Request, ...],
    pace: tuple[float | None, ...],
) -> Picture:
    by_entry = {limit.entry: limit for limit in limits}
    return Picture(status, by_entry, chains.items, chains.version, requests, pace)
