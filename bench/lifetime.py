"""The measures of the process: its start, its memory, and what must not grow with it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from statistics import median

from bench import processes
from bench.http_client import connect
from bench.loads import check, cpu_of_requests, hold_streams, until_none_held
from bench.processes import Running
from bench.report import Growth, Row
from bench.setting import Bench, skipping_chain

_CONNECTIONS = 16
_ROWS_AT_ONCE = 50_000


async def start(bench: Bench) -> AsyncIterator[Row]:
    """From nothing to the first served request."""
    seconds: list[float] = []
    cpu: list[float] = []
    for number in range(bench.plan.starts):
        began = time.perf_counter()
        folder = bench.scratch(f"start-{number}")
        async with processes.product(folder, bench.config()) as product:
            connection = await connect(product.port)
            reply = check(await connection.ask(product.request("plain")))
            seconds.append(reply.ended - began)
            cpu.append(product.cpu())
            connection.abort()
    yield Row("start to the first served request", "s", median(seconds), budget="0.6 s")
    yield Row("start to the first served request", "CPU s", median(cpu))


async def memory(bench: Bench) -> AsyncIterator[Row]:
    """Of a fresh process, through requests, open streams and their end."""
    plan = bench.plan
    folder = bench.scratch("memory")
    async with (
        processes.reference(folder, bench.provider.port) as reference,
        processes.product(folder, bench.config()) as product,
    ):
        before = await _memory_of(bench, reference)
        after = await _memory_of(bench, product)
    names = (
        ("RSS, idle", "60 MB"),
        (f"RSS grown by {plan.memory_requests:,} requests", "10 MB"),
        (f"RSS grown by {plan.open_streams:,} open streams", "15 MB per 1,000"),
        ("RSS grown, after their abort", ""),
    )
    for (name, budget), expected, found in zip(names, before, after, strict=True):
        yield Row(name, "MB", found, expected, budget=budget)


async def _memory_of(bench: Bench, target: Running) -> tuple[float, float, float, float]:
    """Idle; then how much more than idle after each step, streams more than before them."""
    await target.rest()
    idle = target.rss()
    await cpu_of_requests(target, target.request("plain"), bench.plan.memory_requests)
    served = target.rss()
    held = await hold_streams(target, bench.plan.open_streams)
    streaming = target.rss()
    for connection in held:
        connection.abort()
    await until_none_held(bench.provider)
    await target.rest()
    return idle, served - idle, streaming - served, target.rss() - idle


async def skipped_entries(bench: Bench) -> Growth:
    """Longer chains, of which all but the last entry are known to be exhausted."""
    product, costs = bench.product, dict[int, list[float]]()
    requests = {0: product.request("plain")}
    for length in bench.plan.skipped:
        requests[length] = product.request(skipping_chain(length))
        # Each entry is asked once, refuses, and is known from then on.
        connection = await connect(product.port)
        check(await connection.ask(requests[length]))
        connection.abort()
    number = max(20, bench.plan.requests // 4)
    for _ in range(bench.plan.rounds):
        for length, request in requests.items():
            cost = await cpu_of_requests(product, request, number, _CONNECTIONS)
            costs.setdefault(length, []).append(cost)
    return Growth(
        "entries skipped before the one that serves",
        tuple((length, median(found)) for length, found in costs.items()),
    )


async def open_streams(bench: Bench) -> Growth:
    """Plain requests beside streams that are open and wait for their next chunk."""
    product, most = bench.product, bench.plan.open_streams
    request, number = product.request("plain"), max(20, bench.plan.requests // 2)
    costs: list[tuple[int, float]] = []
    for streams in (1, most // 10, most):
        held = await hold_streams(product, streams)
        rounds = [
            await cpu_of_requests(product, request, number, _CONNECTIONS)
            for _ in range(bench.plan.rounds)
        ]
        costs.append((streams, median(rounds)))
        for connection in held:
            connection.abort()
        await until_none_held(bench.provider)
    return Growth("streams open beside it", tuple(costs))


async def logged_rows(bench: Bench) -> Growth:
    """The same program with an empty log and with a full one, in turn."""
    plan = bench.plan
    folders = {0: bench.scratch("rows-none"), plan.rows: bench.scratch("rows-all")}
    costs: dict[int, list[float]] = {rows: [] for rows in folders}
    async with processes.product(folders[plan.rows], bench.config()) as product:
        await cpu_of_requests(product, product.request("plain"), 20)
    path = folders[plan.rows] / "data" / "429chain.db"
    await asyncio.to_thread(multiply_log, path, plan.rows)
    async with (
        processes.product(folders[0], bench.config()) as empty,
        processes.product(folders[plan.rows], bench.config()) as full,
    ):
        for _ in range(plan.rounds + 1):
            for rows, product in ((0, empty), (plan.rows, full)):
                cost = await cpu_of_requests(product, product.request("plain"), plan.requests // 2)
                costs[rows].append(cost)
    return Growth(
        "rows in the request log",
        tuple((rows, median(found[1:])) for rows, found in costs.items()),
    )


def multiply_log(path: Path, rows: int) -> None:
    """Copy the first request of a log that no program has open, attempts and all.

    Until there are `rows`; each copy has an id and a time of its own.
    """
    with closing(sqlite3.connect(path)) as connection:
        first, last = connection.execute("SELECT min(seq), max(seq) FROM requests").fetchone()
        own = {"seq": "number", "id": "'bench-' || number", "at": "at - number % 2000000"}
        copies = (
            _copy(connection, "requests", "seq", own),
            _copy(connection, "attempts", "request", {"request": "number"}),
        )
        for begin in range(last + 1, rows + 1, _ROWS_AT_ONCE):
            end = min(begin + _ROWS_AT_ONCE - 1, rows)
            with connection:
                for copy in copies:
                    connection.execute(copy, (begin, end, first))


def _copy(connection: sqlite3.Connection, name: str, key: str, own: dict[str, str]) -> str:
    """SQL that copies the rows of one request for each number from ? to ?; `own` is not copied."""
    known = connection.execute(f"PRAGMA table_info({name})")
    columns: list[str] = [column for _, column, *_ in known]
    values = ", ".join(own.get(column, column) for column in columns)
    return (
        "WITH RECURSIVE numbers(number) AS "
        "(SELECT ? UNION ALL SELECT number + 1 FROM numbers WHERE number < ?) "
        f"INSERT INTO {name} ({', '.join(columns)}) "
        f"SELECT {values} FROM numbers, {name} WHERE {key} = ?"
    )
