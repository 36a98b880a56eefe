"""What quota endpoints tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from proxy.limits.readings import Reading
from proxy.providers.presets import load_presets
from proxy.providers.quota import (
    ENDPOINTS,
    Told,
    read_deepseek_balance,
    read_ollama_ps,
    read_ollama_usage,
    read_openrouter_key,
)

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC).timestamp()
"""A Sunday; five hours from the epoch end at 13:00 that day."""


def _key(daily: Any) -> bytes:
    return orjson.dumps({"data": {"is_free_tier": True, "free_model_daily_requests": daily}})


def test_openrouter_tells_the_free_day() -> None:
    told = read_openrouter_key(_key({"used": 12, "limit": 50, "remaining": 38}), NOW)
    assert told.readings == (
        Reading("pool", "requests", "day", limit=50, remaining=38, pool="*:free"),
    )


def test_what_remains_is_worked_out_where_it_is_left_out() -> None:
    told = read_openrouter_key(_key({"used": 60, "limit": 50}), NOW)
    assert told.readings[0].remaining == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"data": null}',
        b'{"data": {"rate_limit": {"requests": -1}}}',
        _key(None),
        _key({"limit": "50", "remaining": True}),
        _key({"limit": 0, "remaining": 0}),
        _key({"limit": 10**12, "remaining": 10**12}),
    ],
)
def test_anything_else_says_nothing(body: bytes) -> None:
    for read in ENDPOINTS.values():
        assert read(body, NOW) == Told()


def test_ollama_tells_the_window_it_runs() -> None:
    body = {"models": [{"name": "qwen3:latest", "model": "qwen3:latest", "context_length": 8192}]}
    assert read_ollama_ps(orjson.dumps(body), NOW).windows == {"qwen3:latest": 8192, "qwen3": 8192}


@pytest.mark.parametrize(
    "limits,seconds",
    [
        ({"session": {"usage": 0.046}, "weekly": {"usage": 0.051}}, 0),
        ({"session": {"usage": 1.0}, "weekly": {"usage": 0.9}}, 18_000 - NOW % 18_000),
        ({"session": {"usage": 1.02}, "weekly": {"usage": 1}}, 11.5 * 3600),
        ({"session": {"usage": None}, "weekly": {"usage": 1.0}}, 11.5 * 3600),
        ({"monthly": {"usage": 0.2}}, 0),
        ({"monthly": {"usage": 1.0}}, 3600),
        ({"session": {"usage": None}}, None),
        ({"session": {"usage": "1.0"}, "weekly": {"usage": -1}}, None),
        ({"session": {"usage": True}}, None),
        (None, None),
    ],
)
def test_ollama_cloud_tells_that_a_window_is_spent_its_end_is_known(
    limits: Any, seconds: float | None
) -> None:
    told = read_ollama_usage(orjson.dumps({"activity": {}, "limits": limits}), NOW)
    assert told.spent_for == seconds


@pytest.mark.parametrize("available,no_credit", [(True, False), (False, True), ("no", False)])
def test_deepseek_tells_that_the_balance_is_spent(available: Any, no_credit: bool) -> None:
    body = {"is_available": available, "balance_infos": [{"total_balance": "0.00"}]}
    assert read_deepseek_balance(orjson.dumps(body), NOW).no_credit is no_credit


def test_every_quota_path_of_the_presets_has_a_reader() -> None:
    paths = {preset.quota_path for preset in load_presets().values() if preset.quota_path}
    assert paths <= set(ENDPOINTS)
    assert "/key" in paths
