"""The last hour of each entry, in bounded memory."""

from __future__ import annotations

import pytest

from app.admin import health
from app.admin.health import HOUR, LastHour
from proxy.events import Attempt
from tests.store.made import FakeClock, request


def tried(entry: str, word: str, duration: float = 100.0, first: float | None = None) -> Attempt:
    return Attempt(entry, word, None, 0.0, duration, first, "")


def test_attempts_are_told_apart() -> None:
    clock = FakeClock()
    last_hour = LastHour(clock)
    words = ("ok", "ok", "429", "500", "timeout", "left")
    for word in words:
        last_hour.note(request(attempts=(tried("a/m", word, first=5.0),)))

    found = last_hour.health(["a/m"])
    assert (found.attempts, found.refused, found.failed) == (6, 1, 2)
    assert found.error_rate == 2 / 5
    assert found.first_token_p50_ms == 5.0
    assert last_hour.health(["b/m"]) == LastHour.nothing()


def test_percentiles_are_of_what_was_served() -> None:
    last_hour = LastHour(FakeClock())
    for duration in range(100):
        last_hour.note(request(attempts=(tried("a/m", "ok", float(duration)),)))
    last_hour.note(request(attempts=(tried("a/m", "500", 1e9),)))

    found = last_hour.health(["a/m"])
    assert (found.p50_ms, found.p95_ms) == (50.0, 95.0)


def test_an_hour_later_nothing_is_left() -> None:
    clock = FakeClock()
    last_hour = LastHour(clock)
    last_hour.note(request(attempts=(tried("a/m", "ok"),)))
    assert last_hour.requests_per_minute() == 1

    clock.time += 61
    assert last_hour.requests_per_minute() == 0
    assert last_hour.health(["a/m"]).attempts == 1
    clock.time += HOUR
    assert last_hour.health(["a/m"]).attempts == 0


def test_names_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_MOST_ENTRIES", 3)
    clock = FakeClock()
    last_hour = LastHour(clock)
    for number in range(10):
        clock.time += 1
        last_hour.note(request(attempts=(tried(f"a/{number}", "ok"),)))

    kept = [number for number in range(10) if last_hour.health([f"a/{number}"]).attempts]
    assert kept == [7, 8, 9]
