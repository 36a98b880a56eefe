"""Simulated limits are exact: to the unit, to the moment, in every kind of window."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.quota import Quota, Refused, Ticket, find_gauge
from app.demo.windows import period_end, period_start
from proxy.model import Dimension, Kind, Limit, Scope, Window
from tests.app.demo.manual_clock import ManualClock


def a_limit(
    size: int,
    kind: Kind = "rolling",
    *,
    dimension: Dimension = "requests",
    window: Window | None = "minute",
    scope: Scope = "model",
    pool: str = "",
    zone: str = "UTC",
) -> Limit:
    return Limit(scope, dimension, window, size, kind, pool=pool, zone=zone)


def admitted(quota: Quota, model: str = "m", tokens: int = 0) -> Ticket:
    ticket = quota.admit(model, tokens)
    assert isinstance(ticket, Ticket)
    return ticket


def refused(quota: Quota, model: str = "m", tokens: int = 0) -> Refused:
    refusal = quota.admit(model, tokens)
    assert isinstance(refusal, Refused)
    return refusal


@pytest.mark.parametrize(
    "kind, wait",
    [("rolling", 50.0), ("clock", 20.0), ("bucket", 10.0)],
)
def test_the_stated_wait_is_exact(kind: Kind, wait: float):
    clock = ManualClock()
    quota = Quota([a_limit(3, kind)], clock)
    admitted(quota)
    clock.advance(10)
    admitted(quota)
    admitted(quota)
    spent = refused(quota).first
    assert (spent.used, spent.requested) == (3, 1)
    assert abs(spent.wait - wait) < 1e-6
    clock.advance(wait - 0.001)
    refused(quota)
    clock.advance(0.002)
    admitted(quota)


@given(
    kind=st.sampled_from(["rolling", "clock", "bucket"]),
    size=st.integers(1, 5),
    steps=st.lists(st.floats(0, 40), max_size=60),
)
def test_never_more_than_the_limit_in_its_window(kind: Kind, size: int, steps: list[float]):
    clock = ManualClock()
    quota = Quota([a_limit(size, kind)], clock)
    let_in: list[float] = []
    for step in steps:
        clock.advance(step)
        if isinstance(quota.admit("m", 0), Ticket):
            let_in.append(clock.wall())
    for at in let_in:
        if kind == "clock":
            inside = [one for one in let_in if one // 60 == at // 60]
            assert len(inside) <= size
        else:
            inside = [one for one in let_in if at - 60 < one <= at]
            # A full bucket serves its size at once and refills meanwhile: twice at most.
            assert len(inside) <= (size if kind == "rolling" else 2 * size)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 40), st.integers(0, 40)), max_size=40))
def test_a_refusal_says_the_truth_about_tokens(steps: list[tuple[float, int, int]]):
    clock = ManualClock()
    quota = Quota([a_limit(100, "bucket", dimension="tokens")], clock)
    for step, asked, used in steps:
        clock.advance(step)
        verdict = quota.admit("m", asked)
        if isinstance(verdict, Ticket):
            verdict.settle(used)
        else:
            clock.advance(verdict.first.wait + 0.001)
            admitted(quota, tokens=asked).settle(used)
        gauge = quota.gauges("m")[0]
        assert 0 <= gauge.remaining <= 100


def test_each_model_has_its_own_and_a_pool_is_shared():
    pool = a_limit(2, scope="pool", pool="*:free")
    quota = Quota([a_limit(1), pool], ManualClock())
    admitted(quota, "a:free")
    assert refused(quota, "a:free").first.limit.scope == "model"
    admitted(quota, "b:free")
    assert refused(quota, "c:free").first.limit == pool
    admitted(quota, "paid")


def test_a_model_may_have_limits_of_its_own():
    quota = Quota([a_limit(1)], ManualClock(), models={"big": [a_limit(2)]})
    admitted(quota, "big")
    admitted(quota, "big")
    refused(quota, "big")
    admitted(quota, "small")
    refused(quota, "small")


def test_nothing_is_taken_from_one_limit_when_another_refuses():
    clock = ManualClock()
    day = a_limit(10, "clock", window="day")
    quota = Quota([a_limit(1), day], clock)
    admitted(quota)
    refused(quota)
    gauge = find_gauge(quota.gauges("m"), "requests", "day")
    assert gauge is not None
    assert gauge.used == 1


def test_where_refusals_count_they_count():
    quota = Quota(
        [a_limit(1), a_limit(10, "clock", window="day")], ManualClock(), charges_refusals=True
    )
    admitted(quota)
    refused(quota)
    gauge = find_gauge(quota.gauges("m"), "requests", "day")
    assert gauge is not None
    assert gauge.used == 2


def test_the_limit_that_ends_last_stands_in_front():
    quota = Quota([a_limit(1), a_limit(1, "clock", window="day")], ManualClock())
    admitted(quota)
    assert [spent.limit.window for spent in refused(quota).spent] == ["day", "minute"]


def test_a_place_is_free_when_its_request_ends():
    quota = Quota([a_limit(1, dimension="concurrent", window=None)], ManualClock())
    ticket = admitted(quota)
    assert refused(quota).first.limit.dimension == "concurrent"
    ticket.leave()
    ticket.leave()
    admitted(quota)
    refused(quota)


def test_larger_than_the_whole_limit_never_fits():
    quota = Quota([a_limit(100, dimension="tokens")], ManualClock())
    assert refused(quota, tokens=101).first.too_large
    assert not isinstance(quota.admit("m", 100), Refused)
    assert not refused(quota, tokens=1).first.too_large


@pytest.mark.parametrize(
    "window, moment, start, end",
    [
        ("minute", "2026-11-22T12:34:56", "2026-11-22T12:34:00", "2026-11-22T12:35:00"),
        ("hour", "2026-11-22T12:34:56", "2026-11-22T12:00:00", "2026-11-22T13:00:00"),
        ("day", "2026-11-22T12:34:56", "2026-11-22T00:00:00", "2026-11-23T00:00:00"),
        ("month", "2026-12-22T12:34:56", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_periods_by_the_clock(window: Window, moment: str, start: str, end: str):
    place = ZoneInfo("Asia/Shanghai")
    begun = period_start(datetime.fromisoformat(moment).replace(tzinfo=place), window)
    assert begun == datetime.fromisoformat(start).replace(tzinfo=place)
    assert period_end(begun, window) == datetime.fromisoformat(end).replace(tzinfo=place)


def test_the_day_that_ends_summer_time_has_25_hours():
    place = ZoneInfo("America/Los_Angeles")
    midnight = datetime(2026, 11, 1, tzinfo=place)
    assert period_end(midnight, "day").timestamp() - midnight.timestamp() == 25 * 3600
