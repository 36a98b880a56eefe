"""A failure that nobody waits for is a line of our log, and as clean as the others (case 113)."""

from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path

import pytest

from app.logs import Logs
from tests.upstreams.waiting import until

_SECRET = "sk-canary-of-a-failure"


async def _fail() -> None:
    local = _SECRET
    raise RuntimeError(f"with {local}")


async def test_it_is_logged_without_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "429chain.log"
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logs = Logs("info", stderr=False)
    try:
        assert logs.open_file(path) is None
        logs.know([_SECRET])
        task = asyncio.ensure_future(_fail())
        await asyncio.wait([task])
        del task
        # What a task raised is told when the last reference to it goes.
        gc.collect()
        await until(lambda: "Task exception was never retrieved" in path.read_text())
    finally:
        logs.close()
    told = path.read_text()
    assert "RuntimeError" in told
    assert _SECRET not in told
