"""Writes what happened: a subscriber of the bus that nobody waits for.

Requests and the ledger's changes go into one transaction every 250 ms. While the database cannot
be written, rows wait here (the newest 10,000), the rest is lost and counted, and the recorder
tries again until it can. No trouble of the database ever reaches a request.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo

from proxy.bus import Bus, Feed
from proxy.events import HealthChanged, LimitsChanged, RequestFinished
from store import limit_state, request_log, stats
from store.database import Database, DatabaseUnavailable, StoreFault, error_code, is_corrupt
from store.request_log import Finished

log = logging.getLogger(__name__)

RECORDED = (RequestFinished, LimitsChanged)
"""What the recorder's feed must carry: `bus.subscribe(*RECORDED, size=FEED_SIZE, many=BATCH)`."""
FEED_SIZE = 10_000
# Rows are made on the loop: more at once would be felt by requests.
BATCH = 200
HEALTH_PART = "database"

_MOST_PENDING = 10_000
_INTERVAL = 0.25
# After a refusal: its request is on its way to the next entry by then.
_BREATH = 0.002
# The ledger's changes are told late or not at all (a settled one): none is older than 1 s.
_IDLE = 0.75
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0

_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another program holds it locked",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is damaged",
}
# The connection stays good through these; after anything else a new one is opened.
_PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# Says that one of the rows cannot be written, whatever the state of the database.
_UNFIT = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    TypeError,
    ValueError,
)


def _no_changes() -> Mapping[str, bytes | None]:
    return {}


def _no_price(event: RequestFinished) -> float | None:
    return None


class Recorder:
    """Takes from a feed, writes to a database, which may be closed: it is opened then.

    `changes` gives what changed in the ledger since it was last called (None: gone); what could
    not be saved is kept here, under what changes later. `price` says what a request would have
    cost (USD). Both must not raise. `zone` decides what a day is, None: the system's zone.
    """

    def __init__(
        self,
        database: Database,
        feed: Feed,
        bus: Bus,
        *,
        changes: Callable[[], Mapping[str, bytes | None]] = _no_changes,
        price: Callable[[RequestFinished], float | None] = _no_price,
        zone: tzinfo | None = None,
    ) -> None:
        self.recorded = 0
        self.lost = 0
        """Rows that were dropped since the start, for whatever reason."""
        self.healthy = True
        self._database = database
        self._feed = feed
        self._bus = bus
        self._changes = changes
        self._price = price
        self._zone = zone
        self._pending: deque[Finished] = deque()
        self._unsaved: dict[str, bytes | None] = {}
        self._pause = 0.0
        self._replaced = False
        self._off = False
        self._lost_told = 0
        self._saving = asyncio.Lock()

    async def run(self) -> None:
        """Record until cancelled; then `flush` writes what is left."""
        while True:
            await self._gather()
            await self._save()

    async def flush(self, within: float) -> int:
        """Write everything now, trying for `within` seconds; how many rows could not be written.

        A write that waits for another program's lock is not interrupted: up to 5 s more.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                self._drain()
                while not await self._save():
                    await asyncio.sleep(_FIRST_PAUSE)
                    self._drain()
        return len(self._pending)

    async def _gather(self) -> None:
        """Collect until a batch is due. One that is, is not waited for event by event: that would
        wake the loop for each request."""
        if self._pause:
            await asyncio.sleep(self._pause)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE):
                    await self._feed.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(_INTERVAL):
                    await self._feed.pressing()
                    if len(self._feed) < BATCH:
                        await asyncio.sleep(_BREATH)
        self._drain()

    def _drain(self) -> None:
        self.lost += self._feed.reset_lost()
        for event in self._feed.take():
            if isinstance(event, RequestFinished):
                self._pending.append(Finished(event, self._price(event)))
        self._trim()

    def _trim(self) -> None:
        most = 0 if self._off else _MOST_PENDING
        while len(self._pending) > most:
            self._pending.popleft()
            self.lost += 1

    async def _save(self) -> bool:
        """Write all that waits; False if some of it still does."""
        async with self._saving:
            if self._off:
                return True
            self._unsaved.update(self._changes())
            while self._pending or self._unsaved:
                if not await self._save_batch():
                    return self._off
            return True

    async def _save_batch(self) -> bool:
        rows = [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]
        state, self._unsaved = self._unsaved, {}
        try:
            await self._write(rows, state)
        except BaseException as error:
            # Cancelled too: whatever it was, the rows and the state are not lost by it.
            self._pending.extendleft(reversed(rows))
            self._trim()
            self._unsaved = {**state, **self._unsaved}
            if not isinstance(error, (sqlite3.Error, StoreFault)):
                raise
            await self._failed(error)
            return False
        self.recorded += len(rows)
        self._succeeded()
        return True

    async def _write(self, rows: Sequence[Finished], state: Mapping[str, bytes | None]) -> None:
        if not self._database.is_open:
            await self._database.open(replace=not self._replaced)
        try:
            await self._write_at_once(rows, state)
        except _UNFIT:
            for row in rows:
                try:
                    await self._write_at_once([row], {})
                except _UNFIT as error:
                    self.lost += 1
                    self.recorded -= 1
                    log.warning("a log row cannot be written: %s", type(error).__name__)
            await self._write_at_once([], state)

    async def _write_at_once(
        self, rows: Sequence[Finished], state: Mapping[str, bytes | None]
    ) -> None:
        async with self._database.transaction() as connection:
            if rows:
                fresh = await request_log.insert_many(connection, rows)
                await stats.add(connection, fresh, self._zone)
            if state:
                await limit_state.save(connection, state, self._database.clock.wall())

    async def _failed(self, error: sqlite3.Error | StoreFault) -> None:
        self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * self._pause))
        self._tell(False, _reason(error))
        if not isinstance(error, sqlite3.Error):
            return
        if is_corrupt(error):
            await self._replace()
        elif error_code(error) not in _PASSING:
            with suppress(sqlite3.Error):
                await self._database.close()

    async def _replace(self) -> None:
        """Begin a new file, once; a database that breaks again is a disk that does."""
        if self._replaced:
            self._off = True
            self._trim()
            log.error("the database was damaged again: nothing more is logged until a restart")
            return
        self._replaced = True
        with suppress(sqlite3.Error, StoreFault):
            # The limits' state is small and may still be readable: the ledger only tells changes.
            self._unsaved = {**await limit_state.load(self._database), **self._unsaved}
        with suppress(sqlite3.Error, StoreFault):
            await self._database.replace()
            log.warning(self._database.notes[-1])

    def _succeeded(self) -> None:
        self._pause = 0.0
        lost, self._lost_told = self.lost - self._lost_told, self.lost
        if lost and self.healthy:
            self._tell(False, f"more came than could be written, {lost} rows were lost")
        elif lost:
            self._tell(True, f"the request log is written again; {lost} rows were lost")
        else:
            self._tell(True, "the request log is written again")

    def _tell(self, healthy: bool, detail: str) -> None:
        if healthy == self.healthy:
            return
        self.healthy = healthy
        if not healthy:
            detail = f"the request log cannot be written ({detail}); requests are served"
        log.log(logging.INFO if healthy else logging.WARNING, detail)
        self._bus.publish(HealthChanged(HEALTH_PART, healthy, detail))


def _reason(error: sqlite3.Error | StoreFault) -> str:
    if isinstance(error, DatabaseUnavailable):
        return error.reason
    if isinstance(error, sqlite3.Error):
        return _REASONS.get(error_code(error), str(error))
    return str(error)
