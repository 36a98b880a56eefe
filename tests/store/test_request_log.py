from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from proxy.events import RequestFinished
from store import request_log
from store.database import Database, open_database
from store.request_filter import Filter
from store.request_log import Finished
from tests.store.made import (
    NOON,
    THIRD,
    FakeClock,
    attempt,
    fallen,
    request,
    unserved,
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with open_database(tmp_path / "429chain.db", FakeClock()) as database:
        yield database


async def _insert(database: Database, events: Sequence[RequestFinished]) -> list[str]:
    async with database.transaction() as connection:
        fresh = await request_log.insert_many(connection, [Finished(event) for event in events])
    return [finished.event.id for finished in fresh]


async def _ids(database: Database, only: Filter) -> list[str]:
    return [item.id for item in (await request_log.page(database, only=only)).items]


async def test_a_request_comes_back_as_it_was(database: Database) -> None:
    event = fallen("req_a", estimated=True, client="journal", client_closed=True)
    async with database.transaction() as connection:
        await request_log.insert_many(connection, [Finished(event, 0.25)])
    detail = await request_log.one(database, "req_a")
    assert detail is not None
    logged = detail.request
    for name in event._fields:
        if name != "attempts":
            assert getattr(logged, name) == getattr(event, name), name
    assert logged.attempts == 2
    assert logged.saved_usd == 0.25
    assert detail.attempts == event.attempts
    assert await request_log.one(database, "req_b") is None


async def test_a_batch_written_twice_counts_once(database: Database) -> None:
    assert await _insert(database, [request("a"), request("b")]) == ["a", "b"]
    assert await _insert(database, [request("b"), request("c"), request("c")]) == ["c"]
    assert await request_log.count(database) == 3
    assert await _insert(database, []) == []


async def test_pages_follow_on_from_each_other(database: Database) -> None:
    await _insert(database, [request(f"r{number}") for number in range(25)])
    seen: list[str] = []
    before: int | None = None
    sizes: list[int] = []
    while True:
        page = await request_log.page(database, before=before, limit=10)
        seen += [item.id for item in page.items]
        sizes.append(len(page.items))
        await _insert(database, [request(f"new{len(sizes)}")])
        if page.next is None:
            break
        before = page.next
    assert seen == [f"r{number}" for number in reversed(range(25))]
    assert sizes == [10, 10, 5]


async def test_a_full_last_page_has_no_next(database: Database) -> None:
    await _insert(database, [request(f"r{number}") for number in range(10)])
    assert (await request_log.page(database, limit=10)).next is None
    assert (await request_log.page(database, before=1)).items == ()


@pytest.mark.parametrize(
    "only, expected",
    [
        (Filter(), ["f", "e", "d", "c", "b", "a"]),
        (Filter(chain="code"), ["c"]),
        (Filter(chain="none"), []),
        (Filter(provider="groq"), ["d", "b"]),
        (Filter(provider="cerebras"), ["e", "d", "c", "b", "a"]),
        (Filter(provider="gemini"), ["f"]),
        (Filter(status="503"), ["d"]),
        (Filter(status="5xx"), ["d"]),
        (Filter(status="5XX"), ["d"]),
        (Filter(status="4xx"), []),
        (Filter(status="200"), ["f", "e", "c", "b", "a"]),
        (Filter(status="failed"), ["d"]),
        (Filter(status="left"), ["e"]),
        (Filter(provider="groq", status="ok"), ["b"]),
        (Filter(provider="groq", chain="code"), []),
        (Filter(q="CODEX"), ["c"]),
        (Filter(q="gpt-oss-120b"), ["e", "c", "b", "a"]),
        (Filter(q="journal"), ["b"]),
        (Filter(q="%"), ["f"]),
        (Filter(q="_"), []),
        (Filter(q="\\"), ["f"]),
        (Filter(q="' OR 1=1 --"), []),
        (Filter(provider="groq", q="journal"), ["b"]),
        (Filter(chain="free", provider="groq", status="failed", q="default"), ["d"]),
    ],
)
async def test_filters(database: Database, only: Filter, expected: list[str]) -> None:
    await _insert(
        database,
        [
            request("a"),
            fallen("b", client="journal"),
            request("c", chain="code", agent="codex"),
            unserved("d"),
            request("e", outcome="left"),
            request("f", entry=THIRD, attempts=(attempt(THIRD),) * 2, agent="50%\\"),
        ],
    )
    assert await _ids(database, only) == expected
    assert await request_log.count(database, only) == len(expected)


@pytest.mark.parametrize("status", ["", "5x", "xxx", "5000", "okay", "²00", "-12", "5xx;"])
def test_a_status_of_no_known_form(status: str) -> None:
    with pytest.raises(ValueError, match="a class like 5xx"):
        Filter(status=status)


async def test_pages_of_a_filter_follow_on_from_each_other(database: Database) -> None:
    await _insert(database, [fallen(f"r{number}") for number in range(7)])
    for only in (Filter(provider="groq"), Filter(chain="free", provider="groq"), Filter(q="groq")):
        first = await request_log.page(database, limit=4, only=only)
        second = await request_log.page(database, limit=4, before=first.next, only=only)
        assert [item.id for item in (*first.items, *second.items)] == [
            f"r{number}" for number in reversed(range(7))
        ]
        assert second.next is None


async def test_an_export_holds_all_while_rows_are_added(database: Database) -> None:
    await _insert(database, [request(f"r{number}") for number in range(25)])
    chunks: list[int] = []
    ids: list[str] = []
    async for chunk in request_log.export(database, chunk=10):
        chunks.append(len(chunk))
        ids += [item.id for item in chunk]
        await _insert(database, [request(f"new{len(chunks)}")])
    assert chunks == [10, 10, 5]
    assert ids == [f"r{number}" for number in reversed(range(25))]
    only = Filter(chain="none")
    assert [chunk async for chunk in request_log.export(database, only)] == []


async def test_pruning_takes_the_old_with_their_attempts(database: Database) -> None:
    await _insert(
        database,
        [fallen(f"old{number}", at=NOON - 10.0) for number in range(1203)]
        + [request("edge", at=NOON), request("young", at=NOON + 10.0)],
    )
    assert await request_log.prune(database, NOON) == 1203
    assert await _ids(database, Filter()) == ["young", "edge"]
    async with database.reading() as connection:
        rows = await connection.execute_fetchall("SELECT count(*) FROM attempts")
        assert [row[0] for row in rows] == [2]
    assert database.path.with_name("429chain.db-wal").stat().st_size == 0
    assert await request_log.prune(database, NOON) == 0


@pytest.mark.parametrize(
    "changes, name, stored",
    [
        ({"tokens_in": 2**70}, "tokens_in", 10**12),
        ({"tokens_out": -5}, "tokens_out", 0),
        ({"status": 2**80}, "status", 10**12),
        ({"agent": "a\0b"}, "agent", "a\\x00b"),
        ({"agent": "lone \ud800"}, "agent", "lone \\ud800"),
        ({"agent": "naïve ☃"}, "agent", "naïve ☃"),
        ({"agent": "x" * 10_000}, "agent", "x" * 4093 + "..."),
        ({"entry": "p/\udcff"}, "entry", "p/\\udcff"),
        ({"trail": (("p/\ud800\0", "ok"),)}, "trail", (("p/\\ud800\\x00", "ok"),)),
        ({"duration_ms": float("inf")}, "duration_ms", 1e12),
        ({"duration_ms": float("nan")}, "duration_ms", 0.0),
        ({"first_token_ms": float("nan")}, "first_token_ms", None),
    ],
)
async def test_what_sqlite_cannot_take_is_capped_or_escaped(
    database: Database, changes: dict[str, object], name: str, stored: object
) -> None:
    await _insert(database, [request("odd", **changes)])
    detail = await request_log.one(database, "odd")
    assert detail is not None
    assert getattr(detail.request, name) == stored


async def test_an_odd_id_is_found_again(database: Database) -> None:
    assert await _insert(database, [request("odd \ud800\0")]) != []
    assert await _insert(database, [request("odd \ud800\0")]) == []
    assert await request_log.one(database, "odd \ud800\0") is not None
