"""The schedulers that know everything, and the capacity that the traffic is measured by."""

from __future__ import annotations

from math import isclose

import pytest

from tests.harvest.farm import SITES, capacity
from tests.harvest.load import percentile
from tests.harvest.perfect import Served, SetClock, clairvoyant, in_order
from tests.harvest.traffic import SHAPES, Planned

WALL = 1_795_348_830.0
"""Half past a minute."""


def plan(count: int, gap: float = 0.0, size: int = 400) -> list[Planned]:
    return [Planned(n, n * gap, size, 50, None, stream=False) for n in range(count)]


def schedule(requests: list[Planned], *, max_wait: float = 60.0, max_queue: int = 100) -> Served:
    return in_order(requests, WALL, max_wait=max_wait, max_queue=max_queue)


def test_what_the_first_entry_can_take_it_takes_at_once():
    served = schedule(plan(5))

    assert served.failed == 0
    pace = SITES["cerebras"].pace
    once = pace.first_token + 50 * pace.per_token
    assert all(isclose(seconds, once) for seconds in served.latencies)


def test_without_waiting_the_farm_takes_exactly_what_its_limits_hold():
    # Requests a minute but for 8b, whose tokens end first, and the one place of ollama.
    served = schedule(plan(500, size=1600), max_wait=0.001)
    tokens = plan(1, size=1600)[0].prompt

    assert list(served.by_entry.values()) == [
        5,
        12,
        5,
        20,
        23,
        40,
        1 + (6000 - tokens) // (tokens + 50),
        1,
    ]


def test_those_that_wait_are_served_when_the_minute_turns():
    at_once = schedule(plan(500), max_wait=0.001).count
    served = schedule(plan(at_once + 100), max_wait=31.0)

    assert served.failed == 0
    # Entries whose minute is no bucket and has turned.
    assert sum(30 <= seconds < 31 for seconds in served.latencies) >= 20


def test_a_full_line_sends_the_last_one_home():
    at_once = schedule(plan(500), max_wait=0.001).count

    assert schedule(plan(at_once + 10), max_wait=0.2, max_queue=3).failed >= 7


def test_a_prompt_beyond_the_window_is_not_given_to_the_small_model():
    whole = schedule(plan(500, size=80_000), max_wait=0.001).count
    fitting = schedule(plan(500, size=60_000), max_wait=0.001).count

    # At most cerebras 2 (30,000 tokens), the pool 20, gemini 5, 23 and 40 requests and one place.
    assert fitting - whole >= 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_may_choose_serves_no_fewer(seed: int):
    shape = SHAPES["overload"]
    requests = shape.plan(4.0, 60, seed)
    free = clairvoyant(requests, WALL, max_wait=30, max_queue=100)

    assert free.count >= schedule(requests, max_wait=30).count
    assert free.count + free.failed == len(requests)


def test_capacity_is_what_the_tightest_limits_add_up_to():
    sample = [Planned(n, 0.0, 400, 100, None, stream=False) for n in range(10)]
    cost = sum(one.prompt for one in sample) / 10
    ollama = 60 / SITES["ollama"].duration(sample[0])
    # gemini: 12 a day in three minutes; the pool: 50 in three minutes.
    a_minute = 5 + 12 + min(30, 6000 / cost) + 4 + 50 / 3 + 23 + 40 + ollama

    assert isclose(capacity(sample, 180, SetClock(WALL)) * 60, a_minute)


@pytest.mark.parametrize("share, value", [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1), (0.005, 1)])
def test_percentiles_are_values_that_occurred(share: float, value: float):
    assert percentile(range(1, 101), share) == value
    assert percentile([], share) == 0
