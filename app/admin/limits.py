"""Where every entry stands: the ledger's own words and times, and how it did of late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from app.admin.health import LastHour
from app.admin.instants import at_moment
from app.contract import AdminError
from app.snapshot import EntryLimits, Gauge
from proxy.clock import Clock
from proxy.engine import Engine
from proxy.limits import status
from proxy.model import Entry
from proxy.text import safe_text

OUT = frozenset(("exhausted", "cooling", "down", "off"))
"""States in which an entry serves nobody."""
_AT_ONCE = 16


class LimitsView:
    """Reads the engine's ledger; `clear` is its only act."""

    def __init__(self, engine: Engine, last_hour: LastHour) -> None:
        self._engine = engine
        self._last_hour = last_hour

    def entries(self) -> tuple[EntryLimits, ...]:
        """Of every entry that stands in a chain or under a provider's models."""
        return self.of(self._engine.configuration.entries.values())

    async def read(self, entries: Iterable[Entry]) -> tuple[EntryLimits, ...]:
        """As `of`, a few at a time: requests go on meanwhile, however many entries there are."""
        found: list[EntryLimits] = []
        for entry in entries:
            if found and len(found) % _AT_ONCE == 0:
                await asyncio.sleep(0)
            found.append(self._one(entry))
        return tuple(found)

    def counts(self) -> tuple[int, int]:
        """How many entries there are, and how many of them serve nobody now."""
        ledger, entries = self._engine.ledger, self._engine.configuration.entries.values()
        return len(entries), sum(ledger.status(entry).state in OUT for entry in entries)

    def of(self, entries: Iterable[Entry]) -> tuple[EntryLimits, ...]:
        return tuple(self._one(entry) for entry in entries)

    def _one(self, entry: Entry) -> EntryLimits:
        now = self._engine.ledger.status(entry)
        clock = self._engine.clock
        return EntryLimits(
            entry=entry.name,
            state=now.state,
            reason=now.reason or None,
            until=at_moment(clock, now.until),
            gauges=tuple(_gauge(gauge, clock) for gauge in now.gauges),
            health=self._last_hour.health((entry.name,)),
        )

    def clear(self, provider_id: str, model: str | None) -> tuple[EntryLimits, ...]:
        """Lift what blocks an entry, or all of an account; how they stand afterwards."""
        configuration = self._engine.configuration
        provider = configuration.providers.get(provider_id)
        if provider is None:
            raise unknown_provider(provider_id, configuration.providers)
        if model is None:
            entries = [one for one in configuration.entries.values() if one.provider is provider]
        else:
            entries = [self._entry(f"{provider_id}/{model}")]
        for entry in entries:
            self._engine.ledger.clear(entry)
        return self.of(entries)

    def _entry(self, name: str) -> Entry:
        configuration = self._engine.configuration
        entry = configuration.entries.get(name)
        if entry is None and configuration.routing.direct == "any":
            entry = self._engine.entry(name)
        if entry is None:
            raise AdminError(
                "No such entry",
                f"'{safe_text(name, 200)}' stands in no chain and under no provider's models.",
                "GET /api/limits lists the entries",
                status=404,
            )
        return entry


def unknown_provider(id: str, known: Iterable[str]) -> AdminError:
    names = ", ".join(known) or "none yet"
    return AdminError(
        "No such provider",
        f"There is no provider '{safe_text(id, 64)}' in the config.",
        f"configured: {names}",
        status=404,
    )


def _gauge(gauge: status.Gauge, clock: Clock) -> Gauge:
    return Gauge(
        scope=gauge.scope,
        pool=gauge.pool,
        dimension=gauge.dimension,
        window=gauge.window,
        kind=gauge.kind,
        limit=gauge.limit,
        remaining=gauge.remaining,
        resets_at=at_moment(clock, gauge.resets_at),
        source=gauge.source,
        guess=gauge.guess,
    )
