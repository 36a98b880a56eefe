"""Header dialects: what each provider's names mean, and what nobody may guess."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from math import isfinite

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from proxy.limits.dialects import DIALECTS
from proxy.limits.headers import read_headers, stated_wait
from proxy.limits.readings import Heard, Reading
from proxy.limits.spellings import LONGEST
from proxy.providers.presets import load_presets

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
PRESETS = load_presets()


def hear(preset: str, headers: dict[str, str], model: str = "m") -> Heard:
    return read_headers(PRESETS[preset], headers, status=200, model=model, now=NOW)


def pair(limit: str, remaining: str, suffix: str, reset: str = "") -> dict[str, str]:
    told = {f"x-ratelimit-limit-{suffix}": limit, f"x-ratelimit-remaining-{suffix}": remaining}
    return told | ({f"x-ratelimit-reset-{suffix}": reset} if reset else {})


@pytest.mark.parametrize(
    "preset, window",
    [
        ("groq", "day"),
        ("openai", "minute"),
        ("azure", "minute"),
        ("scaleway", "minute"),
        ("sambanova", "minute"),
        ("nebius", "minute"),
        ("fireworks", "minute"),
        ("openai-compatible", None),
        ("gemini", None),
    ],
)
def test_the_same_name_means_another_window(preset: str, window: str | None) -> None:
    heard = hear(preset, pair("60", "59", "requests", "2s"))
    (reading,) = heard.readings
    assert (reading.scope, reading.dimension, reading.window) == ("model", "requests", window)
    assert (reading.limit, reading.remaining, reading.reset) == (60, 59, 2.0)
    assert heard.garbage == 0


@pytest.mark.parametrize("preset", ["openai-compatible", "cerebras", "groq", "zai", "together"])
@pytest.mark.parametrize("window", ["minute", "hour", "day", "month"])
@pytest.mark.parametrize("dimension", ["requests", "tokens"])
def test_names_that_carry_their_window_need_no_table(
    preset: str, window: str, dimension: str
) -> None:
    heard = hear(preset, pair("9", "8", f"{dimension}-{window}", "1.5"))
    (reading,) = heard.readings
    assert (reading.dimension, reading.window, reading.reset) == (dimension, window, 1.5)


@pytest.mark.parametrize(
    "name, dimension, window",
    [
        ("x-ratelimit-remaining", "requests", None),
        ("ratelimit-remaining", "requests", None),
        ("x-ratelimit-remaining-minute", "requests", "minute"),
        ("x-rate-limit-remaining-tokens-day", "tokens", "day"),
        ("anthropic-ratelimit-requests-remaining", "requests", None),
        ("x-ratelimit-daily-remaining-tokens", "tokens", "day"),
    ],
)
def test_generic_names(name: str, dimension: str, window: str | None) -> None:
    (reading,) = hear("openai-compatible", {name: "4"}).readings
    assert (reading.dimension, reading.window, reading.remaining) == (dimension, window, 4)


@pytest.mark.parametrize(
    "name",
    [
        "x-ratelimit-over-limit",
        "x-ratelimit-limit-input-tokens",
        "x-ratelimit-limit-second",
        "x-ratelimit-type",
        "x-ratelimit-remaining-limit",
        "x-ratelimit-tokens-query-cost",
        "x-ratelimit-limit-" + "minute-" * 30,
        "ratelimit",
        "ratelimit-policy",
    ],
)
def test_a_foreign_word_makes_a_header_unknown_not_garbage(name: str) -> None:
    assert hear("openai-compatible", {name: "4"}) == Heard()


@pytest.mark.parametrize(
    "limit, model, expected",
    [
        ("50", "a/b:free", ("pool", "*:free", "day")),
        ("1000", "a/b:free", ("pool", "*:free", "day")),
        ("20", "a/b:free", ("pool", "*:free", "minute")),
        ("16", "a/b:free", ("pool", "*:free", "minute")),
        ("50", "a/b", ("model", "", "day")),
    ],
)
def test_openrouter_tells_its_limiter_by_size(
    limit: str, model: str, expected: tuple[str, str, str]
) -> None:
    headers = {
        "X-RateLimit-Limit": limit,
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": f"{(NOW + 60) * 1000:.0f}",
    }
    (reading,) = hear("openrouter", headers, model).readings
    assert (reading.scope, reading.pool, reading.window) == expected
    assert reading.reset == 60.0


def test_a_limit_of_a_billion_is_none() -> None:
    heard = hear("cerebras", pair("1000000000", "999997455", "requests-day", "33011.3"))
    assert heard == Heard()


def test_a_limit_of_nothing_is_no_reading() -> None:
    assert hear("mistral", pair("0", "0", "req-minute")) == Heard()


def test_below_zero_left_is_zero_left() -> None:
    (reading,) = hear("groq", pair("30", "-3", "requests")).readings
    assert reading.remaining == 0


@pytest.mark.parametrize("reset", ["0", "-5", "-1m30s", "1000000000"])
def test_a_reset_in_the_past_is_now(reset: str) -> None:
    heard = hear("groq", pair("30", "0", "requests", reset))
    assert heard == Heard((Reading("model", "requests", "day", 30, 0, 0.0),))


@pytest.mark.parametrize(
    "headers, reading, garbage",
    [
        (pair("x", "y", "requests", "z"), None, 3),
        (pair("-1", "3", "requests"), Reading("model", "requests", "day", None, 3), 1),
        (pair("30", "31", "requests"), Reading("model", "requests", "day", 30), 1),
        (pair("30", "1e3", "requests"), Reading("model", "requests", "day", 30), 1),
        (
            pair("30", "29", "requests", "99999999"),
            Reading("model", "requests", "day", 30, 29),
            1,
        ),
        (pair("30", "２９", "requests"), Reading("model", "requests", "day", 30), 1),
    ],
)
def test_garbage_is_counted_and_spoils_nothing_else(
    headers: dict[str, str], reading: Reading | None, garbage: int
) -> None:
    heard = hear("groq", headers)
    assert heard.readings == (() if reading is None else (reading,))
    assert heard.garbage == garbage


def test_of_two_limits_of_one_kind_the_tighter_holds() -> None:
    headers = pair("150000", "149984", "tokens") | pair("60000", "57000", "project-tokens", "3s")
    expected = (Reading("model", "tokens", "minute", 60000, 57000, 3.0),)
    assert hear("openai", headers).readings == expected
    assert hear("openai", dict(reversed(headers.items()))).readings == expected


def test_names_in_any_case_and_any_mapping() -> None:
    headers = {name.upper(): value for name, value in pair("9", "8", "requests").items()}
    proxy = CIMultiDictProxy(CIMultiDict(headers))
    assert hear("groq", headers).readings == (Reading("model", "requests", "day", 9, 8),)
    assert read_headers(PRESETS["groq"], proxy, status=200, model="m", now=NOW) == hear(
        "groq", headers
    )


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "7.5"}, 7.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:30 GMT"}, 1.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after-ms": "2500", "retry-after": "3"}, 2.5),
        ({"x-ms-retry-after-ms": "37000"}, 37.0),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
        ({"x-ratelimit-timeremaining": "5631"}, 5631.0),
        ({"retry-after": "-1"}, 1.0),
        ({"retry-after-ms": "-2500"}, 1.0),
        ({"retry-after": "-soon"}, None),
        ({"retry-after": "9999999"}, None),
        ({"retry-after": "nan"}, None),
        ({"x-should-retry": "false"}, None),
        ({}, None),
    ],
)
def test_stated_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert stated_wait(headers, NOW) == seconds


NAMES = st.sampled_from(
    [
        *sorted({name for dialect in DIALECTS.values() for name in dialect.cells}),
        "x-ratelimit-remaining-tokens-hour",
        "x-ratelimit-limit-requests-month",
        "date",
    ]
)
VALUES = st.one_of(
    st.text(max_size=30),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.sampled_from(["1s", "2m", "0", "nan", "Sun, 22 Nov 2026 12:00:30 GMT"]),
)


# The first text of a fresh checkout builds hypothesis' tables of characters, which takes seconds.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PRESETS)), st.dictionaries(NAMES, VALUES, max_size=8))
def test_any_headers_give_sane_readings(preset: str, headers: dict[str, str]) -> None:
    heard = hear(preset, headers, "x:free")
    assert heard == hear(preset, headers, "x:free")
    wait = stated_wait(headers, NOW)
    assert wait is None or 1 <= wait <= LONGEST
    for reading in heard.readings:
        assert reading.limit is None or 0 < reading.limit < 10**9
        assert reading.remaining is None or 0 <= reading.remaining <= (reading.limit or 10**9)
        assert reading.reset is None or (isfinite(reading.reset) and 0 <= reading.reset <= LONGEST)


def test_an_answer_that_says_nothing_costs_nothing() -> None:
    headers = CIMultiDictProxy(CIMultiDict((f"X-Unrelated-{i}", "value") for i in range(15)))
    preset = PRESETS["groq"]

    def once() -> float:
        start = time.perf_counter()
        for _ in range(1000):
            read_headers(preset, headers, status=200, model="m", now=NOW)
        return (time.perf_counter() - start) / 1000

    # Measured at 3 microseconds; the bound leaves room for a busy machine.
    assert min(once() for _ in range(5)) < 50e-6
