"""Quota endpoints: what a provider tells of its limits when asked, at no cost in quota."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from proxy.limits.readings import Reading

_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Told:
    """Readings of limits, and the context window that each loaded model runs with."""

    readings: tuple[Reading, ...] = ()
    windows: Mapping[str, int] = field(default_factory=dict[str, int])


def read_openrouter_key(body: bytes) -> Told:
    """OpenRouter's `GET /key`: the free models' requests of this UTC day, over all of them.

    Source: OpenRouterTeam/docs, api_reference/limits.mdx, October 2026. The minute's limit is not
    in it, and the old `rate_limit` object is dead. `limit_remaining` speaks of credit, not of a
    rate, and is left alone.
    """
    daily = _table(_table(_table(_json(body)).get("data")).get("free_model_daily_requests"))
    limit, remaining = _count(daily.get("limit")), _count(daily.get("remaining"))
    used = _count(daily.get("used"))
    if remaining is None and limit is not None and used is not None:
        remaining = max(0, limit - used)
    if remaining is None or limit == 0:
        return Told()
    return Told(
        (Reading("pool", "requests", "day", limit=limit, remaining=remaining, pool="*:free"),)
    )


def read_ollama_ps(body: bytes) -> Told:
    """Ollama's `GET /api/ps`: the loaded models and the window that each was loaded with.

    It may be far smaller than the model's own, and Ollama cuts a longer prompt without a word.
    """
    models = _table(_json(body)).get("models")
    windows: dict[str, int] = {}
    for row in cast("list[object]", models) if isinstance(models, list) else []:
        fields = _table(row)
        window = _count(fields.get("context_length"))
        for name in (fields.get("name"), fields.get("model")):
            if isinstance(name, str) and window:
                windows[name] = window
                windows[name.removesuffix(":latest")] = window
    return Told(windows=windows)


ENDPOINTS: Mapping[str, Callable[[bytes], Told]] = {
    "/key": read_openrouter_key,
    "/../api/ps": read_ollama_ps,
}
"""By `Preset.quota_path`."""


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return max(0, value) if value < _MOST else None
