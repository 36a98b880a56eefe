"""What quota endpoints tell."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.limits.readings import Reading
from proxy.providers.presets import load_presets
from proxy.providers.quota import ENDPOINTS, read_ollama_ps, read_openrouter_key


def _key(daily: Any) -> bytes:
    return orjson.dumps({"data": {"is_free_tier": True, "free_model_daily_requests": daily}})


def test_openrouter_tells_the_free_day() -> None:
    told = read_openrouter_key(_key({"used": 12, "limit": 50, "remaining": 38}))
    assert told.readings == (
        Reading("pool", "requests", "day", limit=50, remaining=38, pool="*:free"),
    )


def test_what_remains_is_worked_out_where_it_is_left_out() -> None:
    told = read_openrouter_key(_key({"used": 60, "limit": 50}))
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
    assert read_openrouter_key(body).readings == ()
    assert read_ollama_ps(body).windows == {}


def test_ollama_tells_the_window_it_runs() -> None:
    body = {"models": [{"name": "qwen3:latest", "model": "qwen3:latest", "context_length": 8192}]}
    assert read_ollama_ps(orjson.dumps(body)).windows == {"qwen3:latest": 8192, "qwen3": 8192}


def test_every_quota_path_of_the_presets_has_a_reader() -> None:
    paths = {preset.quota_path for preset in load_presets().values() if preset.quota_path}
    assert paths <= set(ENDPOINTS)
    assert "/key" in paths
