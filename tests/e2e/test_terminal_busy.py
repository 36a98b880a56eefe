"""The interface works while the proxy does: neither keeps the other waiting (case 112)."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.process import config, free_port, write_config
from tests.e2e.streaming import open_stream
from tests.e2e.tmux import Tmux, in_terminal
from tests.needs import require
from tests.paging.log import RARE, fill
from tests.peers.lag import measured_lag
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import stream

pytestmark = pytest.mark.alone

_STREAMS = 50
_ROWS = 10_000
_CHUNKS = 150
_PACE = 0.02


@pytest.fixture(autouse=True)
def _needs_tmux() -> None:
    require("tmux", ci=os.environ.get("CI") == "true")


async def test_a_filter_over_a_long_log_holds_no_stream_up(tmp_path: Path) -> None:
    port = free_port()
    gates = [asyncio.Event() for _ in range(_CHUNKS)]
    pieces = [piece for gate in gates for piece in ("word ", gate)]
    (tmp_path / "data").mkdir(mode=0o700)
    await fill(tmp_path / "data" / "429chain.db", _ROWS)
    flags = (
        *("--config", tmp_path / "config.toml", "--data-dir", tmp_path / "data"),
        *("--port", str(port), "--admin-port", "0"),
    )
    async with fake_provider(lambda _: stream(*pieces)) as up, AsyncExitStack() as streams:
        write_config(tmp_path, config(a=up))
        async with in_terminal(tmp_path, *flags, columns=120, rows=40) as terminal:
            await terminal.shows("a/m")
            for _ in range(_STREAMS):
                address = f"http://127.0.0.1:{port}/v1"
                answer = await streams.enter_async_context(open_stream(address))
                await answer.until(b"word")
            await terminal.shows(f"{_STREAMS} in flight")
            async with measured_lag(port) as lag, asyncio.TaskGroup() as group:
                group.create_task(_flow(gates))
                await _filter(terminal)
    assert lag.bearable, str(lag)


async def _flow(gates: list[asyncio.Event]) -> None:
    """Each stream's next chunk, again and again."""
    for gate in gates:
        gate.set()
        await asyncio.sleep(_PACE)


async def _filter(terminal: Tmux) -> None:
    terminal.press("3")
    await terminal.shows("served by")
    terminal.press("/", *RARE)
    await terminal.shows("3 of ")
    terminal.press("Enter")
