"""One stream of changes for all who watch: made once, handed to each through a bounded queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable

from app.admin.limits import LimitsView
from app.admin.requests import finished_row
from app.changes import Change, ConfigChange, HealthChange, LimitsChange, Resync
from app.contract import AdminError
from app.snapshot import EntryLimits
from proxy.bus import Bus, Feed
from proxy.engine import Engine
from proxy.events import ConfigChanged, HealthChanged, LimitsChanged, RequestFinished

_WATCHED = (RequestFinished, LimitsChanged, ConfigChanged, HealthChanged)
_FEED = 4_096
_QUEUE = 512
MOST_WATCHERS = 64
_PAUSE = 0.2
"""Seconds in which changes of the same limits become one."""
_LOOK = 1.0
"""Seconds between two looks for what time alone changed: a cooldown that ended."""


class _Watcher:
    """One who watches. Losing anything costs it a `resync`."""

    def __init__(self) -> None:
        self.queue: deque[Change] = deque()
        self.ready = asyncio.Event()

    def put(self, change: Change) -> None:
        if len(self.queue) >= _QUEUE:
            self.queue.clear()
            change = Resync("this reader is too slow")
        self.queue.append(change)
        self.ready.set()


class Broadcast:
    """Turns the bus' events into changes while somebody watches. `run` beside the proxy."""

    def __init__(
        self,
        engine: Engine,
        bus: Bus,
        limits: LimitsView,
        price: Callable[[RequestFinished], float | None],
    ) -> None:
        self._engine = engine
        self._bus = bus
        self._limits = limits
        self._price = price
        self._watchers: set[_Watcher] = set()
        self._feed: Feed | None = None
        self._states: dict[str, tuple[str, str | None]] = {}

    async def watch(self) -> AsyncGenerator[Change]:
        """Changes from now on, after a first `resync`. Raises AdminError (503) when it is full."""
        if len(self._watchers) >= MOST_WATCHERS:
            raise AdminError(
                "Too many watchers",
                f"{MOST_WATCHERS} event streams are open already.",
                "close one, or ask GET /api/limits now and then",
                status=503,
            )
        watcher = _Watcher()
        watcher.put(Resync("the stream begins"))
        self._watchers.add(watcher)
        self._listen()
        try:
            while True:
                await watcher.ready.wait()
                while watcher.queue:
                    yield watcher.queue.popleft()
                watcher.ready.clear()
        finally:
            self._watchers.discard(watcher)
            self._listen()

    def _listen(self) -> None:
        """To the bus, as long as somebody watches: else each request would wake us for nothing."""
        if self._feed is not None:
            self._feed.wants = _WATCHED if self._watchers else ()

    async def run(self) -> None:
        """Broadcast until cancelled."""
        with self._bus.subscribe(size=_FEED) as feed:
            self._feed = feed
            self._listen()
            while True:
                try:
                    async with asyncio.timeout(_LOOK):
                        await feed.wait()
                except TimeoutError:
                    self._send(await self._turned())
                    continue
                await asyncio.sleep(_PAUSE)
                events = feed.take()
                if feed.reset_lost():
                    self._send([Resync("events were lost")])
                elif self._watchers:
                    self._send(await self._changes(events))

    def _send(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for watcher in self._watchers:
                watcher.put(change)

    async def _changes(self, events: Iterable[object]) -> list[Change]:
        """Limits come once, however often they changed, and before the request that did it."""
        changes: list[Change] = []
        accounts: set[str] = set()
        for event in events:
            if isinstance(event, RequestFinished):
                changes.append(finished_row(event, self._price(event)))
            elif isinstance(event, LimitsChanged):
                accounts.add(event.account.partition("|")[0])
            elif isinstance(event, ConfigChanged):
                changes.append(ConfigChange(event.version, event.error))
            elif isinstance(event, HealthChanged):
                changes.append(HealthChange(event.part, event.healthy, event.detail))
        items = self._remember(await self._of(accounts))
        return [LimitsChange(items), *changes] if items else changes

    async def _of(self, accounts: set[str]) -> tuple[EntryLimits, ...]:
        entries = self._engine.configuration.entries.values()
        return await self._limits.read(e for e in entries if e.provider.account in accounts)

    async def _turned(self) -> list[Change]:
        """Entries whose state is another than the one that was last told."""
        if not self._watchers:
            return []
        entries = await self._limits.read(self._engine.configuration.entries.values())
        turned = tuple(
            entry
            for entry in entries
            if self._states.get(entry.entry, (entry.state, entry.reason))
            != (entry.state, entry.reason)
        )
        self._remember(entries)
        return [LimitsChange(turned)] if turned else []

    def _remember(self, entries: tuple[EntryLimits, ...]) -> tuple[EntryLimits, ...]:
        for entry in entries:
            self._states[entry.entry] = (entry.state, entry.reason)
        return entries
