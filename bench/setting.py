"""What a run needs: how much of each measure, and the processes that it measures."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.processes import CLIENT_KEY, Running

BEHAVIOURS = ("plain", "brief", "paced", "flood", "held")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of each measure."""

    rounds: int
    requests: int
    """Of a round, of 0.6 kB each."""
    large_requests: int
    """Of a round, of 100 kB each."""
    latency_seconds: float
    """Of a round, at 100 requests a second."""
    chunks: int
    """Of a paced stream; a flood's are 100 times as many."""
    streams: int
    """Paced at the same time."""
    hops: int
    aborts: int
    memory_requests: int
    open_streams: int
    starts: int
    skipped: tuple[int, ...]
    """Chain lengths of the growth table."""
    rows: int
    """Of the request log in the growth table; 0 leaves it out."""


FULL = Plan(
    rounds=7,
    requests=4000,
    large_requests=500,
    latency_seconds=5,
    chunks=150,
    streams=20,
    hops=100,
    aborts=20,
    memory_requests=20_000,
    open_streams=1000,
    starts=5,
    skipped=(1, 10, 50, 200),
    rows=1_000_000,
)
QUICK = Plan(
    rounds=3,
    requests=600,
    large_requests=100,
    latency_seconds=1,
    chunks=40,
    streams=20,
    hops=20,
    aborts=6,
    memory_requests=1500,
    open_streams=200,
    starts=2,
    skipped=(1, 100),
    rows=0,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """The three processes of the measures that share them, and where others may be started."""

    plan: Plan
    folder: Path
    provider: Running
    reference: Running
    product: Running

    @property
    def pair(self) -> tuple[Running, Running]:
        return self.reference, self.product

    def config(self) -> str:
        return config(self.plan, self.provider.port)

    def scratch(self, name: str) -> Path:
        """A fresh folder for another process."""
        folder = self.folder / name
        folder.mkdir()
        return folder


def config(plan: Plan, provider_port: int) -> str:
    """Providers and chains, named as the behaviours; for hops and growth, chains that refuse.

    Groq's preset, as its headers tell limits on every answer; the sizes are never reached.
    """
    lines = ["[routing]", 'default_chain = "plain"']
    for name in (*BEHAVIOURS, "refusing"):
        lines += [
            f"[providers.{name}]",
            'preset = "groq"',
            f'base_url = "http://127.0.0.1:{provider_port}/{name}/v1"',
            f'api_key = "{CLIENT_KEY}-upstream"',
            "limits = { rpm = 1000000, concurrent = 100000 }",
        ]
    chains = {name: [f"{name}/bench"] for name in BEHAVIOURS}
    for number in range(plan.hops):
        chains[hop_chain(number)] = [f"refusing/hop-{number}", "plain/bench"]
    for length in plan.skipped:
        refusing = [f"refusing/skipped-{number}" for number in range(length)]
        chains[skipping_chain(length)] = [*refusing, "plain/bench"]
    for name, entries in chains.items():
        lines += [f"[chains.{name}]", f"entries = {json.dumps(entries)}"]
    return "\n".join(lines) + "\n"


def hop_chain(number: int) -> str:
    """A chain whose first entry refuses, once; then it is known to be exhausted."""
    return f"hop-{number}"


def skipping_chain(length: int) -> str:
    """A chain with that many entries that are exhausted after its first request."""
    return f"skipping-{length}"


@asynccontextmanager
async def running(plan: Plan, folder: Path) -> AsyncGenerator[Bench]:
    """Start all three, warm them up, and stop them at the end. Raises DidNotStart."""
    async with (
        processes.provider(folder, plan.chunks) as provider,
        processes.reference(folder, provider.port) as reference,
        processes.product(folder, config(plan, provider.port)) as product,
    ):
        yield Bench(plan, folder, provider, reference, product)
