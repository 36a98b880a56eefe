"""What the store's tests are fed with."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

from proxy.events import Attempt, Outcome, RequestFinished

NOON = 1_795_348_800.0
"""2026-11-22T12:00:00Z"""

FIRST = "cerebras/gpt-oss-120b"
SECOND = "groq/openai/gpt-oss-120b"
THIRD = "gemini/gemini-2.5-flash"


class FakeClock:
    def __init__(self, wall: float = NOON) -> None:
        self.time = wall

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time


def attempt(entry: str, outcome: str = "ok", status: int | None = 200) -> Attempt:
    return Attempt(entry, outcome, status, 1.0, 250.0, 120.0 if outcome == "ok" else None, "")


_SERVED = RequestFinished(
    id="req_0",
    at=NOON,
    client="default",
    agent="openai-python",
    chain="free",
    entry=FIRST,
    outcome="ok",
    status=200,
    stream=True,
    attempts=(attempt(FIRST),),
    trail=((FIRST, "ok"), (SECOND, "not-tried")),
    tokens_in=100,
    tokens_out=20,
    estimated=False,
    duration_ms=900.0,
    first_token_ms=140.0,
    client_closed=False,
)


def request(id: str = "req_0", **changes: object) -> RequestFinished:
    """A served request, `changes` aside."""
    return _SERVED._replace(id=id, **changes)  # pyright: ignore[reportArgumentType]


def fallen(id: str, *, outcome: Outcome = "ok", **changes: object) -> RequestFinished:
    """Refused by the first entry, served by the second."""
    return request(
        id,
        entry=SECOND,
        outcome=outcome,
        attempts=(attempt(FIRST, "429", 429), attempt(SECOND)),
        trail=((FIRST, "429"), (SECOND, "ok")),
        **changes,
    )


def unserved(id: str, **changes: object) -> RequestFinished:
    """Refused by one entry, failed at the other."""
    return request(
        id,
        entry=None,
        outcome="failed",
        status=503,
        attempts=(attempt(FIRST, "429", 429), attempt(SECOND, "timeout", None)),
        trail=((FIRST, "429"), (SECOND, "timeout")),
        tokens_out=0,
        first_token_ms=None,
        **changes,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return when it holds; the test's own timeout ends a wait that never does."""
    while True:
        holds = condition()
        if holds if isinstance(holds, bool) else await holds:
            return
        await asyncio.sleep(0.005)
