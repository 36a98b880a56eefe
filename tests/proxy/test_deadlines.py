"""One timer, many deadlines."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic

import pytest

from proxy.deadlines import DeadlinePassed, Deadlines


async def for_ever() -> None:
    await asyncio.Event().wait()


async def a_while(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await for_ever()


async def sooner_and_later() -> None:
    now = asyncio.get_running_loop().time()
    with Deadlines() as deadlines:
        deadlines.until(now + 60, "later")
        deadlines.until(now + 0.05, "sooner")
        await for_ever()


async def test_the_deadline_in_force_raises_its_name():
    with pytest.raises(DeadlinePassed) as passed:
        await sooner_and_later()
    assert passed.value.what == "sooner"


async def test_a_deadline_that_was_moved_does_not_pass():
    loop = asyncio.get_running_loop()
    with Deadlines() as deadlines:
        for _ in range(5):
            deadlines.until(loop.time() + 0.05, "idle")
            await a_while(0.02)
    assert not deadlines.passed


async def waived_by(answers: list[bool]) -> None:
    with Deadlines() as deadlines:
        at = asyncio.get_running_loop().time() + 0.01
        deadlines.until(at, "first_token", lambda: answers.pop(0))
        await for_ever()


async def test_it_may_be_waived_and_is_looked_at_again():
    answers = [True, True, False]
    started = monotonic()
    with pytest.raises(DeadlinePassed):
        await waived_by(answers)
    assert answers == []
    assert 0.4 < monotonic() - started < 1.0


async def test_a_cancellation_from_outside_is_not_taken_for_a_deadline():
    async def wait() -> None:
        with Deadlines() as deadlines:
            deadlines.until(asyncio.get_running_loop().time() + 60, "total")
            await for_ever()

    task = asyncio.create_task(wait())
    await asyncio.wait([task], timeout=0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_none_is_in_force_for_the_time_being():
    with Deadlines() as deadlines:
        deadlines.until(asyncio.get_running_loop().time() + 0.02, "idle")
        deadlines.none()
        await a_while(0.06)
    assert not deadlines.passed
