"""One run: the farm, the product, a shape of traffic, and afterwards the accounts."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from proxy.clock import Clock, SystemClock
from tests.harvest.accounts import Accounts, Outage, settle_accounts
from tests.harvest.farm import capacity, config_of, running_farm
from tests.harvest.load import Clients, Outcome
from tests.harvest.perfect import Served, clairvoyant, in_order
from tests.harvest.product import CLIENT_KEY, Product
from tests.harvest.report import Circumstances, Figures, figures_of
from tests.harvest.traffic import SHAPES, ShapeName

MAX_WAIT = 60.0
MAX_QUEUE = 100
"""The product's defaults, given to the perfect schedulers too."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run's figures, and what they were made of."""

    figures: Figures
    accounts: Accounts
    in_order: Served
    outcomes: list[Outcome]
    started: float
    written: str
    """By the product."""


async def run_shape(name: ShapeName, *, seconds: float, seed: int, kill: bool) -> Run:
    """Play a shape against the real process. Takes `seconds`, and up to `MAX_WAIT` more."""
    clock, shape = SystemClock(), SHAPES[name]
    rate = capacity(shape.sample(), seconds, clock)
    plan = shape.plan(shape.load * rate, seconds, seed)
    for planned in plan:
        # Made beforehand, so that nothing of it delays a request.
        _ = planned.prompt
    async with running_farm(clock, seed) as farm:
        with tempfile.TemporaryDirectory(prefix="harvest-") as folder:
            config = config_of(farm, MAX_WAIT, MAX_QUEUE)
            async with Product(Path(folder), config, clock) as product, _lag() as lags:
                burnt = time.process_time()
                started, wall = clock.now(), clock.wall()
                killing: asyncio.Task[Outage] | None = None
                clients = Clients(product.base_url, CLIENT_KEY, clock, reconnect=kill)
                async with asyncio.TaskGroup() as tasks:
                    load = tasks.create_task(clients.run(plan))
                    if kill:
                        killing = tasks.create_task(_kill(product, seconds / 2, clock))
                outcomes = load.result()
                outage = killing.result() if killing else None
                burnt = time.process_time() - burnt
                product_cpu = product.cpu()
            written = product.written
    accounts = settle_accounts(farm, outcomes, wall - started, outage)
    best = in_order(plan, wall, max_wait=MAX_WAIT, max_queue=MAX_QUEUE)
    figures = figures_of(
        Circumstances(
            shape=name,
            killed=kill,
            seconds=seconds,
            seed=seed,
            capacity_per_minute=60 * rate,
            lag_ms=1000 * max(lags, default=0.0),
            product_cpu_s=product_cpu,
            runner_cpu_s=burnt,
        ),
        accounts,
        outcomes,
        best,
        clairvoyant(plan, wall, max_wait=MAX_WAIT, max_queue=MAX_QUEUE),
    )
    return Run(figures, accounts, best, outcomes, started, written)


async def _kill(product: Product, after: float, clock: Clock) -> Outage:
    await asyncio.sleep(after)
    killed = clock.now()
    await product.kill()
    await product.start()
    return Outage(killed, clock.now())


@asynccontextmanager
async def _lag() -> AsyncGenerator[list[float]]:
    """How late the runner's own loop is, again and again."""
    loop, lags = asyncio.get_running_loop(), list[float]()

    async def watch() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.02)
            lags.append(loop.time() - before - 0.02)

    watcher = asyncio.create_task(watch())
    try:
        yield lags
    finally:
        watcher.cancel()
