"""The request log and its totals, with the requests that run right now."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from app.admin.instants import at_wall
from app.contract import AdminError, By
from app.request_snapshot import (
    Attempt,
    Bodies,
    Landed,
    Request,
    RequestDetail,
    RequestPage,
    StatsRow,
)
from proxy import events
from proxy.engine import Engine
from proxy.job import Job
from proxy.kept_bodies import Body
from proxy.text import Redactor, safe_text
from store import request_log, stats
from store.database import Database, StoreFault
from store.recorder import Recorder
from store.request_filter import Filter
from store.request_log import LoggedRequest
from store.values import provider_of

_SETTLE = 1.0
"""Seconds that what has just ended may take to be written: a script finds its own request."""
_DAYS = 30
_CHUNK = 1000
_LONGEST_KEY = 512
"""Characters."""

_T = TypeVar("_T")


class RequestsView:
    """Reads the database; what it cannot read is told as AdminError (503)."""

    def __init__(self, engine: Engine, database: Database, recorder: Recorder) -> None:
        self._engine = engine
        self._database = database
        self._recorder = recorder

    async def page(
        self,
        before: int | None,
        limit: int,
        chain: str | None,
        provider: str | None,
        status: str | None,
        q: str | None,
    ) -> RequestPage:
        only = _filter(chain, provider, status, q)
        running = [] if before is not None else self._running(only)[: max(0, limit - 1)]
        logged = await self._read(
            lambda: request_log.page(
                self._database, before=before, limit=limit - len(running), only=only
            )
        )
        return RequestPage((*running, *map(logged_row, logged.items)), logged.next)

    def _running(self, only: Filter) -> list[Request]:
        jobs = [job for job in self._engine.in_flight.values() if _is_meant(job, only)]
        return [
            Request(**_running_facts(job, self._engine), attempts=len(job.attempts))
            for job in reversed(jobs)
        ]

    async def one(self, id: str) -> RequestDetail:
        job = self._engine.in_flight.get(id)
        if job is not None:
            return RequestDetail(
                **_running_facts(job, self._engine),
                attempts=tuple(map(attempt, job.attempts)),
                bodies=self._bodies(id),
                bodies_kept=self._engine.bodies is not None,
            )
        found = await self._read(lambda: request_log.one(self._database, id))
        if found is None:
            raise AdminError(
                "No such request",
                f"The log has no request '{safe_text(id, 64)}'.",
                "rows are kept for log.retain_days",
                status=404,
            )
        return RequestDetail(
            **_logged_facts(found.request),
            attempts=tuple(map(attempt, found.attempts)),
            bodies=self._bodies(id),
            bodies_kept=self._engine.bodies is not None,
        )

    def _bodies(self, id: str) -> Bodies | None:
        exchanged = None if self._engine.bodies is None else self._engine.bodies.get(id)
        if exchanged is None:
            return None
        redactor = self._engine.attempts.redactor
        request, answer = exchanged.request, exchanged.answer
        return Bodies(
            _readable(request, redactor), request.is_cut, _readable(answer, redactor), answer.is_cut
        )

    def everything(
        self, chain: str | None, provider: str | None, status: str | None, q: str | None
    ) -> AsyncGenerator[tuple[Request, ...]]:
        """All logged requests asked for, newest first, in chunks."""
        return self._chunks(_filter(chain, provider, status, q))

    async def _chunks(self, only: Filter) -> AsyncGenerator[tuple[Request, ...]]:
        before: int | None = None
        while True:
            start = before
            part = await self._read(
                lambda start=start: request_log.page(
                    self._database, before=start, limit=_CHUNK, only=only
                )
            )
            yield tuple(map(logged_row, part.items))
            before = part.next
            if before is None:
                return

    async def stats(self, by: By, from_: str | None, to: str | None) -> tuple[StatsRow, ...]:
        today = date.fromisoformat(stats.local_day(self._engine.clock.wall()))
        last = _day("to", to, today)
        first = _day("from", from_, last - timedelta(days=_DAYS - 1))
        if first > last:
            raise AdminError("Empty range", "'from' is after 'to'.", "exchange them", "from")
        rows = await self._read(
            lambda: stats.table(self._database, by, first.isoformat(), last.isoformat())
        )
        return tuple(map(_stats_row, rows))

    async def _read(self, read: Callable[[], Awaitable[_T]]) -> _T:
        if self._recorder.healthy:
            await self._recorder.flush(_SETTLE)
        try:
            return await read()
        except (StoreFault, sqlite3.Error):
            raise AdminError(
                "The log cannot be read",
                "The database of the request log is not usable now; requests are served.",
                "GET /api/status tells its health, the log file the reason",
                status=503,
            ) from None


def _readable(body: Body, redactor: Redactor) -> str:
    """The text without keys; where it was cut, a key may have been, and its beginning goes too."""
    text = redactor.redact(body.beginning.decode("utf-8", "replace"))
    return text[:-_LONGEST_KEY] if body.is_cut else text


def _filter(chain: str | None, provider: str | None, status: str | None, q: str | None) -> Filter:
    try:
        return Filter(chain=chain, provider=provider, status=status, q=q)
    except ValueError as error:
        raise AdminError("Bad filter", f"{error}.", "such as 429, 5xx or ok", "status") from None


def _is_meant(job: Job, only: Filter) -> bool:
    """Whether a running request passes the filter: it has no status yet."""
    entry = job.served.name if job.served else ""
    if only.status is not None or (only.chain is not None and only.chain != job.chain.name):
        return False
    asked = {provider_of(one.entry) for one in job.attempts} | {provider_of(entry)}
    if only.provider is not None and only.provider not in asked:
        return False
    searched = (job.client, job.agent, job.chain.name, entry)
    if not only.q or any(only.q.lower() in text.lower() for text in searched):
        return True
    return only.id_start is not None and job.id.startswith(only.id_start)


def _running_facts(job: Job, engine: Engine) -> Mapping[str, Any]:
    return {
        "id": job.id,
        "time": at_wall(job.at),
        "client": job.client,
        "agent": job.agent,
        "chain": job.chain.name,
        "entry": job.served.name if job.served else None,
        "status": job.status or None,
        "outcome": None,
        "stream": job.request.stream,
        "trail": job.trail.pairs_so_far(),
        "tokens_in": job.tokens_in,
        "tokens_out": job.tokens_out,
        "estimated": job.estimated,
        "duration_ms": (engine.clock.now() - job.started) * 1000,
        "first_token_ms": job.first_token_ms,
        "saved_usd": None,
        "client_closed": False,
    }


def _logged_facts(row: LoggedRequest) -> Mapping[str, Any]:
    return {
        "id": row.id,
        "time": at_wall(row.at),
        "client": row.client,
        "agent": row.agent,
        "chain": row.chain,
        "entry": row.entry,
        "status": row.status,
        "outcome": row.outcome,
        "stream": row.stream,
        "trail": row.trail,
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "estimated": row.estimated,
        "duration_ms": row.duration_ms,
        "first_token_ms": row.first_token_ms,
        "saved_usd": row.saved_usd,
        "client_closed": row.client_closed,
    }


def logged_row(row: LoggedRequest) -> Request:
    return Request(**_logged_facts(row), attempts=row.attempts)


def finished_row(event: events.RequestFinished, saved_usd: float | None) -> Request:
    """As it will stand in the log."""
    return Request(
        id=event.id,
        time=at_wall(event.at),
        client=event.client,
        agent=event.agent,
        chain=event.chain,
        entry=event.entry,
        status=event.status,
        outcome=event.outcome,
        stream=event.stream,
        trail=event.trail,
        tokens_in=event.tokens_in,
        tokens_out=event.tokens_out,
        estimated=event.estimated,
        duration_ms=event.duration_ms,
        first_token_ms=event.first_token_ms,
        saved_usd=saved_usd,
        client_closed=event.client_closed,
        attempts=len(event.attempts),
    )


def attempt(one: events.Attempt) -> Attempt:
    return Attempt(
        entry=one.entry,
        outcome=one.outcome,
        status=one.status,
        started_ms=one.started_ms,
        duration_ms=one.duration_ms,
        first_token_ms=one.first_token_ms,
        detail=one.detail,
    )


def _day(field: str, text: str | None, default: date) -> date:
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AdminError(
            "No such day", f"'{field}' is no day.", "such as 2026-11-22", field
        ) from None


def _stats_row(row: stats.StatsRow) -> StatsRow:
    landed = row.landed
    return StatsRow(
        key=row.key,
        requests=row.requests,
        unserved=row.unserved,
        interrupted=row.interrupted,
        attempts=row.attempts,
        refused=row.refused,
        failed=row.failed,
        waterfalled=row.waterfalled,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        mean_ms=row.mean_ms,
        p95_ms=row.p95_ms,
        saved_usd=row.saved_usd,
        landed=Landed(landed.first, landed.second, landed.later, landed.nobody)
        if landed is not None
        else None,
    )
