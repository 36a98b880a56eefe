"""A small run of every measure, against the program itself."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import bench.__main__ as command
from bench.loads import WrongAnswer
from bench.report import Row
from bench.setting import QUICK, Bench

pytestmark = pytest.mark.alone

SMOKE = replace(
    QUICK,
    rounds=1,
    requests=20,
    large_requests=5,
    latency_seconds=0.1,
    chunks=3,
    streams=2,
    hops=2,
    aborts=1,
    memory_requests=20,
    open_streams=10,
    starts=1,
    skipped=(3,),
)


async def test_the_measures_of_a_request_all_tell_something() -> None:
    results = await command.measure(SMOKE, frozenset({"hops", "abort", "skipped"}))
    told = {(row.name, row.unit): row for row in results.rows}

    assert results.failed == {}
    assert told["upstream freed after an abort, p50", "ms"].product > 0
    assert told["requests to the exhausted entry by it", ""].product == 0
    assert [number for number, _ in results.growth[0].costs] == [0, 3]


async def test_a_measure_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(bench: Bench) -> AsyncIterator[Row]:
        async with asyncio.TaskGroup():
            raise WrongAnswer("an answer with status 503 and 0 tokens")
        yield Row("nothing", "", 0.0)

    monkeypatch.setitem(command.MEASURES, "cost", failing)
    results = await command.measure(SMOKE, frozenset({"cost", "abort"}))

    assert results.failed == {"cost": "an answer with status 503 and 0 tokens"}
    assert len(results.rows) == 2


def test_the_command_writes_its_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "QUICK", SMOKE)
    path = tmp_path / "results.json"
    code = command.main(["--quick", "--only", "streams", "--json", str(path)])

    assert code == 0
    assert "a chunk, paced at 20 ms" in capsys.readouterr().out
    assert len(json.loads(path.read_text())["measures"]) == 4


def test_a_log_is_multiplied_with_its_attempts(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE requests (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, at)")
        connection.execute("CREATE TABLE attempts (request, ordinal, entry)")
        connection.execute("INSERT INTO requests VALUES (1, 'a', 100.0), (2, 'b', 101.0)")
        connection.execute("INSERT INTO attempts VALUES (1, 0, 'x'), (1, 1, 'y'), (2, 0, 'x')")
    connection.close()
    command.lifetime.multiply_log(path, 10)
    connection = sqlite3.connect(path)
    (requests,) = connection.execute("SELECT count(*) FROM requests").fetchone()
    copied = connection.execute("SELECT ordinal, entry FROM attempts WHERE request = 10").fetchall()
    connection.close()

    assert requests == 10
    assert copied == [(0, "x"), (1, "y")]
