"""Quota endpoints: what a provider tells of its limits when asked, at no cost in quota."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from proxy.limits.readings import Reading

_MOST = 10**9
_HOUR, _FIVE_HOURS, _DAY, _WEEK = 3600.0, 18_000.0, 86_400.0, 604_800.0


@dataclass(frozen=True, slots=True)
class Told:
    """What an endpoint said of an account."""

    readings: tuple[Reading, ...] = ()
    windows: Mapping[str, int] = field(default_factory=dict[str, int])
    """The context window in tokens that each loaded model runs with."""
    spent_for: float | None = None
    """Seconds until a limit that has no word is whole again: 0 while some is left, None unknown."""
    no_credit: bool = False


def read_openrouter_key(body: bytes, now: float) -> Told:
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


def read_ollama_usage(body: bytes, now: float) -> Told:
    """Ollama Cloud's `GET /api/usage`: the used share of the session, the week or the month.

    No end of a window is told. A session ends whenever the epoch's seconds are a multiple of five
    hours, a week on Monday, 00:00 UTC (ollama/ollama#12532, 2026-08-10); the month of plans since
    2026-09 on a day that only the account knows (fgrehm/pi-ollama-cloud#53).
    """
    limits = _table(_table(_json(body)).get("limits"))
    shares = {name: _share(_table(limits.get(name)).get("usage")) for name in _OLLAMA_ENDS}
    known = {name: share for name, share in shares.items() if share is not None}
    if not known:
        return Told()
    ends = (_OLLAMA_ENDS[name](now) for name, share in known.items() if share >= 1)
    return Told(spent_for=max(ends, default=0.0))


def _to_monday(now: float) -> float:
    """The epoch began on a Thursday."""
    return _WEEK - (now - 4 * _DAY) % _WEEK


_OLLAMA_ENDS: Mapping[str, Callable[[float], float]] = {
    "session": lambda now: _FIVE_HOURS - now % _FIVE_HOURS,
    "weekly": _to_monday,
    # Asked again long before that, and put off again if it is still spent.
    "monthly": lambda now: _HOUR,
}
"""Seconds until a window is over, from wall time."""


def read_deepseek_balance(body: bytes, now: float) -> Told:
    """DeepSeek's `GET /user/balance`: whether it suffices for a call.

    Source: api-docs.deepseek.com/api/get-user-balance.
    """
    return Told(no_credit=_table(_json(body)).get("is_available") is False)


def read_ollama_ps(body: bytes, now: float) -> Told:
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


ENDPOINTS: Mapping[str, Callable[[bytes, float], Told]] = {
    "/key": read_openrouter_key,
    "/../api/ps": read_ollama_ps,
    "/../api/usage": read_ollama_usage,
    "/../user/balance": read_deepseek_balance,
}
"""By `Preset.quota_path`: a body and wall time in, what it says out."""


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


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _MOST else None
