from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.events import RequestFinished
from store import request_log
from store.database import Database, open_database
from store.request_filter import Filter, selection
from store.request_log import Finished
from tests.store.made import FIRST, NOON, SECOND, FakeClock, attempt, request


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with open_database(tmp_path / "429chain.db", FakeClock()) as database:
        yield database


async def _insert(database: Database, events: Sequence[RequestFinished]) -> None:
    async with database.transaction() as connection:
        await request_log.insert_many(connection, [Finished(event) for event in events])


async def _ids(database: Database, only: Filter) -> list[str]:
    return [item.id for item in (await request_log.page(database, only=only)).items]


async def test_a_provider_is_found_by_its_whole_name(database: Database) -> None:
    await _insert(database, [request("a", entry="groq-2/m", attempts=(attempt("groq-2/m"),))])
    assert await _ids(database, Filter(provider="groq")) == []
    assert await _ids(database, Filter(provider="groq-2")) == ["a"]


@pytest.mark.parametrize(
    "only, expected",
    [
        (Filter(q="4f2a"), ["4f2a99", "4f2a00"]),
        (Filter(q="4F2A9"), ["4f2a99"]),
        (Filter(q="4f2"), []),
        (Filter(q="2a99"), []),
        (Filter(q="4f2a", chain="code"), ["4f2a99"]),
        (Filter(q="4f2a", provider="groq"), []),
        (Filter(q="beef"), ["beef00", "agents"]),
        (Filter(q="beef", chain="free"), ["beef00", "agents"]),
    ],
)
async def test_a_text_may_be_the_beginning_of_an_id(
    database: Database, only: Filter, expected: list[str]
) -> None:
    await _insert(
        database,
        [
            request("4f2a00"),
            request("4f2a99", chain="code"),
            request("agents", agent="beef"),
            request("beef00", agent="beef"),
        ],
    )
    assert await _ids(database, only) == expected
    assert await request_log.count(database, only) == len(expected)


_LOG = [
    request(
        f"{number:04x}",
        chain=f"chain-{number % 3}",
        agent=f"agent-{number % 5}",
        outcome="ok" if number % 7 else "failed",
        status=200 if number % 7 else 503 - number % 2,
        entry=SECOND if number % 4 else FIRST,
        attempts=(attempt(FIRST),) if number % 2 else (attempt(FIRST), attempt(SECOND)),
    )
    for number in range(400)
]
_MAYBE = st.none()
_FILTERS = st.builds(
    Filter,
    chain=_MAYBE | st.sampled_from(["chain-0", "chain-2", "none"]),
    provider=_MAYBE | st.sampled_from(["cerebras", "groq", "gemini"]),
    status=_MAYBE | st.sampled_from(["200", "5xx", "503", "failed", "ok"]),
    q=_MAYBE | st.sampled_from(["agent-3", "GPT", "chain", "0042", "nothing"]),
)


def _is_meant(event: RequestFinished, only: Filter) -> bool:
    asked = {one.entry.partition("/")[0] for one in event.attempts}
    asked.add((event.entry or "").partition("/")[0])
    texts = (event.client, event.agent, event.chain, event.entry or "")
    q = (only.q or "").lower()
    return (
        only.chain in (None, event.chain)
        and (only.provider is None or only.provider in asked)
        and only.status in (None, str(event.status), f"{event.status // 100}xx", event.outcome)
        and (event.id.startswith(q) or any(q in text.lower() for text in texts))
    )


@given(st.lists(_FILTERS, min_size=1, max_size=20), st.integers(1, 401), st.integers(1, 50))
@settings(max_examples=25, deadline=None)
def test_any_filter_finds_what_a_walk_over_all_rows_finds(
    filters: list[Filter], before: int, limit: int
) -> None:
    async def check() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_database(Path(folder) / "429chain.db", FakeClock()) as database:
                await _insert(database, _LOG)
                for only in filters:
                    meant = [event.id for event in _LOG if _is_meant(event, only)]
                    older = [event.id for event in _LOG[: before - 1] if _is_meant(event, only)]
                    page = await request_log.page(database, before=before, limit=limit, only=only)
                    assert [item.id for item in page.items] == older[::-1][:limit]
                    assert (page.next is None) == (len(older) <= limit)
                    assert await request_log.count(database, only) == len(meant)

    asyncio.run(check())


@pytest.mark.parametrize(
    "only", [Filter(chain="x"), Filter(status="5xx", provider="y"), Filter(q="text")]
)
async def test_a_page_is_read_from_the_index_of_kinds(database: Database, only: Filter) -> None:
    sql, values = selection(only, 1000, "id", 100)
    async with database.reading() as connection:
        rows = await connection.execute_fetchall(f"EXPLAIN QUERY PLAN {sql}", values)
        steps = [str(row[3]) for row in rows]
    assert [step for step in steps if "SCAN requests" in step] == []
    assert sum("requests_by_kind (kind=? AND rowid<?)" in step for step in steps) == 2, steps


async def test_kinds_end_with_their_last_request(database: Database) -> None:
    await _insert(database, [request("old", at=NOON - 10.0, chain="gone"), request("young")])
    await request_log.prune(database, NOON)
    async with database.reading() as connection:
        rows = await connection.execute_fetchall("SELECT chain FROM kinds")
        assert [row[0] for row in rows] == ["free"]
