"""`python -m tests.peers.aborts [N]`: N streams, each aborted somewhere, and what is left of them.

Some leave before the upstream has answered, some at the first token, some after a few, by FIN or
by RST; one in five stays to the end.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.faults.product import CLIENT_KEY
from tests.peers.lag import Lag, measured_lag
from tests.peers.stage import CHAT, Stage, chat, settled, staged
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import AnswerBroken, raw_client
from tests.upstreams.replies import stream

_PARALLEL = 50
_PACE = 150
"""Streams a second: a peer that fills both cores would measure its own queue."""
MOST_GROWTH = 5.0
"""MiB."""
_SLACK = 3
"""Descriptors and tasks that may come and go by themselves."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was there after the warm-up, and after the streams."""

    streams: int
    descriptors: tuple[int, int]
    tasks: tuple[int, int]
    rss: tuple[float, float]
    lag: Lag
    rows: tuple[int, int, int]
    """Requests that the upstream saw, rows in the request log, requests that were made."""
    odd: tuple[str, ...]
    """Rows that are neither `ok` nor `left`, and what the product complained of."""

    @property
    def good(self) -> bool:
        return (
            self.descriptors[1] <= self.descriptors[0] + _SLACK
            and self.tasks[1] <= self.tasks[0] + _SLACK
            and self.rss[1] - self.rss[0] < MOST_GROWTH
            and self.lag.bearable
            and self.rows[0] <= self.rows[1] <= self.rows[2]
            and not self.odd
        )

    def __str__(self) -> str:
        return (
            f"{self.streams} streams aborted: descriptors {self.descriptors[0]} -> "
            f"{self.descriptors[1]}, tasks {self.tasks[0]} -> {self.tasks[1]}, RSS "
            f"{self.rss[0]:.1f} -> {self.rss[1]:.1f} MiB, rows {self.rows[1]} "
            f"for {self.rows[0]} to {self.rows[2]} requests, "
            f"/health {self.lag}" + "".join(f"\n  {one}" for one in self.odd)
        )


async def abort_streams(count: int, *, warm_up: int, seed: int = 429) -> Report:
    """Abort `warm_up` streams, look, abort `count` more, look again."""
    dice = random.Random(seed)
    words = ["word " * 20] * 12
    async with (
        # Those that were read to their end leave no pooled connection to wait for.
        fake_provider(lambda _: stream(*words, headers={"connection": "close"})) as up,
        staged([up.base_url], limits={"concurrent": 4 * _PARALLEL}) as stage,
    ):
        await _abort(stage, warm_up, dice)
        before = (await _at_rest(stage), await stage.tasks(), stage.product.rss())
        async with measured_lag(stage.port) as lag:
            await _abort(stage, count, dice)
        descriptors = await settled(stage.descriptors, before[0] + _SLACK)
        after = (descriptors, await stage.tasks(), stage.product.rss())
        rows = await stage.until_rows(len(up.requests))
        return Report(
            streams=count,
            descriptors=(before[0], after[0]),
            tasks=(before[1], after[1]),
            rss=(before[2], after[2]),
            lag=lag,
            rows=(len(up.requests), len(rows), warm_up + count),
            odd=tuple(_odd(stage, rows)[:10]),
        )


async def _at_rest(stage: Stage) -> int:
    """Descriptors once the pool of upstream connections has nothing left to close."""
    return await settled(stage.descriptors, 0, within=1.0)


def _odd(stage: Stage, rows: list[dict[str, Any]]) -> list[str]:
    odd = [str(row) for row in rows if row["outcome"] not in ("ok", "left")]
    odd += [line for line in stage.output().splitlines() if "Traceback" in line]
    return odd + [f"leaked {name}" for name in stage.leaks()]


async def _abort(stage: Stage, count: int, dice: random.Random) -> None:
    places = asyncio.Semaphore(_PARALLEL)

    async def one(bytes_wanted: int, patience: float, hard: bool) -> None:
        async with places:
            with suppress(AnswerBroken, OSError, TimeoutError):
                await _stream_until(stage.port, bytes_wanted, patience, hard)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            wanted = dice.choice((0, 1, 400, 2000, 10**6))
            group.create_task(one(wanted, dice.random() * 0.02, dice.random() < 0.5))
            await asyncio.sleep(1 / _PACE)


async def _stream_until(port: int, wanted: int, patience: float, hard: bool) -> None:
    """Read that much of a stream, or wait `patience` seconds where nothing is wanted; leave."""
    async with raw_client(port) as client:
        body = chat(stream=True)
        await client.send(client.request_bytes("POST", CHAT, body, key=CLIENT_KEY))
        async with asyncio.timeout(30):
            if not wanted:
                await asyncio.sleep(patience)
            seen = 0
            while seen < wanted and (piece := await client.reader.read(4096)):
                seen += len(piece)
                if piece.endswith(b"0\r\n\r\n"):
                    break
        if hard:
            await client.reset()


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    # The upstream's own server would tell of each client that left.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    report = asyncio.run(abort_streams(count, warm_up=max(100, count // 10)))
    sys.stdout.write(f"{report}\n")
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
