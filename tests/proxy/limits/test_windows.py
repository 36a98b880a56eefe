"""The four kinds of window, each against the same simple questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import inf
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.limits.buckets import BucketWindow
from proxy.limits.rolling import RollingWindow
from proxy.limits.windows import (
    ClockWindow,
    ParallelWindow,
    Window,
    seconds_to_boundary,
)
from proxy.model import Window as WindowName

T = 1000.0


def a_minute_by_the_clock(size: float) -> ClockWindow:
    return ClockWindow(size, lambda: 60.0)


KINDS: tuple[Callable[[], Window], ...] = (
    lambda: RollingWindow(10, 60),
    lambda: a_minute_by_the_clock(10),
    lambda: BucketWindow(10, 60),
    lambda: ParallelWindow(10),
)


@pytest.mark.parametrize("make", KINDS)
def test_counts_what_is_booked_and_takes_back_what_is_amended(make: Callable[[], Window]) -> None:
    window = make()
    first = window.book(4, T)
    window.book(6, T)
    assert window.used(T) == 10
    assert window.free_at(1, T) > T
    window.amend(first, 1, T)
    assert window.used(T) == 7
    assert window.free_at(3, T) == T
    window.amend(first, 0, T)
    assert window.used(T) == 6


@pytest.mark.parametrize("make", KINDS[:3])
def test_more_than_the_whole_window_never_fits(make: Callable[[], Window]) -> None:
    assert make().free_at(11, T) == inf


@pytest.mark.parametrize("make", KINDS[:3])
def test_is_whole_again_after_its_length(make: Callable[[], Window]) -> None:
    window = make()
    assert window.resets_at(T) is None
    window.book(10, T)
    assert window.resets_at(T) == T + 60
    assert window.used(T + 60) == 0
    assert window.resets_at(T + 60) is None


@pytest.mark.parametrize("make", KINDS[:3])
def test_what_was_saved_is_restored_and_time_off_counts(make: Callable[[], Window]) -> None:
    saved, restored = make(), make()
    saved.book(6, T)
    saved.book(2, T + 10)
    restored.load(saved.dump(T + 20), 500.0)
    for later in (0.0, 10.0, 39.0, 41.0, 60.0):
        assert abs(restored.used(500 + later) - saved.used(T + 20 + later)) < 1e-9


@pytest.mark.parametrize("make", KINDS[:3])
def test_forgetting_keeps_what_was_sent_from_here(make: Callable[[], Window]) -> None:
    window = make()
    window.book(3, T)
    window.reconcile(9, (), T, T + 30)
    assert window.used(T) == 9
    window.forget(T)
    assert window.used(T) == 3


class TestRolling:
    def test_what_a_restart_lost_is_as_old_as_the_restart(self) -> None:
        window, restored = RollingWindow(3, 60), RollingWindow(3, 60)
        window.book(1, T)
        restored.load(window.dump(T + 5), T + 5)
        restored.reconcile(3, (), T + 40, None)
        assert restored.free_at(1, T + 40) == T + 60
        # It was saved a second before the kill at most.
        assert restored.free_at(3, T + 40) == T + 66

    def test_what_is_missing_a_window_later_is_of_others(self) -> None:
        restored = RollingWindow(3, 60)
        restored.load(RollingWindow(3, 60).dump(T), T)
        restored.reconcile(3, (), T + 70, None)
        assert restored.free_at(1, T + 70) == T + 130

    def test_a_unit_comes_back_exactly_one_window_after_it_went(self) -> None:
        window = RollingWindow(2, 60)
        window.book(1, T)
        window.book(1, T + 7)
        assert window.free_at(1, T + 10) == T + 60
        assert window.free_at(2, T + 10) == T + 67
        assert window.used(T + 59.999) == 2
        assert window.used(T + 60) == 1

    def test_a_unit_comes_back_no_sooner_than_the_provider_s_which_counts_arrivals(self) -> None:
        for travelled, counted in ((0.1, 0.1), (20.0, 0.25), (0.0, 0.0)):
            window = RollingWindow(3, 60)
            first, _, _ = (window.book(1, T) for _ in range(3))
            window.arrived(first, T + travelled)
            assert window.free_at(3, T) == T + 60 + counted
            assert window.free_at(2, T) == T + 60

    def test_what_others_used_is_new_and_what_ended_early_is_the_oldest(self) -> None:
        window = RollingWindow(10, 60)
        window.book(1, T)
        window.reconcile(4, (), T + 20, None)
        assert (window.used(T + 20), window.used(T + 60), window.used(T + 80)) == (4, 3, 0)
        window.book(1, T + 20)
        window.reconcile(3, (), T + 30, None)
        assert window.used(T + 30) == 3
        assert window.used(T + 61) == 3, "the oldest ended"

    def test_a_reset_gives_all_that_was_seen_back_ours_perhaps_before(self) -> None:
        window = RollingWindow(3, 60)
        window.book(1, T)
        window.book(1, T + 50)
        window.reconcile(3, (), T + 51, T + 90)
        assert window.free_at(1, T + 51) == T + 60
        assert window.free_at(2, T + 51) == T + 90
        assert window.used(T + 90) == 0

    def test_a_reset_that_no_window_of_its_length_explains_is_taken_by_its_word(self) -> None:
        window = RollingWindow(1, 60)
        window.book(1, T)
        window.reconcile(1, (), T, T + 300)
        assert window.free_at(1, T) == T + 300

    def test_a_reset_rounded_up_to_whole_seconds_blocks_no_longer_than_the_window(self) -> None:
        window = RollingWindow(1, 60)
        window.book(1, T)
        window.reconcile(1, (), T + 0.5, T + 61.4)
        assert window.free_at(1, T + 1) == T + 60

    def test_what_is_under_way_stays_counted_at_its_own_time(self) -> None:
        window = RollingWindow(10, 60)
        under_way = window.book(1, T)
        window.reconcile(4, [under_way], T + 10, T + 15)
        assert window.used(T + 10) == 5
        assert window.used(T + 15) == 1
        window.amend(under_way, 0, T + 16)
        assert window.used(T + 16) == 0

    def test_a_long_stream_of_requests_costs_bounded_memory_and_returns_none_early(self) -> None:
        window = RollingWindow(1_000_000, 86400)
        for second in range(100_000):
            window.book(1, T + second)
        now = T + 99_999
        assert len(window.dump(now)["slots"]) <= 62
        used = window.used(now)
        assert 86_400 <= used <= 86_400 + 2 * 86_400 / 1024

    @pytest.mark.parametrize("seed", range(5))
    def test_joined_slots_never_bring_a_unit_back_early(self, seed: int) -> None:
        random, window, times, now = Random(seed), RollingWindow(10**6, 600), list[float](), T
        for _ in range(3000):
            now += random.uniform(0, 1.0)
            window.book(1, now)
            times.append(now)
        restored, grain = RollingWindow(10**6, 600), 600 / 1024
        restored.load(window.dump(now), now)
        for later in (0.0, 100.0, 300.0, 599.0):
            true = sum(at + 600 > now + later for at in times)
            late = sum(at + 600 + grain > now + later for at in times)
            assert true <= window.used(now + later) <= late
            assert true <= restored.used(now + later)


class TestClock:
    def test_ends_at_its_mark_whatever_was_sent(self) -> None:
        marks = iter((20.0, 60.0))
        window = ClockWindow(2, lambda: next(marks))
        window.book(2, T)
        assert window.free_at(1, T + 5) == T + 20
        assert window.used(T + 20) == 0

    def test_what_was_sent_before_the_mark_is_settled_in_its_own_window(self) -> None:
        window = a_minute_by_the_clock(10)
        early = window.book(5, T)
        window.book(3, T + 60)
        window.amend(early, 1, T + 61)
        assert window.used(T + 61) == 3
        window.reconcile(3, [early], T + 62, None)
        assert window.used(T + 62) == 3

    def test_a_reset_in_the_past_means_now_but_keeps_what_is_under_way(self) -> None:
        window = a_minute_by_the_clock(10)
        window.book(5, T)
        under_way = window.book(1, T + 1)
        window.reconcile(9, [under_way], T + 2, T + 2)
        assert window.used(T + 2) == 1
        assert window.resets_at(T + 2) == T + 62

    def test_asks_for_its_mark_once_a_window(self) -> None:
        asked: list[float] = []

        def boundary() -> float:
            asked.append(0)
            return 60.0

        window = ClockWindow(10, boundary)
        for second in range(120):
            window.used(T + second)
        assert len(asked) == 2


class TestBucket:
    def test_waits_only_until_this_amount_fits(self) -> None:
        window = BucketWindow(60, 60)
        window.book(60, T)
        assert window.free_at(1, T) == T + 1
        assert window.free_at(10, T) == T + 10
        assert window.free_at(10, T + 10) == T + 10

    def test_holds_no_more_than_its_size(self) -> None:
        window = BucketWindow(60, 60)
        window.book(1, T)
        assert window.used(T + 1000) == 0
        assert window.free_at(61, T + 1000) == inf

    def test_a_reset_is_no_wait(self) -> None:
        window = BucketWindow(60, 60)
        window.reconcile(30, (), T, T + 30)
        assert window.free_at(30, T) == T
        assert window.free_at(31, T) == T + 1

    def test_gives_nothing_back_that_has_been_refilled_since(self) -> None:
        window = BucketWindow(600, 60)
        first = window.book(100, T)
        window.used(T + 9)
        window.book(300, T + 9)
        window.amend(first, 10, T + 9)
        # Of 100 booked, 90 had come back by then: 10 of the first, 300 of the second remain.
        assert window.used(T + 9) == 300

    def test_an_answer_longer_than_the_bucket_leaves_it_empty_not_in_debt(self) -> None:
        window = BucketWindow(60, 60)
        window.amend(window.book(1, T), 1_000_000, T)
        assert window.used(T) == 60
        assert window.free_at(60, T) == T + 60

    def test_another_size_keeps_what_was_used(self) -> None:
        window = BucketWindow(60, 60)
        window.book(60, T)
        window.size = 120
        assert window.free_at(60, T) == T
        assert window.free_at(61, T) == T + 0.5

    def test_a_size_that_is_not_known_yet_loses_no_count(self) -> None:
        window = BucketWindow(inf, 60)
        window.load({"used": 60, "own": 60}, T)
        window.size = 60
        assert window.used(T + 10) == 50


def wall(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


LA = "America/Los_Angeles"


@pytest.mark.parametrize(
    "window,zone,at,expected",
    [
        ("minute", "UTC", "2026-11-04T12:00:17", 43),
        ("minute", "UTC", "2026-11-04T12:00:00", 60),
        ("hour", "UTC", "2026-11-04T12:59:59", 1),
        ("day", "UTC", "2026-11-04T23:00:00", 3600),
        ("day", LA, "2026-11-04T00:00:00", 24 * 3600),
        ("day", LA, "2026-03-08T00:00:00", 23 * 3600),
        ("day", LA, "2026-11-01T00:00:00", 25 * 3600),
        ("day", LA, "2026-11-01T12:00:00", 12 * 3600),
        ("day", "America/Santiago", "2026-09-05T23:00:00", 3600),
        ("month", "UTC", "2026-01-31T00:00:00", 24 * 3600),
        ("month", "UTC", "2026-02-01T00:00:00", 28 * 86400),
        ("month", "UTC", "2028-02-01T00:00:00", 29 * 86400),
        ("month", "UTC", "2026-12-31T23:59:59", 1),
        ("month", LA, "2026-03-01T00:00:00", 31 * 86400 - 3600),
        ("month", LA, "2026-11-01T00:00:00", 30 * 86400 + 3600),
    ],
)
def test_the_next_mark_right_through_daylight_saving(
    window: WindowName, zone: str, at: str, expected: float
) -> None:
    assert seconds_to_boundary(window, zone, wall(at, zone)) == expected


@given(st.floats(1.7e9, 2.0e9), st.sampled_from(("minute", "hour", "day", "month")))
def test_the_next_mark_is_always_ahead_and_never_further_than_a_window(
    at: float, window: WindowName
) -> None:
    most = {"minute": 60, "hour": 3600, "day": 25 * 3600, "month": 31 * 86400 + 3600}[window]
    assert 0 < seconds_to_boundary(window, LA, at) <= most
