"""`python -m bench`: what 429chain costs, beside a pass-through without features."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import board, lifetime, measures
from bench.http_client import Unanswered
from bench.loads import WrongAnswer
from bench.processes import DidNotStart
from bench.report import Growth, Row, as_json, machine, table
from bench.setting import FULL, QUICK, Bench, Plan, running

MEASURES: dict[str, Callable[[Bench], AsyncIterator[Row]]] = {
    "cost": measures.cost_of_requests,
    "latency": measures.added_latency,
    "streams": measures.cost_of_streams,
    "hops": measures.cost_of_hops,
    "abort": measures.freed_after_abort,
    "start": lifetime.start,
    "memory": lifetime.memory,
    "board": board.open_board,
}
GROWTH: dict[str, Callable[[Bench], Awaitable[Growth]]] = {
    "skipped": lifetime.skipped_entries,
    "open": lifetime.open_streams,
    "rows": lifetime.logged_rows,
}


@dataclass(slots=True)
class Results:
    """What the measures told, and which of them failed and why."""

    rows: list[Row] = field(default_factory=list[Row])
    growth: list[Growth] = field(default_factory=list[Growth])
    failed: dict[str, str] = field(default_factory=dict[str, str])


async def measure(plan: Plan, names: frozenset[str]) -> Results:
    """Run the named measures, one after another; one that fails ends none of the others.

    Raises DidNotStart where there is nothing to measure.
    """
    results = Results()
    with tempfile.TemporaryDirectory(prefix="429chain-bench-") as folder:
        async with running(plan, Path(folder)) as bench:
            for name in (*MEASURES, *GROWTH):
                if name not in names or (name == "rows" and not plan.rows):
                    continue
                _tell(f"measuring: {name} ")
                try:
                    await _one(bench, name, results)
                except* (DidNotStart, WrongAnswer, Unanswered, OSError) as failed:
                    results.failed[name] = _first(failed)
    _tell("")
    return results


async def _one(bench: Bench, name: str, results: Results) -> None:
    if name in GROWTH:
        results.growth.append(await GROWTH[name](bench))
    else:
        results.rows += [row async for row in MEASURES[name](bench)]


def _first(group: BaseExceptionGroup[Exception]) -> str:
    """The first of what may be many failures of the same kind."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else str(error)


def _tell(what: str) -> None:
    """For a person who waits."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what}")
        sys.stderr.flush()


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: under a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--rounds", type=int, help="instead of 7 (quick: 3)")
    parser.add_argument("--rows", type=int, help="rows of the fullest log; 0 leaves it out")
    parser.add_argument(
        "--only",
        action="append",
        choices=(*MEASURES, *GROWTH),
        help="this measure (may be given again)",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    given = _arguments(arguments)
    plan = QUICK if given.quick else FULL
    plan = replace(
        plan,
        rounds=given.rounds or plan.rounds,
        rows=plan.rows if given.rows is None else given.rows,
    )
    # A thousand open streams are two thousand files of one process.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20_000)), hard))
    about, began = machine(), time.perf_counter()
    try:
        results = asyncio.run(measure(plan, frozenset(given.only or (*MEASURES, *GROWTH))))
    except DidNotStart as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    about["seconds"] = round(time.perf_counter() - began, 1)
    told = ", ".join(f"{name} {value}" for name, value in about.items())
    sys.stdout.write(f"{table(results.rows, results.growth)}\n{told}\n")
    if given.json is not None:
        found = as_json(results.rows, results.growth, about)
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    for name, why in results.failed.items():
        sys.stderr.write(f"bench: {name} could not be measured: {why}\n")
    return 1 if results.failed else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
