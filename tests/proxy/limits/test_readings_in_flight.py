"""What a reading cannot know of, and what it tells more exactly than its numbers say.

Each was found by `python -m tests.harvest`.
"""

from __future__ import annotations

from math import isclose

from proxy.limits import judge
from proxy.limits.demand import Need
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning, Reading
from proxy.limits.refusals import classify
from proxy.limits.status import Verdict
from proxy.model import Entry
from proxy.providers.presets import load_presets
from tests.proxy.limits.accounts import entry_of, limit, provider, refusal, refused, take, take_all
from tests.proxy.limits.clock import FakeClock


def left(ledger: Ledger, entry: Entry) -> int:
    (gauge,) = ledger.status(entry).gauges
    return gauge.remaining


def told(remaining: int, size: int = 6, reset: float | None = None) -> list[Reading]:
    return [Reading("model", "requests", "minute", size, remaining, reset)]


def six_a_minute() -> tuple[FakeClock, Ledger, Entry]:
    clock = FakeClock("2026-11-04T12:00:01")
    ledger = Ledger(clock)
    entry = entry_of(provider(kinds={"minute": "clock"}), "m", limit("rpm", 6, kind="clock"))
    ledger.configure([entry])
    return clock, ledger, entry


def test_a_late_head_does_not_forget_what_overtook_it() -> None:
    clock, ledger, entry = six_a_minute()
    plain, stream = take(ledger, entry), take(ledger, entry)
    clock.advance(0.1)
    ledger.head(stream)
    ledger.succeed(stream)
    clock.advance(0.5)
    ledger.head(plain, told(5))

    assert left(ledger, entry) == 4


def test_what_one_reading_counted_twice_the_next_does_not_miss() -> None:
    clock, ledger, entry = six_a_minute()
    plain = [take(ledger, entry) for _ in range(3)]
    streams = [take(ledger, entry) for _ in range(3)]
    clock.advance(0.1)
    for stream in streams:
        ledger.head(stream)
    # The second plain answer comes first; the one before it is in its reading and under way.
    for place in (1, 0, 2):
        clock.advance(0.1)
        ledger.head(plain[place], told(5 - place))
        assert left(ledger, entry) == 0


def bucket_of_six() -> tuple[FakeClock, Ledger, Entry]:
    clock = FakeClock()
    ledger = Ledger(clock)
    entry = entry_of(provider(kinds={"minute": "bucket"}), "m", limit("rpm", 6, kind="bucket"))
    ledger.configure([entry])
    return clock, ledger, entry


def test_a_refusal_knows_of_what_was_sent_before_it() -> None:
    clock, ledger, entry = bucket_of_six()
    under_way = [take(ledger, entry) for _ in range(3)]
    unlucky = take(ledger, entry)
    judge.refuse(ledger, unlucky, refusal(Meaning.LIMIT, *told(0)))
    for one in (unlucky, *under_way):
        ledger.settle(one)

    # One unit comes back in ten seconds, whatever was under way: it was in the count already.
    clock.advance(10.01)
    assert len(take_all(ledger, entry)) == 1


def test_a_bucket_is_out_no_longer_than_its_refusal_said() -> None:
    clock, ledger, entry = bucket_of_six()
    unlucky = take(ledger, entry)
    judge.refuse(ledger, unlucky, refusal(Meaning.LIMIT, *told(0), wait=3.8))
    ledger.settle(unlucky)
    until = refused(ledger, entry).until

    # A whole unit takes ten seconds: most of one was there.
    assert until is not None
    assert isclose(until - clock.now(), 3.8)


def test_a_bucket_s_reset_tells_the_fraction_of_its_remainder() -> None:
    clock, ledger, entry = bucket_of_six()
    # 6 a minute, 0.8 left: full in 52 s.
    ledger.head(take(ledger, entry), told(0, reset=52.0))

    assert isinstance(ledger.reserve(entry, Need()), Verdict)
    clock.advance(2.01)
    assert not isinstance(ledger.reserve(entry, Need()), Verdict)


def test_a_rolling_unit_comes_back_a_minute_after_it_can_have_arrived() -> None:
    clock = FakeClock()
    ledger = Ledger(clock)
    entry = entry_of(provider(), "m", limit("rpm", 1))
    ledger.configure([entry])
    only = take(ledger, entry)
    clock.advance(0.03)
    ledger.head(only)
    ledger.settle(only)
    clock.advance(59.98)

    assert isinstance(ledger.reserve(entry, Need()), Verdict)
    clock.advance(0.03)
    assert not isinstance(ledger.reserve(entry, Need()), Verdict)


def test_the_finer_of_two_tellings_of_one_wait_counts() -> None:
    body = (
        b'{"error": {"message": "Rate limit reached for model `m` in organization `o` on requests '
        b'per minute (RPM): Limit 12, Used 12, Requested 1. Please try again in 3.8s.", '
        b'"type": "requests", "code": "rate_limit_exceeded"}}'
    )
    understood = classify(
        load_presets()["groq"],
        status=429,
        headers={"retry-after": "4"},
        body=body,
        model="m",
        now=1_795_348_830.0,
    )

    assert understood.wait == 3.8


def forty_a_minute() -> tuple[FakeClock, Ledger, Entry]:
    clock = FakeClock("2026-11-04T12:00:00")
    ledger = Ledger(clock)
    entry = entry_of(provider(), "m", limit("rpm", 40))
    ledger.configure([entry])
    for one in take_all(ledger, entry):
        ledger.head(one)
        ledger.succeed(one)
        ledger.settle(one)
    clock.advance(60.5)
    return clock, ledger, entry


def refuse_silently(ledger: Ledger, entry: Entry) -> None:
    one = take(ledger, entry)
    judge.refuse(ledger, one, refusal(Meaning.SILENT))
    ledger.settle(one)


def test_units_that_came_back_too_early_are_out_for_a_second_not_for_a_minute() -> None:
    # A loaded machine sent the forty later than they were booked: the provider counts them still.
    clock, ledger, entry = forty_a_minute()
    refuse_silently(ledger, entry)

    assert left(ledger, entry) == 0
    assert refused(ledger, entry).until == clock.now() + 1.0
    clock.advance(1.0)
    assert len(take_all(ledger, entry)) == 39


def test_refused_once_more_the_minute_is_spent() -> None:
    clock, ledger, entry = forty_a_minute()
    refuse_silently(ledger, entry)
    clock.advance(1.0)
    refuse_silently(ledger, entry)

    assert refused(ledger, entry).until == clock.now() + 60.0


def test_what_came_back_long_ago_is_somebody_else_s() -> None:
    clock, ledger, entry = forty_a_minute()
    clock.advance(2.0)
    refuse_silently(ledger, entry)

    assert refused(ledger, entry).until == clock.now() + 60.0
