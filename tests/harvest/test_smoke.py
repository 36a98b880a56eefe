"""Five seconds of the real thing."""

from __future__ import annotations

import pytest

from tests.harvest.run import run_shape

pytestmark = pytest.mark.alone


async def test_five_seconds_of_overload_are_served_in_full():
    run = await run_shape("overload", seconds=5, seed=1, kill=False)
    figures = run.figures

    assert figures.requests > 0
    assert figures.served == figures.in_order == figures.requests, run.written
    assert (figures.replay_differs, figures.waste, figures.avoidable) == (0, 0, 0)
    assert figures.calls == sum(outcome.attempts for outcome in run.outcomes)
