"""What a period of statistics comes to: pure sums, for the widgets to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from app.contract import By
from app.request_snapshot import StatsRow

Period = Literal["today", "yesterday", "7 days", "30 days"]
PERIODS: tuple[Period, ...] = ("today", "yesterday", "7 days", "30 days")
GROUPS: tuple[By, ...] = ("provider", "model", "chain", "client")


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a period, both included; `by` is what a bar of it stands for."""

    first: date
    last: date
    by: By

    @property
    def days(self) -> tuple[str, str]:
        return self.first.isoformat(), self.last.isoformat()


def span_of(period: Period, today: date) -> Span:
    match period:
        case "today":
            return Span(today, today, "hour")
        case "yesterday":
            before = today - timedelta(days=1)
            return Span(before, before, "hour")
        case "7 days":
            return Span(today - timedelta(days=6), today, "day")
        case "30 days":
            return Span(today - timedelta(days=29), today, "day")


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a whole period."""

    tokens: int
    saved_usd: float | None
    requests: int
    waterfalled: float | None


def totals(rows: Sequence[StatsRow]) -> Totals:
    asked = sum(row.requests + row.unserved for row in rows)
    saved = [row.saved_usd for row in rows if row.saved_usd is not None]
    fell = sum(row.waterfalled for row in rows)
    return Totals(
        tokens=sum(row.tokens_in + row.tokens_out for row in rows),
        saved_usd=sum(saved) if saved else None,
        requests=asked,
        waterfalled=fell / asked if asked else None,
    )


def every_bar(
    span: Span, rows: Sequence[StatsRow], now: datetime
) -> list[tuple[str, StatsRow | None]]:
    """`(label, row)` for each hour or day of a period up to now, None where nothing happened."""
    by_key = {row.key: row for row in rows}
    if span.by == "hour":
        last = now.hour if span.last == now.date() else 23
        return [
            (f"{hour:02d}:00", by_key.get(f"{span.first.isoformat()}T{hour:02d}"))
            for hour in range(last + 1)
        ]
    length = (span.last - span.first).days + 1
    days = [span.first + timedelta(days=number) for number in range(length)]
    return [(f"{day:%b} {day.day:>2}", by_key.get(day.isoformat())) for day in days]


Column = Literal["saved", "served", "429s", "failed", "in", "out", "mean", "p95"]
COLUMNS: tuple[Column, ...] = ("served", "429s", "failed", "in", "out", "mean", "p95", "saved")


def value_of(row: StatsRow, column: Column) -> float:
    """What a table is sorted by."""
    match column:
        case "saved":
            return row.saved_usd or 0.0
        case "served":
            return row.requests
        case "429s":
            return row.refused
        case "failed":
            return row.failed
        case "in":
            return row.tokens_in
        case "out":
            return row.tokens_out
        case "mean":
            return row.mean_ms or 0.0
        case "p95":
            return row.p95_ms or 0.0
