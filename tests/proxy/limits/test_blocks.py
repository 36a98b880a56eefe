"""Blocks and their ladders: how long, which step is next, who may try."""

from __future__ import annotations

from random import Random

import pytest

from proxy.limits.blocks import (
    BAD_KEY,
    CIRCUIT,
    LADDERS,
    NO_MODEL,
    OVERLOAD,
    RATE,
    STATED,
    UNREACHABLE,
    Block,
    Ladder,
    begin,
)

T = 1000.0


@pytest.mark.parametrize(
    "ladder,waits",
    [
        (OVERLOAD, [5, 10, 20, 40, 80, 160, 300, 300]),
        (CIRCUIT, [5, 10, 20, 40, 80, 160, 300, 300]),
        (UNREACHABLE, [5, 10, 20, 30, 30]),
        (BAD_KEY, [3600, 7200, 14400, 28800, 57600, 86400, 86400]),
        (NO_MODEL, [86400, 86400]),
    ],
)
def test_a_ladder_doubles_up_to_its_most(ladder: Ladder, waits: list[float]) -> None:
    assert [ladder.wait(step, Random(1)) for step in range(len(waits))] == waits
    assert ladder.wait(10_000, Random(1)) == ladder.most


@pytest.mark.parametrize("step,plain", [(0, 15), (1, 30), (5, 480), (6, 900), (40, 900)])
def test_a_cooldown_varies_by_a_tenth(step: int, plain: float) -> None:
    random = Random(7)
    waits = [RATE.wait(step, random) for _ in range(200)]
    assert 0.9 * plain <= min(waits) < 0.93 * plain
    assert 1.07 * plain < max(waits) <= 1.1 * plain


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS)
def test_a_block_keeps_out_until_its_end_and_then_a_probe_tells(ladder: Ladder) -> None:
    block = begin(ladder, T, 7, None, Random(1))
    assert block.blocked_until(T) == block.until
    assert block.blocked_until(block.until - 0.001) == block.until
    assert block.blocked_until(block.until) is None
    assert block.wants_probe(block.until) is ladder.probes
    assert not block.wants_probe(block.until - 0.001)
    block.probe = object()
    assert block.blocked_until(block.until) == block.until + 1
    assert not block.wants_probe(block.until)


def test_a_stated_wait_is_no_guess_and_needs_no_probe() -> None:
    block = begin(OVERLOAD, T, 7, 40.0, Random(1))
    assert block.until == T + 40
    assert not block.wants_probe(T + 40)


def test_only_the_probe_climbs_a_guess() -> None:
    block, probe = begin(RATE, T, 7, None, Random(1)), object()
    block.probe = probe
    later = block.until + 1
    assert not block.next_step(object(), 8, later)
    assert block.next_step(probe, 8, later)


def test_after_a_stated_wait_only_what_was_sent_later_climbs() -> None:
    block = begin(STATED, T, 7, 10.0, Random(1))
    assert not block.next_step(object(), 7, T + 11)
    assert not block.next_step(object(), 8, T + 9)
    assert block.next_step(object(), 8, T + 10)


@pytest.mark.parametrize(
    "stated,expected",
    [
        ([1.0, 1.0, 1.0, 1.0], [1, 2, 4, 8]),
        ([10.0, 10.0, 10.0, 10.0, 10.0], [10, 20, 40, 60, 60]),
        ([5.0, 300.0, 5.0], [5, 300, 60]),
        ([90.0, 1.0], [90, 60]),
    ],
)
def test_stated_waits_in_a_row_take_the_longer_of_what_is_said_and_twice_the_last(
    stated: list[float], expected: list[float]
) -> None:
    block, now, waits = begin(STATED, T, 0, stated[0], Random(1)), T, list[float]()
    waits.append(block.until - now)
    for wait in stated[1:]:
        now = block.until
        block.climb(now, 0, wait, Random(1))
        waits.append(block.until - now)
    assert waits == expected


def test_lengthens_only_to_a_later_stated_moment() -> None:
    block = Block(RATE, T, T + 15)
    block.lengthen(T + 10)
    assert (block.until, block.guessed) == (T + 15, True)
    block.lengthen(T + 20)
    assert (block.until, block.guessed) == (T + 20, False)
