"""Publish and subscribe between the data plane and those who watch it.

`publish` is a plain call that never waits and never raises; each subscriber has a bounded feed of
its own, so a slow one loses its own oldest events, knows how many, and holds up nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager

from proxy.events import Event, LimitsChanged


class Feed:
    """One subscriber's queue. `lost` counts events that were pushed out since the last `take`.

    `many` events press, and so does one that is urgent (`pressing`).
    """

    __slots__ = ("_events", "_many", "_pressing", "_ready", "lost", "lost_total", "wants")

    def __init__(self, size: int, wants: tuple[type, ...], many: int) -> None:
        self._events: deque[Event] = deque(maxlen=size)
        self._many = many
        self._ready = asyncio.Event()
        self._pressing = asyncio.Event()
        self.wants = wants
        self.lost = 0
        self.lost_total = 0

    def put(self, event: Event) -> None:
        if len(self._events) == self._events.maxlen:
            self.lost += 1
            self.lost_total += 1
        self._events.append(event)
        self._ready.set()
        if len(self._events) >= self._many or (isinstance(event, LimitsChanged) and event.urgent):
            self._pressing.set()

    def __len__(self) -> int:
        return len(self._events)

    async def wait(self) -> None:
        """Return when there is something to take."""
        await self._ready.wait()

    async def pressing(self) -> None:
        """Return when what there is should be taken now, not with what else comes soon."""
        await self._pressing.wait()

    def take(self, most: int | None = None) -> list[Event]:
        """Up to `most` events, oldest first, without waiting."""
        count = len(self._events) if most is None else min(most, len(self._events))
        taken = [self._events.popleft() for _ in range(count)]
        if not self._events:
            self._ready.clear()
            self._pressing.clear()
        return taken

    def reset_lost(self) -> int:
        """How many were lost since the last call."""
        lost, self.lost = self.lost, 0
        return lost


class Bus:
    """Hands each event to the feeds that want its type."""

    __slots__ = ("feeds",)

    def __init__(self) -> None:
        self.feeds: list[Feed] = []

    def publish(self, event: Event) -> None:
        for feed in self.feeds:
            if isinstance(event, feed.wants):
                feed.put(event)

    @contextmanager
    def subscribe(self, *wants: type, size: int, many: int | None = None) -> Generator[Feed]:
        """A feed of the given event types that holds at most `size` of them.

        From `many` on, by default when it is full, they press.
        """
        feed = Feed(size, wants, size if many is None else many)
        self.feeds.append(feed)
        try:
            yield feed
        finally:
            self.feeds.remove(feed)
