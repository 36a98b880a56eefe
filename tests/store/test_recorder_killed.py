from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store import limit_state, request_log, stats
from store.database import open_database
from tests.store.made import NOON, FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "429chain.db"


_WRITER = """
import asyncio, sys
from pathlib import Path
from proxy.bus import Bus
from proxy.clock import SystemClock
from store.database import open_database
from store.recorder import RECORDED, Recorder
from tests.store.made import fallen

async def main(path, prefix):
    bus = Bus()
    async with open_database(path, SystemClock()) as database:
        with bus.subscribe(*RECORDED, size=1000) as feed:
            state = {}
            recorder = Recorder(database, feed, bus, changes=lambda: state)
            turn = 0
            while True:
                turn += 1
                state = {prefix: str(turn).encode()}
                for number in range(20):
                    bus.publish(fallen(f"{prefix}-{turn}-{number}"))
                await recorder.flush(within=10)
                sys.stdout.write(f"{turn}\\n")
                sys.stdout.flush()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@contextmanager
def _writer(path: Path, prefix: str) -> Generator[Callable[[], int]]:
    """A process that writes until it is killed; calls give the last turn it has flushed."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), prefix], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    output = process.stdout
    with contextlib.ExitStack() as stack:
        stack.callback(output.close)
        stack.callback(process.wait)
        stack.callback(process.kill)
        yield lambda: int(output.readline())


async def test_killed_at_any_moment_nothing_flushed_is_lost(path: Path) -> None:
    for kill in range(5):
        prefix = f"p{kill}"
        with _writer(path, prefix) as next_turn:
            turn = 0
            for _ in range(3 + 4 * kill):
                turn = next_turn()
        async with open_database(path, FakeClock()) as database:
            assert database.notes == []
            async with database.reading() as connection:
                rows = await connection.execute_fetchall("PRAGMA integrity_check")
                assert [row[0] for row in rows] == ["ok"]
            for number in range(20):
                assert await request_log.one(database, f"{prefix}-{turn}-{number}")
            assert int((await limit_state.load(database))[prefix]) >= turn
            # A transaction is there as a whole or not at all.
            logged = await request_log.count(database)
            assert logged % 20 == 0
            assert (await stats.today(database, NOON)).requests == logged
