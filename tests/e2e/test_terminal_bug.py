"""A bug in a screen ends the interface, and nothing that it stands beside."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.e2e.broken_screen import SECRET
from tests.e2e.process import config, free_port, write_config
from tests.e2e.streaming import open_stream
from tests.e2e.tmux import in_terminal
from tests.needs import require
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import stream


@pytest.fixture(autouse=True)
def _needs_tmux() -> None:
    require("tmux", ci=os.environ.get("CI") == "true")


async def test_what_runs_is_answered_and_the_terminal_given_back(tmp_path: Path) -> None:
    port, gate = free_port(), asyncio.Event()
    flags = (
        *("--config", tmp_path / "config.toml", "--data-dir", tmp_path / "data"),
        *("--port", str(port), "--admin-port", "0"),
    )
    async with fake_provider([stream("one", gate, "two")]) as up:
        write_config(tmp_path, config(a=up))
        async with in_terminal(tmp_path, *flags, module="tests.e2e.broken_screen") as terminal:
            await terminal.shows("a/m")
            async with open_stream(f"http://127.0.0.1:{port}/v1") as answer:
                await answer.until(b"one")
                terminal.press("6")
                screen = await terminal.shows("stopped on a bug")
                gate.set()
                whole = await answer.to_end()
            assert b"two" in whole
            assert whole.endswith(b"data: [DONE]\n\n")
            assert await terminal.ends() == 1
            assert terminal.is_sane
            screen = terminal.screen
    log = (tmp_path / "data" / "429chain.log").read_text(encoding="utf-8")
    assert "RuntimeError: a bug in a screen" in log
    assert "Traceback" not in screen
    assert SECRET not in screen + log
