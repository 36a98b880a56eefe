"""Background loops: watched, restarted, ended."""

from __future__ import annotations

import asyncio
import logging

import pytest

from app.tasks import supervised


async def test_a_loop_runs_beside_the_block_and_ends_with_it():
    started, ended = asyncio.Event(), asyncio.Event()

    async def loop() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with supervised("loop", loop):
        await started.wait()
        assert "loop" in {task.get_name() for task in asyncio.all_tasks()}
    assert ended.is_set()
    assert "loop" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_loop_that_fails_is_logged_and_started_again(caplog: pytest.LogCaptureFixture):
    runs = 0
    third = asyncio.Event()

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError(f"failure {runs}")
        third.set()
        await asyncio.Event().wait()

    async with supervised("recorder", loop, first_pause=0.01):
        async with asyncio.timeout(5):
            await third.wait()
    assert [one.getMessage() for one in caplog.records] == [
        "recorder failed; it starts again in 0.0 s",
        "recorder failed; it starts again in 0.0 s",
    ]
    assert all(one.exc_info for one in caplog.records)


async def test_a_loop_that_returns_is_done():
    runs = 0

    async def loop() -> None:
        nonlocal runs
        runs += 1

    async with supervised("once", loop):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert runs == 1


async def test_a_loop_that_fails_at_its_end_is_not_started_again(caplog: pytest.LogCaptureFixture):
    runs = 0
    running = asyncio.Event()

    async def loop() -> None:
        nonlocal runs
        runs += 1
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("the last flush failed")

    async with asyncio.timeout(5):
        async with supervised("recorder", loop, first_pause=0):
            await running.wait()
    assert runs == 1
    assert [one.getMessage() for one in caplog.records] == ["recorder failed at its end"]


async def test_the_failure_of_the_block_comes_out_of_it():
    async def loop() -> None:
        await asyncio.Event().wait()

    with pytest.raises(LookupError):
        async with supervised("loop", loop):
            raise LookupError


@pytest.fixture(autouse=True)
def _caught(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "429chain")
