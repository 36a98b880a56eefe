"""The sentences of DESIGN A5 ("Ladders") and A6 that speak of the ledger, each as a test."""

from __future__ import annotations

from random import Random

import pytest

from proxy.limits import judge
from proxy.limits.demand import SMALLEST, Need
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning, Reading
from proxy.limits.reservations import Reservation
from proxy.limits.status import Verdict
from proxy.limits.subjects import Listed
from proxy.model import Entry, Kind, Limit
from tests.proxy.limits.accounts import (
    entry_of,
    limit,
    provider,
    refusal,
    refused,
    rpm,
    take,
    take_all,
    tpm,
)
from tests.proxy.limits.clock import FakeClock

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Stage:
    """One entry, its ledger and its clock."""

    def __init__(self, *limits: Limit, start: str = "2026-11-04T12:00:00", **facts: int) -> None:
        self.clock = FakeClock(start)
        self.ledger = Ledger(self.clock, random=Random(1))
        self.entry = entry_of(provider(), "m", *limits, **facts)
        self.ledger.configure([self.entry])

    def take(self, need: Need | None = None) -> Reservation:
        return take(self.ledger, self.entry, need)

    def refused(self, need: Need | None = None) -> Verdict:
        return refused(self.ledger, self.entry, need)

    def wait(self) -> float:
        """Seconds until the smallest request may go."""
        verdict = self.ledger.verdict(self.entry, SMALLEST)
        if verdict is None:
            return 0.0
        assert verdict.until is not None
        return round(verdict.until - self.clock.now(), 6)

    def outwait(self) -> None:
        """Until the very moment at which the smallest request may go."""
        verdict = self.ledger.verdict(self.entry, SMALLEST)
        assert verdict is not None
        assert verdict.until is not None
        self.clock.advance_to(verdict.until)

    def refuse(
        self, meaning: Meaning, *readings: Reading, wait: float | None = None
    ) -> Reservation:
        """Send a request and have it refused."""
        one = self.take()
        judge.refuse(self.ledger, one, refusal(meaning, *readings, wait=wait))
        self.ledger.settle(one)
        return one

    def left(self) -> int:
        return len(take_all(self.ledger, self.entry))


class TestLadders:
    def test_cooldown_15_s_doubling_to_15_min_back_to_15_s_after_a_success(self) -> None:
        stage = Stage()
        for plain in (15, 30, 60, 120, 240, 480, 900, 900):
            stage.refuse(Meaning.SILENT)
            assert 0.9 * plain <= stage.wait() <= 1.1 * plain
            stage.outwait()
        stage.ledger.succeed(stage.take())
        stage.refuse(Meaning.SILENT)
        assert 13.5 <= stage.wait() <= 16.5

    def test_refusals_already_under_way_neither_double_nor_lengthen_it(self) -> None:
        stage = Stage()
        burst = [stage.take() for _ in range(30)]
        judge.refuse(stage.ledger, burst[0], refusal(Meaning.SILENT))
        wait = stage.wait()
        for late in burst[1:]:
            judge.refuse(stage.ledger, late, refusal(Meaning.SILENT))
        assert stage.wait() == wait

    def test_except_to_a_later_time_that_the_provider_states(self) -> None:
        stage = Stage()
        one, two, three = (stage.take() for _ in range(3))
        judge.refuse(stage.ledger, one, refusal(Meaning.WAIT, wait=10.0))
        judge.refuse(stage.ledger, two, refusal(Meaning.WAIT, wait=25.0))
        judge.refuse(stage.ledger, three, refusal(Meaning.WAIT, wait=5.0))
        assert stage.wait() == 25

    @pytest.mark.parametrize("meaning", [Meaning.SILENT, Meaning.WAIT, Meaning.OVERLOADED])
    def test_their_successes_lift_nothing(self, meaning: Meaning) -> None:
        stage = Stage()
        early, one = stage.take(), stage.take()
        judge.refuse(stage.ledger, one, refusal(meaning, wait=20.0))
        stage.ledger.head(early, [rpm(99, limit=100)])
        stage.ledger.succeed(early)
        stage.ledger.settle(early)
        assert stage.wait() == 20

    @pytest.mark.parametrize("wait", [0.0, 0.2, 1.0])
    def test_a_wait_of_zero_or_in_the_past_counts_as_1_s(self, wait: float) -> None:
        stage = Stage()
        stage.refuse(Meaning.LIMIT, rpm(0, wait, 20), wait=wait)
        assert stage.wait() == 1
        stage = Stage()
        stage.refuse(Meaning.WAIT, wait=wait)
        assert stage.wait() == 1

    def test_no_hot_loop_at_wait_zero(self) -> None:
        stage = Stage()
        asked = 0
        end = stage.clock.now() + 60
        while stage.clock.now() < end:
            stage.refuse(Meaning.WAIT, wait=0.0)
            asked += 1
            stage.outwait()
        assert asked <= 7, "1, 2, 4, 8, 16, 32 s"

    def test_a_wait_without_dimension_refused_again_at_once_doubles_up_to_1_min(self) -> None:
        stage, waits = Stage(), list[float]()
        for _ in range(7):
            stage.refuse(Meaning.WAIT, wait=3.0)
            waits.append(stage.wait())
            stage.outwait()
        assert waits == [3, 6, 12, 24, 48, 60, 60]
        stage.ledger.succeed(stage.take())
        stage.refuse(Meaning.WAIT, wait=3.0)
        assert stage.wait() == 3

    @pytest.mark.parametrize("meaning", [Meaning.SILENT, Meaning.OVERLOADED, Meaning.BAD_KEY])
    def test_back_from_our_own_guess_it_admits_one_until_that_is_judged(
        self, meaning: Meaning
    ) -> None:
        stage = Stage()
        stage.refuse(meaning)
        first = stage.wait()
        stage.outwait()
        probe = stage.take()
        assert stage.wait() == 1, "nobody knows when it is judged"
        judge.refuse(stage.ledger, probe, refusal(meaning))
        stage.ledger.settle(probe)
        assert stage.wait() > 1.5 * first
        stage.outwait()
        probe = stage.take()
        stage.ledger.succeed(probe)
        assert stage.left() == 1000

    def test_a_probe_that_never_reached_a_verdict_lets_the_next_one_probe(self) -> None:
        stage = Stage()
        stage.refuse(Meaning.SILENT)
        stage.outwait()
        stage.ledger.release(stage.take())
        stage.ledger.settle(stage.take())
        stage.take()
        stage.refused()

    def test_back_from_a_stated_wait_all_may_go(self) -> None:
        stage = Stage()
        stage.refuse(Meaning.WAIT, wait=7.0)
        stage.clock.advance(7)
        assert stage.left() == 1000


class TestLimits:
    @pytest.mark.parametrize("kind", ["rolling", "clock", "bucket"])
    def test_exhausted_until_it_is_really_free(self, kind: Kind) -> None:
        stage = Stage(limit("rpm", 4, kind=kind))
        for _ in range(4):
            stage.take()
            stage.clock.advance(1)
        expected = {"rolling": 56, "clock": 56, "bucket": 11}[kind]
        assert stage.refused().reason == "rpm"
        assert stage.wait() == expected
        stage.clock.advance(expected - 0.01)
        stage.refused()
        stage.clock.advance(0.01)
        assert stage.left() == {"rolling": 1, "clock": 4, "bucket": 1}[kind]

    def test_limits_of_different_scope_or_window_all_hold_and_the_last_to_end_speaks(self) -> None:
        stage = Stage(
            limit("rpm", 2), limit("rph", 2, scope="account"), limit("rpd", 5, kind="clock")
        )
        assert stage.left() == 2
        assert (stage.refused().reason, stage.wait()) == ("rph", HOUR)
        stage.clock.advance(HOUR)
        assert stage.left() == 2
        stage.clock.advance(HOUR)
        assert stage.left() == 1
        assert (stage.refused().reason, stage.wait()) == ("rpd", 10 * HOUR)

    def test_sizes_are_kept_so_that_a_gauge_can_say_28_of_30(self) -> None:
        stage = Stage()
        stage.ledger.head(stage.take(), [rpm(28, 42.0, 30)])
        (gauge,) = stage.ledger.status(stage.entry).gauges
        assert (gauge.remaining, gauge.limit, gauge.source) == (28, 30, "header")
        assert gauge.resets_at == stage.clock.now() + 42

    @pytest.mark.parametrize(
        "start,hours",
        [
            ("2026-03-08T00:30:00", 22.5),
            ("2026-11-01T00:30:00", 24.5),
            ("2026-07-01T00:30:00", 23.5),
        ],
    )
    def test_a_day_ends_at_the_provider_s_midnight_right_through_daylight_saving(
        self, start: str, hours: float
    ) -> None:
        day = limit("rpd", 1, kind="clock", zone="America/Los_Angeles")
        clock = FakeClock(start, "America/Los_Angeles")
        ledger, entry = Ledger(clock), entry_of(provider(), "m", day)
        ledger.configure([entry])
        take(ledger, entry)
        until = refused(ledger, entry).until
        assert until == clock.now() + hours * HOUR
        clock.advance(hours * HOUR)
        assert len(take_all(ledger, entry)) == 1
        assert refused(ledger, entry).until == clock.now() + DAY

    def test_a_month_ends_at_the_first(self) -> None:
        stage = Stage(limit("rpmo", 1, kind="clock"), start="2026-02-27T00:00:00")
        stage.take()
        assert (stage.refused().reason, stage.wait()) == ("rpmo", 2 * DAY)

    def test_in_a_bucket_a_header_s_reset_is_the_time_until_full_never_a_wait(self) -> None:
        stage = Stage(limit("rpd", 1440, kind="bucket"))
        stage.ledger.head(stage.take(), [rpm(0, DAY, 1440, window="day")])
        assert stage.wait() == MINUTE

    def test_a_request_is_out_until_its_reservation_fits(self) -> None:
        stage = Stage(limit("tpm", 6000, kind="bucket"))
        for _ in range(6):
            assert stage.take(Need(cap=999)).tokens == 1000
        small, large = stage.refused(Need(cap=99)), stage.refused(Need(cap=899))
        assert small.until is not None
        assert large.until is not None
        assert round(large.until - small.until, 6) == 8

    @pytest.mark.parametrize("size", range(3, 30))
    def test_a_gauge_shows_the_unit_that_a_request_gets(self, size: int) -> None:
        stage = Stage(limit("rpm", size, kind="bucket"))
        stage.left()
        for _ in range(20):
            stage.outwait()
            (gauge,) = stage.ledger.status(stage.entry).gauges
            assert gauge.remaining == 1
            stage.take()

    def test_a_refusal_that_states_limit_used_and_requested_is_a_reading(self) -> None:
        """Groq: "Limit 6000, Used 5800, Requested 900. Please try again in 7s." """
        stage = Stage(limit("tpm", 6000, kind="bucket"))
        large = Need(prompt_bytes=1600, cap=500)
        one = stage.take(large)
        judge.refuse(stage.ledger, one, refusal(Meaning.LIMIT, tpm(200, limit=6000), wait=7.0))
        stage.ledger.settle(one)
        assert stage.refused(large).until == stage.clock.now() + 7
        assert stage.take(Need(cap=100)).tokens == 101, "a smaller one fits"
        stage.clock.advance(8.1)
        stage.take(large)

    def test_the_entry_s_state_is_that_of_the_smallest_request(self) -> None:
        stage = Stage(limit("tpm", 6000, kind="bucket"))
        stage.take(Need(prompt_bytes=18_000, cap=500))
        stage.refused(Need(prompt_bytes=18_000, cap=500))
        assert stage.ledger.status(stage.entry).state == "tracking"


class TestWhoseWordCounts:
    def test_a_header_beats_what_is_configured_and_counted(self) -> None:
        stage = Stage(limit("rpm", 100))
        stage.ledger.head(stage.take(), [rpm(3, 30.0, 10)])
        assert stage.left() == 3
        assert stage.wait() == 30

    def test_what_is_configured_fills_in_what_the_provider_never_says(self) -> None:
        stage = Stage(limit("rpm", 100), limit("rpd", 2, kind="clock"))
        stage.ledger.head(stage.take(), [rpm(99, 30.0, 100)])
        assert stage.left() == 1

    def test_within_one_window_an_older_reading_changes_nothing(self) -> None:
        stage = Stage(limit("rpm", 20))
        older, newer = stage.take(), stage.take()
        stage.ledger.head(newer, [rpm(5, 30.0)])
        for told in (19, 1):
            stage.ledger.head(older, [rpm(told, 30.0)])
            assert stage.ledger.status(stage.entry).gauges[0].remaining == 4
        stage.ledger.settle(older)
        stage.ledger.settle(newer)

    def test_a_reading_of_a_window_that_is_over_changes_nothing(self) -> None:
        """Sent before midnight, answered after: that nothing was left is the old day's."""
        stage = Stage(limit("rpd", 20, kind="clock"), start="2026-11-04T23:59:59")
        late = stage.take()
        stage.clock.advance(5)
        stage.ledger.head(late, [rpm(0, window="day")])
        assert stage.left() == 20

    def test_but_its_reset_tells_which_window_it_speaks_of(self) -> None:
        stage = Stage(limit("rpd", 20, kind="clock"), start="2026-11-04T23:59:59")
        late = stage.take()
        stage.clock.advance(5)
        stage.ledger.head(late, [rpm(12, DAY - 4, window="day")])
        assert stage.left() == 12

    def test_a_remainder_without_a_size_holds_until_its_window_ends(self) -> None:
        stage = Stage()
        stage.ledger.head(stage.take(), [rpm(2, 30.0)])
        assert stage.left() == 2
        assert stage.wait() == 30
        stage.clock.advance(30)
        assert stage.left() == 1000

    def test_it_leaves_the_gauges_then_also_of_an_entry_that_is_off(self) -> None:
        stage = Stage()
        one = stage.take()
        stage.ledger.head(one, [rpm(2, 30.0)])
        off = entry_of(one.entry.provider, "m", enabled=False)
        assert [gauge.limit for gauge in stage.ledger.status(off).gauges] == [2]
        stage.clock.advance(30)
        assert stage.ledger.status(off).gauges == ()

    def test_few_tokens_left_of_an_unknown_size_make_nothing_too_long(self) -> None:
        stage = Stage()
        stage.ledger.head(stage.take(), [tpm(5, 20.0)])
        assert (stage.refused().reason, stage.wait()) == ("tpm", 20)
        stage.clock.advance(20)
        stage.take()

    @pytest.mark.parametrize("reset,wait", [(30.0, 30.0), (None, 60.0)])
    def test_nothing_left_of_an_unknown_size_is_out_until_the_reset(
        self, reset: float | None, wait: float
    ) -> None:
        stage = Stage()
        stage.ledger.head(stage.take(), [rpm(0, reset)])
        assert (stage.refused().reason, stage.wait()) == ("rpm", wait)

    def test_a_window_that_nobody_named_is_a_cooldown_until_its_reset(self) -> None:
        stage = Stage()
        stage.ledger.head(stage.take(), [rpm(0, 17.0, 50, window=None)])
        assert (stage.refused().reason, stage.wait()) == ("cooldown", 17)
        assert stage.ledger.status(stage.entry).state == "cooling"
        stage.clock.advance(17)
        assert stage.left() == 50

    def test_units_are_not_lost_for_longer_than_the_window(self) -> None:
        """The newest head comes first; the others were in its reading, nobody can know."""
        stage = Stage(limit("rpm", 20))
        burst = [stage.take() for _ in range(10)]
        stage.ledger.head(burst[-1], [rpm(10, 60.0)])
        for one in burst[:-1]:
            stage.ledger.head(one, [rpm(10, 60.0)])
        assert stage.left() == 1
        stage.clock.advance(60)
        assert stage.left() == 20


class TestReserveBeforeSending:
    def test_a_request_that_was_sent_counts_as_one_whatever_came_back(self) -> None:
        stage = Stage(limit("rpm", 5))
        stage.ledger.settle(stage.take())
        judge.fail(stage.ledger, one := stage.take(), "status")
        stage.ledger.settle(one)
        judge.refuse(stage.ledger, one := stage.take(), refusal(Meaning.BAD_REQUEST))
        stage.ledger.settle(one)
        assert stage.left() == 2

    def test_one_that_was_not_sent_does_not(self) -> None:
        stage = Stage(limit("rpm", 1), limit("tpm", 600))
        for _ in range(5):
            stage.ledger.release(stage.take())

    @pytest.mark.parametrize(
        "kind,usage,left",
        [("rolling", (100, 200), 700), ("rolling", None, 399), ("bucket", (1, 1), 998)],
    )
    def test_tokens_are_settled_with_the_real_usage_or_kept_as_estimated(
        self, kind: Kind, usage: tuple[int, int] | None, left: int
    ) -> None:
        stage = Stage(limit("tpm", 1000, kind=kind))
        one = stage.take(Need(cap=600))
        stage.ledger.settle(one, *(usage or ()))
        assert stage.ledger.status(stage.entry).gauges[0].remaining == left

    def test_given_back_on_a_refusal(self) -> None:
        stage = Stage(limit("tpm", 1000))
        judge.refuse(stage.ledger, stage.take(Need(cap=900)), refusal(Meaning.BAD_REQUEST))
        assert stage.ledger.status(stage.entry).gauges[0].remaining == 1000

    def test_booked_to_the_window_in_which_the_request_was_sent(self) -> None:
        stage = Stage(limit("tpm", 1000, kind="clock"), start="2026-11-04T12:00:59")
        one = stage.take(Need(cap=600))
        stage.clock.advance(2)
        stage.take(Need(cap=600))
        stage.ledger.settle(one, 1, 999)
        assert stage.ledger.status(stage.entry).gauges[0].remaining == 399

    @pytest.mark.parametrize(
        "stream,told,usage,left",
        [
            (True, 400, 300, 400),
            (True, 400, 801, 200),
            (False, 400, 300, 400),
            (False, 400, 801, 400),
        ],
    )
    def test_settling_after_a_reading_counts_nothing_twice_and_gives_nothing_too_much(
        self, stream: bool, told: int, usage: int, left: int
    ) -> None:
        """601 were reserved; the head's reading has them in it already."""
        stage = Stage(limit("tpm", 2000))
        one = stage.take(Need(cap=600))
        stage.ledger.head(one, [tpm(told, 30.0)])
        stage.ledger.settle(one, 1, usage - 1, stream=stream)
        assert stage.ledger.status(stage.entry).gauges[0].remaining == left

    def test_a_refusal_after_its_own_reading_gives_no_tokens_back_twice(self) -> None:
        stage = Stage(limit("tpm", 2000))
        one = stage.take(Need(cap=600))
        stage.ledger.head(one, [tpm(500)])
        judge.refuse(stage.ledger, one, refusal(Meaning.OVERLOADED))
        assert stage.ledger.status(stage.entry).gauges[0].remaining == 500

    @pytest.mark.parametrize(
        "need,tokens",
        [
            (Need(prompt_bytes=4000), 1500),
            (Need(prompt_bytes=4001), 1501),
            (Need(prompt_bytes=400, cap=200), 300),
            (Need(prompt_bytes=400, cap=5000), 1100),
            (Need(prompt_bytes=400, images=2, cap=200), 3300),
            (Need(prompt_bytes=400, cap=200, answers=3), 700),
        ],
    )
    def test_the_estimate(self, need: Need, tokens: int) -> None:
        assert Stage().take(need).tokens == tokens

    def test_the_divisor_is_learned_from_real_usage_between_one_and_a_half_and_six(self) -> None:
        stage = Stage()
        for prompt_tokens, most in ((4000, 1.5), (100, 6.0)):
            for _ in range(100):
                one = stage.take(Need(prompt_bytes=4000))
                stage.ledger.settle(one, prompt_tokens, 10)
            assert abs(stage.take().view.facts.divisor - most) < 0.01

    @pytest.mark.parametrize(
        "configured,listed,prompt,reason",
        [
            (1000, Listed(), 4004, "too-long"),
            (1000, Listed(), 4000, ""),
            (None, Listed(context_window=1000), 4004, "too-long"),
            (9000, Listed(context_window=1000), 4004, ""),
        ],
    )
    def test_a_prompt_that_does_not_fit_the_context_window_is_too_long(
        self, configured: int | None, listed: Listed, prompt: int, reason: str
    ) -> None:
        stage = Stage() if configured is None else Stage(context_window=configured)
        stage.ledger.know(stage.entry, listed)
        verdict = stage.ledger.verdict(stage.entry, Need(prompt_bytes=prompt))
        assert (verdict.reason if verdict else "") == reason


class TestLateAndAbsurd:
    @pytest.mark.parametrize("reset", [0.0, -3.0])
    def test_a_reset_in_the_past_means_now(self, reset: float) -> None:
        stage = Stage(limit("rpm", 20))
        stage.ledger.head(stage.take(), [rpm(0, reset)])
        assert stage.left() == 20

    @pytest.mark.parametrize(
        "reading",
        [rpm(10**12), rpm(10**9, 5.0), Reading("model", "requests", "minute"), rpm(None, 12.0)],
    )
    def test_absurd_readings_do_no_harm(self, reading: Reading) -> None:
        stage = Stage(limit("rpm", 20))
        stage.ledger.head(stage.take(), [reading])
        assert stage.ledger.status(stage.entry).gauges[0].remaining >= 19
        assert stage.wait() == 0

    @pytest.mark.parametrize("kind", ["rolling", "clock", "bucket"])
    def test_a_wall_clock_jump_does_not_break_a_window(self, kind: Kind) -> None:
        for jump in (-HOUR, HOUR, -400 * DAY, 400 * DAY):
            stage = Stage(limit("rpm", 1, kind=kind))
            stage.take()
            wait = stage.wait()
            stage.clock.jump(jump)
            assert stage.wait() == wait

    def test_elapsed_time_counts_sleep_included(self) -> None:
        stage = Stage(limit("rpd", 1, kind="rolling"))
        stage.take()
        stage.clock.suspend(DAY)
        stage.take()


class TestStates:
    @pytest.mark.parametrize(
        "meaning,state,reason",
        [
            (Meaning.SILENT, "cooling", "cooldown"),
            (Meaning.WAIT, "cooling", "cooldown"),
            (Meaning.OVERLOADED, "cooling", "cooldown"),
            (Meaning.CREDIT, "off", "no-credit"),
            (Meaning.NO_ALLOWANCE, "off", "no-allowance"),
            (Meaning.BAD_KEY, "off", "bad-key"),
            (Meaning.NO_MODEL, "off", "no-model"),
        ],
    )
    def test_every_refusal_has_its_state(self, meaning: Meaning, state: str, reason: str) -> None:
        stage = Stage()
        stage.refuse(meaning)
        status = stage.ledger.status(stage.entry)
        assert (status.state, status.reason) == (state, reason)
        assert stage.refused().reason == reason

    def test_available_tracking_exhausted_down_and_off(self) -> None:
        assert Stage().ledger.status(Stage().entry).state == "available"
        stage = Stage(limit("rpm", 1))
        assert stage.ledger.status(stage.entry).state == "tracking"
        stage.take()
        assert stage.ledger.status(stage.entry).state == "exhausted"
        stage = Stage()
        judge.fail(stage.ledger, stage.take(), "timeout")
        assert stage.ledger.status(stage.entry).state == "down"
        stage = Stage(enabled=0)
        assert stage.ledger.status(stage.entry).reason == "disabled"
        keyless = entry_of(provider(key=None))
        assert stage.ledger.status(keyless).reason == "no-key"

    def test_a_clear_lifts_whatever_blocks_and_what_was_learned(self) -> None:
        for meaning in (Meaning.BAD_KEY, Meaning.CREDIT, Meaning.SILENT, Meaning.NO_MODEL):
            stage = Stage()
            stage.refuse(meaning)
            stage.ledger.clear(stage.entry)
            assert stage.wait() == 0
        stage = Stage()
        stage.refuse(Meaning.LIMIT, rpm(0, 50.0, 20))
        judge.fail(stage.ledger, one := _hope(stage.ledger, stage.entry), "unreachable")
        stage.ledger.settle(one)
        stage.ledger.clear(stage.entry)
        assert stage.ledger.status(stage.entry).state == "available"

    @pytest.mark.parametrize("kind", ["rolling", "clock", "bucket"])
    def test_but_never_our_own_counts_against_a_configured_limit(self, kind: Kind) -> None:
        stage = Stage(limit("rpm", 10, kind=kind))
        one = [stage.take() for _ in range(4)][-1]
        stage.ledger.head(one, [rpm(0, 50.0, 10)])
        stage.ledger.clear(stage.entry)
        assert stage.left() == 6

    def test_a_clear_while_requests_are_under_way_gives_nothing_back(self) -> None:
        stage = Stage(limit("concurrent", 2), limit("tpm", 3000), limit("rpm", 9, source="preset"))
        one, two = stage.take(), stage.take()
        stage.ledger.clear(stage.entry)
        stage.refused()
        stage.ledger.settle(one, 1, 1)
        stage.ledger.settle(two)
        gauges = {g.dimension: g.remaining for g in stage.ledger.status(stage.entry).gauges}
        assert gauges == {"concurrent": 2, "tokens": 3000 - 2 - 501, "requests": 9}


def _hope(ledger: Ledger, entry: Entry) -> Reservation:
    """A request of another model of the account, whose host it shares."""
    other = entry_of(entry.provider, "other")
    return take(ledger, other)
