"""Traffic of every kind for as long as asked, while the product's size is watched."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.product import running_product
from tests.peers.lag import Lag, measured_lag
from tests.peers.stage import UPSTREAM_KEY, Stage, settled
from tests.soak.traffic import (
    RATE,
    STREAMS,
    guarded,
    long_stream,
    providers,
    short_request,
    slow_provider,
)

MOST_SLOPE = 1.0
"""MiB in ten minutes, after the warm-up."""
_SLACK = 5
_IDLE = 20.0
"""Seconds for descriptors and tasks to come back: a pooled connection is kept for 15."""
_WARM_UP = 0.3
_EDIT_EVERY = 10.0
_RELOAD_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the product."""

    seconds: float
    rss: float
    descriptors: int
    tasks: int
    blocks: int
    """Pieces of memory that Python holds."""
    database: float
    """MiB of database and journal."""

    def __str__(self) -> str:
        return (
            f"{self.seconds:6.0f} s  RSS {self.rss:6.1f} MiB  descriptors {self.descriptors:4d}  "
            f"tasks {self.tasks:4d}  blocks {self.blocks:7d}  database {self.database:5.1f} MiB"
        )


@dataclass(slots=True)
class Report:
    seconds: float = 0.0
    samples: list[Sample] = field(default_factory=list[Sample])
    tally: Counter[str] = field(default_factory=Counter[str])
    odd: list[str] = field(default_factory=list[str])
    before: tuple[int, int] = (0, 0)
    after: tuple[int, int] = (0, 0)
    """Descriptors and tasks, idle."""
    lag: Lag = field(default_factory=Lag)

    @property
    def slope(self) -> float:
        """MiB of RSS in ten minutes."""
        return self._slope([one.rss for one in self.samples])

    @property
    def block_slope(self) -> float:
        """Python's blocks in ten minutes: of these a leak is made."""
        return self._slope([float(one.blocks) for one in self.samples])

    def _slope(self, values: list[float]) -> float:
        """Growth in ten minutes, by least squares over what came after the warm-up."""
        warm = _WARM_UP * self.seconds
        later = [
            (sample.seconds, value)
            for sample, value in zip(self.samples, values, strict=True)
            if sample.seconds > warm
        ]
        if len(later) < 3:
            return 0.0
        mean_at = sum(at for at, _ in later) / len(later)
        mean = sum(value for _, value in later) / len(later)
        spread = sum((at - mean_at) ** 2 for at, _ in later)
        together = sum((at - mean_at) * (value - mean) for at, value in later)
        return together / spread * 600

    def faults(self, *, judge_slope: bool = True) -> list[str]:
        """What is not as it should be. A run of seconds says nothing of a slope."""
        found = list(self.odd[:10])
        if not self.tally["served"] or not self.tally["streams"]:
            found.append(f"hardly any traffic: {dict(self.tally)}")
        if judge_slope and self.slope >= MOST_SLOPE:
            found.append(f"RSS grows by {self.slope:.2f} MiB in ten minutes")
        for name, before, after in zip(
            ("descriptors", "tasks"), self.before, self.after, strict=True
        ):
            if after > before + _SLACK:
                found.append(f"{after} {name} when idle again, {before} before")
        if not self.lag.bearable:
            found.append(f"/health {self.lag}")
        return found

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {number}" for name, number in sorted(self.tally.items()))
        return (
            f"{self.seconds:.0f} s: {counts}; RSS slope {self.slope:+.2f} MiB/10 min, "
            f"Python's blocks {self.block_slope:+.0f}/10 min; idle "
            f"descriptors {self.before[0]} -> {self.after[0]}, tasks {self.before[1]} -> "
            f"{self.after[1]}; /health {self.lag}"
        )


async def soak(
    seconds: float,
    *,
    every: float,
    tell: Callable[[str], object],
    gap: float = 0.25,
    seed: int = 114,
) -> Report:
    """Run the mix for so long; `tell` gets a line at each look, `every` seconds.

    `gap`: seconds between two pieces of a long stream, which has forty.
    """
    dice, report = random.Random(seed), Report(seconds=seconds)
    async with (
        providers(dice) as urls,
        slow_provider(gap) as slow,
        running_product(
            _config({**urls, "slow": slow}),
            command=(sys.executable, "-m", "tests.peers.launcher"),
        ) as product,
    ):
        stage = Stage(product)
        report.before = (stage.descriptors(), await stage.tasks())
        chains = [name for name in urls if name != "good"]
        async with measured_lag(stage.port) as report.lag:
            await _run(stage, chains, report, dice, every, tell)
        descriptors = await settled(stage.descriptors, report.before[0] + _SLACK, within=_IDLE)
        report.after = (descriptors, await stage.tasks())
        tell(str(await _look(stage, time.monotonic() - seconds)))
        report.odd += [line for line in stage.output().splitlines() if "Traceback" in line]
        report.odd += [f"wrote the secret {key}" for key in stage.leaks()]
        # Of long streams the last ones were cut off at the end of the run; nobody else was.
        unknown = {row["outcome"] for row in stage.rows()} - {"ok", "left"}
        report.odd += [f"rows of outcome {outcome} in the log" for outcome in sorted(unknown)]
    return report


async def _run(
    stage: Stage,
    chains: list[str],
    report: Report,
    dice: random.Random,
    every: float,
    tell: Callable[[str], object],
) -> None:
    started = time.monotonic()
    end = started + report.seconds

    async def streaming() -> None:
        while time.monotonic() < end:
            work = long_stream(stage.port, report.tally, dice)
            await guarded(work, report.tally, report.odd)

    async def watching() -> None:
        while time.monotonic() < end:
            await asyncio.sleep(min(every, max(0.0, end - time.monotonic())))
            sample = await _look(stage, started)
            report.samples.append(sample)
            tell(str(sample))

    async with asyncio.TaskGroup() as group:
        for _ in range(STREAMS):
            group.create_task(streaming())
        group.create_task(watching())
        group.create_task(_edit(stage, end))
        while time.monotonic() < end:
            work = short_request(stage.port, dice.choice(chains), report.tally, dice)
            group.create_task(guarded(work, report.tally, report.odd))
            await asyncio.sleep(1 / RATE)


async def _look(stage: Stage, started: float) -> Sample:
    data = stage.product.folder / "data"
    size = sum(file.stat().st_size for file in data.glob("429chain.db*"))
    tasks, blocks = await stage.inside()
    return Sample(
        seconds=time.monotonic() - started,
        rss=stage.product.rss(),
        descriptors=stage.descriptors(),
        tasks=tasks,
        blocks=blocks,
        database=size / 2**20,
    )


async def _edit(stage: Stage, end: float) -> None:
    """Rewrite the config every ten seconds, ask for a reload every minute."""
    path = stage.product.folder / "config.toml"
    original, turns = path.read_text(), 0
    while time.monotonic() + _EDIT_EVERY < end:
        await asyncio.sleep(_EDIT_EVERY)
        turns += 1
        fresh = path.with_suffix(".new")
        fresh.write_text(f"{original}\n# edit {turns}\n")
        fresh.chmod(0o600)
        fresh.replace(path)
        if turns % int(_RELOAD_EVERY / _EDIT_EVERY) == 0:
            os.kill(stage.product.pid, signal.SIGHUP)


def _config(urls: dict[str, str]) -> str:
    """A chain for each provider, which falls through to `good`; `slow` stands alone."""
    tables = ["[routing]", 'default_chain = "moody"', 'max_wait = "10s"']
    for name, base_url in urls.items():
        tables += [
            f"[providers.{name}]",
            'preset = "openai-compatible"',
            f'base_url = "{base_url}"',
            f'api_key = "{UPSTREAM_KEY}"',
        ]
        if name == "good":
            continue
        entries = [f"{name}/m"] if name == "slow" else [f"{name}/m", "good/m"]
        tables += [f"[chains.{name}]", f"entries = {json.dumps(entries)}"]
    return "\n".join([*tables, ""])
