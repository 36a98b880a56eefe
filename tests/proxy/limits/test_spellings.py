"""The nine spellings of a reset, and everything that only looks like one."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isclose, isfinite

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.limits.spellings import (
    LONGEST,
    parse_count,
    parse_duration,
    parse_moment,
    parse_reset,
    read_prose,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


def near(seconds: float | None, expected: float | None) -> bool:
    if seconds is None or expected is None:
        return seconds is expected
    return isclose(seconds, expected, abs_tol=1e-6)


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("2m59.56s", 179.56),
        ("370ms", 0.37),
        ("4h17m", 15420.0),
        ("6m0s", 360.0),
        ("1d2h", 93600.0),
        ("34s", 34.0),
        ("250ms", 0.25),
        ("500us", 0.0005),
        ("33011.382867097855", 33011.382867097855),
        ("60", 60.0),
        ("0", 0.0),
        (" 60 ", 60.0),
        (f"{NOW + 90:.0f}", 90.0),
        (f"{(NOW + 90) * 1000:.0f}", 90.0),
        (f"{NOW - 90:.0f}", 0.0),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 11:01:00 GMT", 0.0),
        ("Sunday, 22-Nov-26 12:01:00 GMT", 60.0),
        ("Sun Nov 22 12:01:00 2026", 60.0),
        ("Sun Nov  1 12:01:00 2026", 0.0),
        ("2026-11-22T12:00:30Z", 30.0),
        ("2026-11-22T12:00:30.123Z", 30.0),
        ("2026-11-22T20:00:30+08:00", 30.0),
        ("2026-11-23", 43200.0),
    ],
)
def test_spelling_of_a_reset(text: str, seconds: float) -> None:
    assert near(parse_reset(text, NOW), seconds)


def test_wall_clock_text_is_read_in_its_zone() -> None:
    assert parse_reset("2026-11-22 20:00:30", NOW, "Asia/Shanghai") == 30.0
    assert parse_moment("2026-07-01 00:00", "America/Los_Angeles") == (
        datetime(2026, 7, 1, 7, tzinfo=UTC).timestamp()
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-5",
        "-1m",
        "nan",
        "inf",
        "1e3",
        "1_000",
        "０１２",
        "٣",
        "0x10",
        "+5",
        "5 s",
        "1.2.3s",
        "s",
        "1m2",
        "33d",
        "2764801",
        f"{NOW + 33 * 86400:.0f}",
        "2026-02-31",
        "2026-11-22T25:00:00Z",
        "0000-00-00",
        "Sun, 22 Nov 2026 12:01:00 CET",
        "Sun, 31 Feb 2026 12:01:00 GMT",
        "soon",
        "9" * 400,
        "1" * 16 + "h",
    ],
)
def test_garbage_is_no_reset(text: str) -> None:
    assert parse_reset(text, NOW) is None


@pytest.mark.parametrize(
    "text, count",
    [("0", 0), ("14400", 14400), ("-3", -3), ("12.9", 12), ("1e3", None), ("1_0", None)],
)
def test_count(text: str, count: int | None) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("Please try again in 9m38.016s. Need more tokens?", 578.016),
        ("Please try again in 370ms.", 0.37),
        ("Please retry in 56.185908122s.", 56.185908122),
        ("Please retry after 37 seconds", 37.0),
        ("Please wait 5631 seconds before retrying.", 5631.0),
        ("Rate limit exceeded. Retry after 1 seconds.", 1.0),
        ("try again in 1 hour and 5 minutes", 3900.0),
        ("Your quota resets in 2 days, 3 hours", 183600.0),
        ("Try again in about 20 minutes", 1200.0),
        ("Your limit will reset at 2026-11-22 20:05:00", 28800.0 + 300.0),
        ("please try again later", None),
        ("wait a moment", None),
        ("try again in 40 days", None),
        ("the year 2026-11-22 was fine", None),
    ],
)
def test_prose(text: str, seconds: float | None) -> None:
    assert near(read_prose(text, NOW), seconds)


@given(st.text(max_size=80))
@example("9999-99-99 99:99:99")
@example("9999-12-31T23:59:60-23:59")
@example("0001-01-01T00:00:00+23:59")
def test_any_text_is_a_sane_wait_or_none(text: str) -> None:
    for zone in ("UTC", "Asia/Shanghai", "America/Los_Angeles"):
        for seconds in (parse_reset(text, NOW, zone), read_prose(text, NOW, zone)):
            assert seconds is None or (isfinite(seconds) and 0 <= seconds <= LONGEST)


@given(st.integers(0, 700), st.integers(0, 59), st.decimals(0, 59, places=3, allow_nan=False))
def test_durations_add_up(hours: int, minutes: int, seconds: object) -> None:
    parsed = parse_duration(f"{hours}h{minutes}m{seconds}s")
    assert near(parsed, hours * 3600 + minutes * 60 + float(str(seconds)))
