from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.events import RequestFinished
from store import request_log, stats, totals
from store.database import Database, open_database
from store.request_log import Finished
from store.stats import By, Landed
from tests.store.made import (
    FIRST,
    NOON,
    SECOND,
    THIRD,
    FakeClock,
    attempt,
    fallen,
    request,
    unserved,
)

DAY = "2026-11-22"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with open_database(tmp_path / "429chain.db", FakeClock()) as database:
        yield database


async def _add(
    database: Database,
    events: Sequence[RequestFinished],
    saved: float | None = None,
    zone: ZoneInfo | None = None,
) -> None:
    async with database.transaction() as connection:
        await stats.add(
            connection, [Finished(event, saved) for event in events], zone or ZoneInfo("UTC")
        )


def _third(id: str) -> RequestFinished:
    """Passed over by two, one of them without being asked."""
    return request(
        id,
        entry=THIRD,
        chain="code",
        client="editor",
        attempts=(attempt(SECOND, "500", 500), attempt(THIRD)),
        trail=((FIRST, "skipped:rpm"), (SECOND, "500"), (THIRD, "ok")),
    )


EVENTS = [
    request("a", duration_ms=1000.0),
    fallen("b", duration_ms=3000.0),
    fallen("c", outcome="interrupted"),
    unserved("d"),
    _third("e"),
    request("f", entry=None, outcome="left", attempts=(), trail=(), status=499),
]


def _key_figures(row: stats.StatsRow) -> tuple[str, int, int, int, int, int]:
    return row.key, row.requests, row.attempts, row.refused, row.failed, row.waterfalled


@pytest.mark.parametrize(
    "by, expected",
    [
        # An attempt counts for the one that was asked, a request for the one that served.
        (
            "provider",
            [("groq", 2, 4, 0, 2, 2), ("cerebras", 1, 4, 3, 0, 0), ("gemini", 1, 1, 0, 0, 1)],
        ),
        (
            "model",
            [
                ("openai/gpt-oss-120b", 2, 4, 0, 2, 2),
                ("gemini-2.5-flash", 1, 1, 0, 0, 1),
                ("gpt-oss-120b", 1, 4, 3, 0, 0),
            ],
        ),
        (
            "entry",
            [
                ("groq/openai/gpt-oss-120b", 2, 4, 0, 2, 2),
                ("cerebras/gpt-oss-120b", 1, 4, 3, 0, 0),
                ("gemini/gemini-2.5-flash", 1, 1, 0, 0, 1),
            ],
        ),
        ("chain", [("free", 3, 7, 3, 1, 2), ("code", 1, 2, 0, 1, 1)]),
        ("client", [("default", 3, 7, 3, 1, 2), ("editor", 1, 2, 0, 1, 1)]),
        ("day", [(DAY, 4, 9, 3, 2, 3)]),
        ("hour", [(f"{DAY}T12", 4, 9, 3, 2, 3)]),
    ],
)
async def test_the_table(
    database: Database, by: By, expected: list[tuple[str, int, int, int, int, int]]
) -> None:
    await _add(database, EVENTS)
    rows = await stats.table(database, by, DAY, DAY)
    assert [_key_figures(row) for row in rows] == expected


async def test_a_day_in_full(database: Database) -> None:
    await _add(database, EVENTS[:3], saved=0.5)
    await _add(database, EVENTS[3:])
    (row,) = await stats.table(database, "day", DAY, DAY)
    assert row.landed == Landed(first=1, second=2, later=1, nobody=1)
    assert (row.unserved, row.interrupted) == (1, 1)
    assert (row.tokens_in, row.tokens_out) == (400, 80)
    assert row.mean_ms == (1000 + 3000 + 900 + 900) / 4
    assert row.saved_usd == 1.5
    (chain, _) = await stats.table(database, "chain", DAY, DAY)
    assert chain.landed is None
    assert chain.unserved == 1


async def test_today_and_a_day_without_requests(database: Database) -> None:
    await _add(database, EVENTS, saved=None)
    today = await stats.today(database, NOON, UTC)
    assert today == stats.Today(DAY, 6, 4, 1, 1, 3, 400, 80, None)
    empty = await stats.today(database, NOON + 86_400, UTC)
    assert empty == stats.Today("2026-11-23", 0, 0, 0, 0, 0, 0, 0, None)
    assert await stats.table(database, "hour", "2026-11-23", "2026-12-01") == []


async def test_days_are_those_of_the_zone_and_ranges_include_both_ends(database: Database) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    midnight = datetime(2026, 11, 22, tzinfo=zone).timestamp()
    events = [request("a", at=midnight - 1), request("b", at=midnight), request("c", at=NOON)]
    await _add(database, events, zone=zone)
    rows = await stats.table(database, "hour", "2026-11-21", "2026-11-22")
    assert [row.key for row in rows] == ["2026-11-21T23", "2026-11-22T00", "2026-11-22T04"]
    rows = await stats.table(database, "day", "2026-11-22", "2026-11-22")
    assert [(row.key, row.requests) for row in rows] == [("2026-11-22", 2)]
    assert stats.local_day(midnight - 1, zone) == "2026-11-21"


async def test_unknown_savings_stay_unknown_until_one_is_known(database: Database) -> None:
    await _add(database, [request("a")])
    await _add(database, [request("b")])
    (row,) = await stats.table(database, "provider", DAY, DAY)
    assert row.saved_usd is None
    await _add(database, [request("c")], saved=0.25)
    await _add(database, [request("d")])
    (row,) = await stats.table(database, "provider", DAY, DAY)
    assert row.saved_usd == 0.25


async def test_totals_outlive_the_log(database: Database) -> None:
    finished = [Finished(event) for event in EVENTS]
    async with database.transaction() as connection:
        await stats.add(connection, await request_log.insert_many(connection, finished), UTC)
    assert await request_log.prune(database, NOON + 1) == len(EVENTS)
    (row,) = await stats.table(database, "day", DAY, DAY)
    assert row.requests == 4


@pytest.mark.parametrize("at", [float("nan"), -1e300, 1e300, 0.0, float("inf")])
async def test_an_absurd_instant_has_a_day_all_the_same(database: Database, at: float) -> None:
    await _add(database, [request("a", at=at, tokens_in=2**80)])
    rows = await stats.table(database, "day", "0001-01-01", "9999-12-31")
    assert [(row.requests, row.tokens_in) for row in rows] == [(1, 10**12)]


@pytest.mark.parametrize(
    "words, figures",
    [
        (["ok"], (1, 0, 0)),
        (["429", "429"], (2, 2, 0)),
        (["500", "404", "timeout", "unreachable", "broken"], (5, 0, 5)),
        (["left"], (1, 0, 0)),
    ],
)
async def test_what_counts_as_refused_and_failed(
    database: Database, words: list[str], figures: tuple[int, int, int]
) -> None:
    attempts = tuple(attempt(FIRST, word, None) for word in words)
    await _add(database, [request("a", attempts=attempts)])
    (row,) = await stats.table(database, "provider", DAY, DAY)
    assert (row.attempts, row.refused, row.failed) == figures


@given(st.lists(st.floats(1.0, 1_000_000.0), min_size=1, max_size=60))
def test_p95_lies_within_its_bucket(durations: list[float]) -> None:
    counts = [0] * totals.BUCKETS
    for duration in durations:
        counts[totals.bucket_of(duration)] += 1
    estimate = totals.percentile_ms(counts, 0.95)
    exact = sorted(durations)[max(0, -(-95 * len(durations) // 100) - 1)]
    assert estimate is not None
    assert exact / 2**0.5 <= max(estimate, 32.0) * (1 + 1e-9)
    assert estimate <= max(exact, 32.0) * 2**0.5 * (1 + 1e-9)


def test_p95_of_nothing_and_of_the_bounds() -> None:
    assert totals.percentile_ms([0] * totals.BUCKETS, 0.95) is None
    assert totals.bucket_of(0.0) == 0
    assert totals.bucket_of(32.0) == 0
    assert totals.bucket_of(64.0) == 2
    assert totals.bucket_of(1e12) == totals.BUCKETS - 1


async def test_many_requests_of_one_kind_have_the_p95_one_would_expect(database: Database) -> None:
    template = request()
    events = [template._replace(duration_ms=float(10 * number)) for number in range(1, 401)]
    await _add(database, events)
    (row,) = await stats.table(database, "day", DAY, DAY)
    assert row.p95_ms is not None
    assert 3500 < row.p95_ms < 4100
    assert row.mean_ms == 2005
