"""The measure of the terminal interface: what the proxy feels of the board being open beside it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import struct
import termios
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import processes
from bench.loads import latencies
from bench.processes import CLIENT_KEY, Running
from bench.report import Row, compare, percentile
from bench.setting import Bench

_RATE = 100.0
_COLUMNS, _ROWS = 120, 40
_LEAST_DRAWN = 4096
"""Bytes that the first board takes at least."""
_PROVIDERS = 8
_ITS_OWN = ("Worker.", "MessagePump.", "Timer.", "Compositor.", "Screen.")
"""Whose methods the interface's work is done in."""
_WARM = 3.0
"""Seconds in which the interface draws everything once, and its caches fill."""


@dataclass(slots=True)
class Terminal:
    """The far end of a pseudo-terminal: takes what is drawn, as fast as it comes."""

    near: int
    drawn: int = 0
    """Bytes."""
    shows: asyncio.Event = field(default_factory=asyncio.Event)
    """Something is drawn."""


@contextmanager
def terminal() -> Generator[Terminal]:
    """A terminal of 120 by 40."""
    far, near = os.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    screen, loop = Terminal(near), asyncio.get_running_loop()

    def take() -> None:
        try:
            screen.drawn += len(os.read(far, 1 << 16))
            if screen.drawn >= _LEAST_DRAWN:
                screen.shows.set()
        except OSError:
            # The process is gone, and with it the terminal's other end.
            loop.remove_reader(far)

    loop.add_reader(far, take)
    try:
        yield screen
    finally:
        loop.remove_reader(far)
        os.close(far)
        os.close(near)


@asynccontextmanager
async def _shown(folder: Path, config: str, *before: str) -> AsyncGenerator[Running]:
    """429chain with its interface on a terminal; `before` is put before the module's name."""
    with terminal() as screen:
        product = processes.product(folder, config, screen=screen.near, before=before)
        async with product as running:
            await screen.shows.wait()
            await asyncio.sleep(_WARM)
            yield running


def _config(provider_port: int) -> str:
    """Two chains of eight entries at eight providers, the first of each chain serves."""
    lines = ["[routing]", 'default_chain = "plain"']
    for number in range(_PROVIDERS):
        lines += [
            f"[providers.lab-{number}]",
            'preset = "groq"',
            f'base_url = "http://127.0.0.1:{provider_port}/plain/v1"',
            f'api_key = "{CLIENT_KEY}-{number}"',
            "limits = { rpm = 1000000, rpd = 10000000 }",
        ]
    for chain, model in (("plain", "bench"), ("code", "coder")):
        entries = [f"lab-{number}/{model}" for number in range(_PROVIDERS)]
        lines += [f"[chains.{chain}]", f"entries = {json.dumps(entries)}"]
    return "\n".join(lines) + "\n"


async def open_board(bench: Bench) -> AsyncIterator[Row]:
    """The same requests in turn to a process without an interface and to one that shows it."""
    plan, config = bench.plan, _config(bench.provider.port)
    pairs: dict[int, list[tuple[float, float]]] = {50: [], 99: []}
    cpu: list[tuple[float, float]] = []
    async with (
        processes.product(bench.scratch("headless"), config) as headless,
        _shown(bench.scratch("board"), config) as shown,
    ):
        # The first round warms up.
        for _ in range(plan.rounds + 1):
            before = [one.cpu() for one in (headless, shown)]
            found = await latencies(
                (headless, shown), "plain", rate=_RATE, seconds=plan.latency_seconds
            )
            took = [headless.cpu() - before[0], shown.cpu() - before[1]]
            cpu.append((took[0] / plan.latency_seconds * 100, took[1] / plan.latency_seconds * 100))
            for percent, values in pairs.items():
                values.append((percentile(found[0], percent), percentile(found[1], percent)))
        rss = shown.rss()
    yield compare("a request beside the open board, p50, at 100/s", "ms", pairs[50][1:])
    yield compare("a request beside the open board, p99, at 100/s", "ms", pairs[99][1:], "1.3x")
    yield compare("processor time with the board open, at 100/s", "%", cpu[1:])
    yield Row("RSS with the board open", "MB", rss, budget="150 MB")
    longest, most = await _held(bench, config)
    yield Row("hold of the loop by the interface, p99", "ms", most, budget="3 ms")
    yield Row("hold of the loop by the interface, longest", "ms", longest)


async def _held(bench: Bench, config: str) -> tuple[float, float]:
    """Milliseconds of processor time that the interface's work takes at a stretch."""
    folder = bench.scratch("held")
    file = folder / "holds.json"
    async with _shown(folder, config, "bench.held", str(file)) as shown:
        os.kill(shown.pid, signal.SIGUSR1)
        seconds = bench.plan.latency_seconds * 2
        await latencies((shown,), "plain", rate=_RATE, seconds=seconds)
    holds = [took for took, work in json.loads(file.read_text()) if work.startswith(_ITS_OWN)]
    return max(holds), percentile(holds, 99)
