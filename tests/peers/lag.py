"""How long the product's loop keeps others waiting, as seen from outside.

A process of its own asks `GET /health` again and again on one connection: in the process of the
test, the test's own work would be measured.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MOST = 50.0
"""Milliseconds, p99, that nothing a peer does may cost another."""
_INTERVAL = 0.01
_ASK = b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@dataclass(slots=True)
class Lag:
    """Answer times in milliseconds, and how late the prober itself woke up meanwhile."""

    answers: list[float] = field(default_factory=list[float])
    noise: list[float] = field(default_factory=list[float])

    def at(self, share: float) -> float:
        """The answer time that `share` (0.5, 0.99) of all stayed below."""
        return _quantile(self.answers, share)

    @property
    def bearable(self) -> bool:
        """p99 under 50 ms; on a machine so busy that even the prober wakes up late, under twenty
        times that."""
        return self.at(0.99) < max(MOST, 20 * _quantile(self.noise, 0.99))

    def __str__(self) -> str:
        p50, p99, most = (self.at(share) for share in (0.5, 0.99, 1.0))
        return (
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {most:.1f} ms of {len(self.answers)} probes "
            f"(the prober's own p99 {_quantile(self.noise, 0.99):.1f} ms)"
        )


@asynccontextmanager
async def measured_lag(port: int) -> AsyncGenerator[Lag]:
    """Measure while the block runs; the figures are there when it has ended."""
    lag = Lag()
    prober = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.peers.lag", str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert prober.stdin is not None
    assert prober.stdout is not None
    try:
        # Its first line: it is connected.
        await prober.stdout.readline()
        yield lag
    finally:
        prober.stdin.close()
        told = await prober.stdout.read()
        await prober.wait()
    figures = json.loads(told)
    lag.answers, lag.noise = figures["answers"], figures["noise"]


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def probe(port: int) -> None:
    """Ask until stdin is closed, then write the figures to stdout."""
    answers: list[float] = []
    noise: list[float] = []
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    with connection:
        while not _stdin_closed():
            asked = time.perf_counter()
            connection.sendall(_ASK)
            if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
                raise SystemExit("/health did not answer 200")
            answered = time.perf_counter()
            time.sleep(_INTERVAL)
            noise.append((time.perf_counter() - answered - _INTERVAL) * 1000)
            answers.append((answered - asked) * 1000)
    sys.stdout.write(json.dumps({"answers": answers, "noise": noise}))


def _stdin_closed() -> bool:
    readable, _, _ = select.select([0], [], [], 0)
    return bool(readable)


if __name__ == "__main__":
    probe(int(sys.argv[1]))
