"""Numbers and times in a person's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app import words
from app.admin.health import LastHour
from app.snapshot import EntryLimits, Gauge

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "number, text",
    [
        (0, "0"),
        (9_999, "9999"),
        (10_000, "10K"),
        (41_999, "41K"),
        (618_000, "618K"),
        (1_000_000, "1M"),
        (1_949_999, "1.94M"),
        (1_200_000, "1.2M"),
        (3_000_000_000, "3G"),
    ],
)
def test_counts_are_rounded_down(number: int, text: str) -> None:
    assert words.count(number) == text


@pytest.mark.parametrize(
    "amount, text",
    [(None, "–"), (0.0, "$0.00"), (0.00012, "$0.0001"), (4.721, "$4.72"), (1234.5, "$1,234.50")],
)
def test_dollars(amount: float | None, text: str) -> None:
    assert words.dollars(amount) == text


@pytest.mark.parametrize(
    "part, text", [(None, "–"), (0.0, "0%"), (0.004, "<1%"), (0.384, "38%"), (1.0, "100%")]
)
def test_shares(part: float | None, text: str) -> None:
    assert words.share(part) == text


@pytest.mark.parametrize(
    "milliseconds, text",
    [(None, "–"), (180, "0.18s"), (9_996, "10.0s"), (14_200, "14.2s"), (134_000, "2m 14s")],
)
def test_durations(milliseconds: float | None, text: str) -> None:
    assert words.duration(milliseconds) == text


@pytest.mark.parametrize(
    "seconds, text",
    [(0, "0 s"), (42, "42 s"), (1_560, "26 min"), (35_700, "9h 55m"), (300_000, "3 days")],
)
def test_spans(seconds: float, text: str) -> None:
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    "later, text",
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=42), "42s"),
        (timedelta(hours=2, minutes=31), "14:31"),
        (timedelta(days=2, hours=-4), "Tue 08:00"),
        (timedelta(days=9), "1 Dec"),
    ],
)
def test_moments(later: timedelta, text: str) -> None:
    assert words.moment(NOON + later, NOON, UTC) == text


def gauge(remaining: int, limit: int, resets: int | None = None) -> Gauge:
    at = None if resets is None else NOON + timedelta(seconds=resets)
    return Gauge(
        "model", "", "requests", "minute", "rolling", limit, remaining, at, "header", False
    )


def test_the_leading_gauge_is_the_spent_one_that_is_back_last_else_the_fullest() -> None:
    def leading(*gauges: Gauge) -> Gauge | None:
        entry = EntryLimits("a/b", "tracking", None, None, gauges, LastHour.nothing())
        return words.leading_gauge(entry)

    assert leading() is None
    assert leading(gauge(9, 10), gauge(1, 10)) == gauge(1, 10)
    assert leading(gauge(0, 10, 5), gauge(0, 10, 50), gauge(1, 10)) == gauge(0, 10, 50)
    assert words.gauge_in_words(gauge(31, 50)) == "31/50 rpm"
