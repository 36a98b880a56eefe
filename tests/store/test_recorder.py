from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from proxy.bus import Bus
from proxy.events import HealthChanged, LimitsChanged, RequestFinished
from store import limit_state, request_log, stats
from store.database import Database
from store.recorder import BATCH, FEED_SIZE, RECORDED, Recorder
from store.request_log import Filter
from tests.store.made import NOON, FakeClock, fallen, request, until

_PENDING = 10_000


class Ledger:
    """What changed since it was last asked, as the real one tells it."""

    def __init__(self) -> None:
        self.changed: dict[str, bytes | None] = {}

    def changes(self) -> Mapping[str, bytes | None]:
        changed, self.changed = self.changed, {}
        return changed


class Bench:
    """A recorder at work on a real file."""

    def __init__(self, database: Database, size: int = FEED_SIZE) -> None:
        self.database = database
        self.bus = Bus()
        self.ledger = Ledger()
        self.health: list[HealthChanged] = []
        self._size = size

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Recorder]:
        with self.recorder() as recorder, self.bus.subscribe(HealthChanged, size=100) as told:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(recorder.run())
                yield recorder
                task.cancel()
            self.health = [event for event in told.take() if isinstance(event, HealthChanged)]

    @contextmanager
    def recorder(self) -> Generator[Recorder]:
        with self.bus.subscribe(*RECORDED, size=self._size, many=BATCH) as feed:
            yield Recorder(self.database, feed, self.bus, changes=self.ledger.changes)

    def publish(self, *events: RequestFinished) -> None:
        for event in events:
            self.bus.publish(event)

    @property
    def states(self) -> list[bool]:
        return [event.healthy for event in self.health]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "429chain.db"


@pytest.fixture
async def bench(path: Path) -> AsyncGenerator[Bench]:
    database = Database(path, FakeClock(), busy_timeout=0.05)
    await database.open()
    yield Bench(database)
    await database.close()


def _many(prefix: str, count: int) -> list[RequestFinished]:
    return [request(f"{prefix}{number}") for number in range(count)]


async def _saved(bench: Bench, state: Mapping[str, bytes]) -> bool:
    return await limit_state.load(bench.database) == state


def _commits(path: Path) -> int:
    """How many rows another program sees."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM requests").fetchone()[0])


async def test_requests_attempts_totals_and_limits_arrive_together(bench: Bench) -> None:
    async with bench.running() as recorder:
        bench.ledger.changed = {"groq": b"1"}
        bench.publish(request("a"), fallen("b"))
        await until(lambda: recorder.recorded == 2)
    page = await request_log.page(bench.database)
    assert [item.id for item in page.items] == ["b", "a"]
    assert (await stats.today(bench.database, NOON)).requests == 2
    assert await limit_state.load(bench.database) == {"groq": b"1"}
    assert bench.health == []


async def test_a_burst_is_a_few_transactions(bench: Bench) -> None:
    begun: list[str] = []

    def note(sql: str) -> None:
        if sql.startswith("BEGIN"):
            begun.append(sql)

    async with bench.database.transaction() as connection:
        await connection.set_trace_callback(note)  # pyright: ignore[reportUnknownMemberType]
    async with bench.running() as recorder:
        bench.publish(*_many("r", 1000))
        await until(lambda: recorder.recorded == 1000)
    assert len(begun) == 5


async def test_a_refusal_is_saved_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("_INTERVAL", "_IDLE"):
        monkeypatch.setattr(f"store.recorder.{pause}", 1000.0)
    async with bench.running():
        # A request opens a batch that would stay open; an urgent change ends it.
        bench.publish(request("a"))
        bench.ledger.changed = {"groq": b"refused"}
        bench.bus.publish(LimitsChanged("groq", urgent=True))
        await until(lambda: _saved(bench, {"groq": b"refused"}))
        assert await request_log.count(bench.database) == 1


async def test_a_change_that_nobody_announced_is_saved_within_a_second(bench: Bench) -> None:
    async with bench.running():
        bench.ledger.changed = {"groq": b"settled"}
        async with asyncio.timeout(3):
            await until(lambda: _saved(bench, {"groq": b"settled"}))
        bench.ledger.changed = {"groq": None}
        bench.bus.publish(LimitsChanged("groq", urgent=False))
        async with asyncio.timeout(3):
            await until(lambda: _saved(bench, {}))


async def test_flush_writes_what_the_loop_left(bench: Bench) -> None:
    async with bench.running() as recorder:
        bench.publish(*_many("r", 7))
        bench.ledger.changed = {"groq": b"1"}
    assert await recorder.flush(within=5) == 0
    assert await request_log.count(bench.database) == 7
    assert await limit_state.load(bench.database) == {"groq": b"1"}


async def test_a_full_disk_costs_nothing_but_time(bench: Bench, path: Path) -> None:
    await _limit_pages(bench.database, 1)
    async with bench.running() as recorder:
        bench.ledger.changed = {"groq": b"old", "gemini": b"kept"}
        bench.publish(*_many("r", 300))
        await until(lambda: not recorder.healthy)
        assert _commits(path) == 0
        bench.ledger.changed = {"groq": b"new"}
        bench.publish(*_many("s", 300))
        await _limit_pages(bench.database, 2**30)
        await until(lambda: recorder.recorded == 600)
    assert recorder.lost == 0
    assert await limit_state.load(bench.database) == {"groq": b"new", "gemini": b"kept"}
    assert bench.states == [False, True]
    assert "disk is full" in bench.health[0].detail


async def test_what_waits_too_long_is_lost_and_counted(bench: Bench) -> None:
    await _limit_pages(bench.database, 1)
    async with bench.running() as recorder:
        bench.publish(*_many("old", 500))
        await until(lambda: not recorder.healthy)
        bench.publish(*_many("new", _PENDING))
        await until(lambda: recorder.lost == 500)
        await _limit_pages(bench.database, 2**30)
        await until(lambda: recorder.recorded == _PENDING)
    assert await request_log.count(bench.database, Filter(q="old")) == 0
    assert bench.states == [False, True]
    assert "500 rows were lost" in bench.health[1].detail


async def _limit_pages(database: Database, pages: int) -> None:
    async with database.transaction() as connection:
        await connection.execute_fetchall(f"PRAGMA max_page_count = {pages}")


async def test_more_than_the_feed_holds_is_counted(bench: Bench) -> None:
    small = Bench(bench.database, size=100)
    async with small.running() as recorder:
        small.publish(*_many("r", 150))
        await until(lambda: recorder.recorded == 100)
        assert recorder.lost == 50
        small.publish(request("later"))
        await until(lambda: recorder.recorded == 101)
    assert small.states == [False, True]


async def test_a_lock_of_another_program_delays_only_the_rows(bench: Bench, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with bench.running() as recorder:
            bench.publish(request("a"))
            await until(lambda: not recorder.healthy)
            # Readers are not in its way, nor it in theirs.
            assert await request_log.count(bench.database) == 0
            other.execute("ROLLBACK")
            await until(lambda: recorder.recorded == 1)
    assert bench.states == [False, True]
    assert "another program" in bench.health[0].detail


async def test_a_database_that_cannot_be_opened_is_opened_when_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.touch()
    database = Database(folder / "429chain.db", FakeClock())
    bench = Bench(database)
    async with bench.running() as recorder:
        bench.publish(request("a"))
        await until(lambda: not recorder.healthy)
        folder.unlink()
        await until(lambda: recorder.recorded == 1)
    assert bench.states == [False, True]
    assert await request_log.one(database, "a") is not None
    await database.close()


async def _damage(database: Database) -> None:
    """Zero everything behind the first page, and let SQLite forget what it has in memory."""
    await database.truncate_journal()
    async with database.transaction() as connection:
        await connection.execute("PRAGMA cache_size = 1")
    with database.path.open("r+b") as file:
        size = database.path.stat().st_size
        file.seek(4096)
        file.write(bytes(size - 4096))


async def test_a_file_damaged_while_running_is_replaced_once(bench: Bench, path: Path) -> None:
    async with bench.running() as recorder:
        bench.publish(*_many("r", 500))
        await until(lambda: recorder.recorded == 500)
        await _damage(bench.database)
        bench.ledger.changed = {"groq": b"1"}
        bench.publish(request("after"))
        await until(lambda: recorder.recorded == 501)
        assert [item.id for item in (await request_log.page(bench.database)).items] == ["after"]
        assert await limit_state.load(bench.database) == {"groq": b"1"}
        assert len(bench.database.notes) == 1
        assert len(list(path.parent.glob("*.corrupt-*Z"))) == 1

        bench.publish(*_many("s", 500))
        await until(lambda: recorder.recorded == 1001)
        await _damage(bench.database)
        bench.publish(*_many("t", 3))
        await until(lambda: recorder.lost == 3)
        bench.publish(*_many("u", 3))
        await until(lambda: recorder.lost == 6)
    assert len(list(path.parent.glob("*.corrupt-*Z"))) == 1
    assert bench.states == [False, True, False]
    assert "damaged" in bench.health[2].detail


@pytest.mark.parametrize("wrong", ["not a number", None, float("nan")])
async def test_a_row_that_cannot_be_written_takes_no_other_with_it(
    bench: Bench, wrong: object
) -> None:
    broken = request("broken", tokens_in=wrong)
    async with bench.running() as recorder:
        bench.ledger.changed = {"groq": b"1"}
        bench.publish(request("a"), broken, request("b"))
        await until(lambda: recorder.recorded == 2)
    assert recorder.lost == 1
    assert [item.id for item in (await request_log.page(bench.database)).items] == ["b", "a"]
    assert await limit_state.load(bench.database) == {"groq": b"1"}
    assert (await stats.today(bench.database, NOON)).requests == 2


async def test_flush_gives_up_at_its_deadline_and_keeps_count(bench: Bench, path: Path) -> None:
    with bench.recorder() as recorder, closing(sqlite3.connect(path, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        bench.publish(*_many("r", 5))
        bench.ledger.changed = {"groq": b"1"}
        assert await recorder.flush(within=0.2) == 5
        lock.execute("ROLLBACK")
        assert await recorder.flush(within=5) == 0
    assert await request_log.count(bench.database) == 5
    assert await limit_state.load(bench.database) == {"groq": b"1"}


async def test_cancelled_in_the_middle_nothing_is_lost_or_doubled(bench: Bench) -> None:
    with bench.recorder() as recorder:
        for turn in range(40):
            bench.publish(*_many(f"{turn}-", 10))
            loop = asyncio.get_running_loop()
            async with asyncio.TaskGroup() as group:
                task = group.create_task(recorder.flush(within=5))
                for _ in range(turn):
                    await asyncio.sleep(0)
                loop.call_soon(task.cancel)
        assert await recorder.flush(within=5) == 0
    assert await request_log.count(bench.database) == 400
    assert (await stats.today(bench.database, NOON)).requests == 400
