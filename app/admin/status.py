"""The instance as a whole, in numbers."""

from __future__ import annotations

import os
import sqlite3

from app.admin.editing import Editing
from app.admin.health import LastHour
from app.admin.instants import at_wall
from app.admin.lag import LoopLag
from app.admin.limits import LimitsView
from app.configured import Configured
from app.snapshot import Counts, Status
from app.version import VERSION
from proxy.engine import Engine
from store import stats
from store.database import Database, StoreFault
from store.recorder import Recorder
from store.stats import Today

_TODAY_FOR = 0.5
"""Seconds for which a look into the database holds: interfaces ask four times a second."""


class StatusView:
    """What `GET /api/status` says. `base_url` is the proxy port's."""

    def __init__(
        self,
        engine: Engine,
        configured: Configured,
        database: Database,
        recorder: Recorder,
        limits: LimitsView,
        last_hour: LastHour,
        lag: LoopLag,
        base_url: str,
        editing: Editing,
    ) -> None:
        self._engine = engine
        self._configured = configured
        self._database = database
        self._recorder = recorder
        self._limits = limits
        self._last_hour = last_hour
        self._lag = lag
        self._base_url = base_url
        self._editing = editing
        self._started = engine.clock.now()
        self._today: Today | None = None
        self._today_at = 0.0

    async def status(self) -> Status:
        today = await self._look_at_today()
        clock, configured = self._engine.clock, self._configured
        path = configured.loaded.path
        return Status(
            version=VERSION,
            time=at_wall(clock.wall()),
            uptime_s=clock.now() - self._started,
            pid=os.getpid(),
            base_url=self._base_url,
            config_path=str(path) if path is not None else None,
            config_error=configured.error,
            config_warnings=self._warnings(),
            restart_needed=bool(configured.restart_needed),
            restart_keys=configured.restart_needed,
            default_chain=self._engine.configuration.routing.default_chain,
            counts=self._counts(today),
            loop_lag_ms=self._lag.longest * 1000,
            log_healthy=self._recorder.healthy,
            log_rows_lost=self._recorder.lost,
            today=stats.local_day(clock.wall()),
        )

    def _warnings(self) -> tuple[str, ...]:
        written = self._editing.warning
        of_file = tuple(map(str, self._configured.loaded.warnings))
        return of_file if written is None else (*of_file, written)

    def _counts(self, today: Today | None) -> Counts:
        entries, out = self._limits.counts()
        served = today.served if today else 0
        return Counts(
            in_flight=len(self._engine.in_flight),
            waiting=len(self._engine.line),
            requests_per_minute=self._last_hour.requests_per_minute(),
            requests_today=today.requests if today else 0,
            failed_today=today.failed if today else 0,
            tokens_today=today.tokens_in + today.tokens_out if today else 0,
            tokens_out_today=today.tokens_out if today else 0,
            saved_today_usd=today.saved_usd if today else None,
            waterfalled_share=today.waterfalled / served if today and served else None,
            entries=entries,
            entries_out=out,
            config_version=self._engine.configuration.version,
        )

    async def _look_at_today(self) -> Today | None:
        """The day's totals; without a database the last that were read."""
        clock = self._engine.clock
        if self._today is not None and clock.now() - self._today_at < _TODAY_FOR:
            return self._today
        try:
            self._today = await stats.today(self._database, clock.wall())
            self._today_at = clock.now()
        except (StoreFault, sqlite3.Error):
            # The log is down: its health stands beside these numbers.
            return self._today
        return self._today
