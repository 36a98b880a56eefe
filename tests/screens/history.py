"""The requests of the mock-ups, with their attempts, and as many more as a test wants."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.request_snapshot import Attempt, Landed, Request, RequestDetail, StatsRow
from app.snapshot import Outcome
from tests.screens.scene import CEREBRAS, GEMINI, GPT, LAB, LLAMA, NOW, NVIDIA, OPENROUTER

_SIGNS = {"·": "skipped:rph", "×": "429", "!": "timeout", "▶": "ok"}

_F = (CEREBRAS, LLAMA, OPENROUTER)
_LOG: tuple[tuple[str, str, str, tuple[str, ...], int, int, float | None, float], ...] = (
    ("14:04:29.104", "free", "··▶", _F, 1240, 312, 0.61, 2.41),
    ("14:04:27.530", "code", "▶", (GPT,), 1420, 312, 0.38, 3.02),
    ("14:04:21.318", "free", "·×▶", _F, 2016, 188, 0.72, 1.94),
    ("14:04:18.002", "code", "▶", (GPT,), 412, 97, 0.29, 0.61),
    ("14:04:12.740", "free", "·▶", (CEREBRAS, LLAMA), 3040, 221, 0.24, 0.88),
    ("14:03:58.410", "free", "·▶", (CEREBRAS, LLAMA), 8105, 460, 0.26, 1.31),
    ("14:03:51.077", "free", "·!!▶", (*_F, GEMINI), 23_400, 701, 1.08, 6.90),
    ("14:03:40.903", "code", "▶", (GPT,), 2002, 610, 0.41, 3.66),
    ("14:03:33.215", "code", "▶", (GPT,), 3310, 87, 0.35, 4.10),
    ("14:03:20.660", "free", "·▶", (CEREBRAS, LLAMA), 318, 54, 0.22, 0.40),
    ("14:03:02.381", "free", "▶", (CEREBRAS,), 2750, 832, 0.19, 0.72),
    ("14:02:47.119", "free", "▶", (CEREBRAS,), 980, 240, 0.17, 0.39),
    ("14:02:31.846", "code", "!·▶", (GPT, NVIDIA, LAB), 5120, 640, 0.90, 14.2),
    ("14:02:30.002", "free", "▶", (CEREBRAS,), 1430, 377, 0.18, 0.46),
    ("14:02:11.590", "code", "×!!", (GPT, NVIDIA, LAB), 760, 0, None, 35.2),
    ("14:01:55.274", "code", "▶", (GPT,), 660, 120, 0.31, 0.70),
    ("14:01:49.631", "free", "▶", (CEREBRAS,), 1210, 344, 0.20, 0.51),
    ("14:01:30.050", "free", "▶", (CEREBRAS,), 1210, 12, 0.20, 0.33),
    ("14:01:12.733", "free", "▶", (CEREBRAS,), 1100, 220, 0.21, 0.48),
    ("13:41:02.118", "free", "··×▶", (*_F, GEMINI), 900, 120, 0.90, 2.20),
)
_CHAINS = {
    "free": (
        CEREBRAS,
        LLAMA,
        OPENROUTER,
        GEMINI,
        "mistral/mistral-medium-2508",
        "zai/glm-4.5-flash",
    ),
    "code": (GPT, NVIDIA, LAB),
}
TOTAL = 12_408
"""Requests in the log, as its daily totals say."""


def _row(number: int) -> RequestDetail:
    clock, chain, signs, asked, tokens_in, tokens_out, first, total = _LOG[number]
    served = signs.endswith("▶")
    trail = [(entry, _SIGNS[sign]) for entry, sign in zip(asked, signs, strict=True)]
    trail += [(entry, "not-tried") for entry in _CHAINS[chain][len(asked) :]]
    outcome: Outcome = "ok" if served else "failed"
    if clock.startswith("14:03:33"):
        outcome = "interrupted"
    elif clock.startswith("14:01:30"):
        outcome = "left"
    time = datetime.fromisoformat(f"2026-11-22T{clock}+00:00").astimezone(UTC)
    return RequestDetail(
        id="req_7Hq2c9" if number == 2 else f"req_{number:06x}",
        time=time,
        client="editor" if chain == "code" else "default",
        agent="openai-python",
        chain=chain,
        entry=asked[-1] if served else None,
        status=200 if served else 503,
        outcome=outcome,
        stream=True,
        trail=tuple(trail),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        estimated=False,
        duration_ms=total * 1000,
        first_token_ms=None if first is None else first * 1000,
        saved_usd=0.0004 if served else None,
        client_closed=outcome == "left",
        attempts=_attempts(tuple(trail), first, total),
    )


def _attempts(
    trail: tuple[tuple[str, str], ...], first: float | None, total: float
) -> tuple[Attempt, ...]:
    asked = [(entry, word) for entry, word in trail if word in ("ok", "429", "timeout")]
    attempts: list[Attempt] = []
    at = 2.0
    for entry, word in asked:
        if word == "ok":
            begun = None if first is None else first * 1000 - at
            attempts.append(Attempt(entry, "ok", 200, at, total * 1000 - at, begun, ""))
        elif word == "429":
            attempts.append(Attempt(entry, "429", 429, at, 158.0, None, _OWN_WORDS[entry]))
            at += 168.0
        else:
            attempts.append(
                Attempt(entry, "timeout", None, at, 600.0, None, "no first token within 0.6s")
            )
            at += 610.0
    return tuple(attempts)


_OWN_WORDS = {
    LLAMA: "Rate limit reached for model `llama-3.3-70b-versatile` on tokens per minute (TPM): "
    "Limit 12000, Used 11826, Requested 2516.",
    OPENROUTER: "Rate limit exceeded: free-models-per-min, 20 of 20 used",
    GPT: "Rate limit reached on requests per day (RPD): Limit 1000, Used 1000",
}


def row(detail: RequestDetail) -> Request:
    """The row of the list that a detail has."""
    same: dict[str, Any] = {one.name: getattr(detail, one.name) for one in fields(Request)}
    same["attempts"] = len(detail.attempts)
    return Request(**same)


def history(extra: int = 0) -> list[RequestDetail]:
    """The log of the mock-ups, newest first, then `extra` older rows."""
    known = [_row(number) for number in range(len(_LOG))]
    return known + [_older(number) for number in range(extra)]


def _older(number: int) -> RequestDetail:
    like = _row(number % len(_LOG))
    return replace(like, id=f"req_{number:08x}", time=NOW - timedelta(minutes=4, seconds=number))


def running(
    entry: str | None = GPT, *, seconds: float = 1.2, id: str = "req_running"
) -> RequestDetail:
    """A request that has no end yet."""
    return RequestDetail(
        id=id,
        time=NOW - timedelta(seconds=seconds),
        client="editor",
        agent="openai-python",
        chain="code",
        entry=entry,
        status=None,
        outcome=None,
        stream=True,
        trail=((GPT, "ok" if entry else "trying"), (NVIDIA, "not-tried"), (LAB, "not-tried")),
        tokens_in=700,
        tokens_out=40 if entry else 0,
        estimated=True,
        duration_ms=seconds * 1000,
        first_token_ms=310.0 if entry else None,
        saved_usd=None,
        client_closed=False,
        attempts=(),
    )


def _stats(
    key: str,
    requests: int,
    tokens: tuple[int, int],
    saved: float,
    *,
    refused: int = 0,
    failed: int = 0,
    mean_s: float | None = 1.0,
    p95_s: float | None = 3.0,
    landed: Landed | None = None,
    share: float = 0.41,
) -> StatsRow:
    return StatsRow(
        key=key,
        requests=requests,
        unserved=landed.nobody if landed else 0,
        interrupted=0,
        attempts=requests + refused + failed,
        refused=refused,
        failed=failed,
        waterfalled=round(requests * share),
        tokens_in=tokens[0],
        tokens_out=tokens[1],
        mean_ms=None if mean_s is None else mean_s * 1000,
        p95_ms=None if p95_s is None else p95_s * 1000,
        saved_usd=saved,
        landed=landed,
    )


def _model(entry: str) -> str:
    return entry.partition("/")[2]


_WEEK = (
    ("2026-11-16", 620_000, 1.48, 410),
    ("2026-11-17", 910_000, 2.18, 590),
    ("2026-11-18", 1_200_000, 2.89, 800),
    ("2026-11-19", 1_110_000, 2.66, 740),
    ("2026-11-20", 1_480_000, 3.58, 990),
    ("2026-11-21", 1_760_000, 4.29, 1198),
    ("2026-11-22", 1_940_000, 4.72, 1284),
)
_PROVIDERS = (
    _stats("groq", 3402, (3_900_000, 702_000), 11.02, refused=31, failed=2, mean_s=0.9, p95_s=3.4),
    _stats("cerebras", 1958, (2_100_000, 401_000), 6.10, refused=44, mean_s=0.4, p95_s=1.1),
    _stats(
        "openrouter", 241, (980_000, 166_000), 3.06, refused=12, failed=3, mean_s=2.3, p95_s=6.0
    ),
    _stats("gemini", 121, (512_000, 60_000), 1.12, refused=2, failed=1, mean_s=2.9, p95_s=7.4),
    _stats("mistral", 249, (121_000, 22_000), 0.41, refused=9, mean_s=1.7, p95_s=4.0),
    _stats("lab", 41, (61_000, 8_000), 0.09, mean_s=9.8, p95_s=14.2),
)
_MODELS = (
    _stats(
        _model(LLAMA), 2101, (2_400_000, 402_000), 7.00, refused=31, failed=2, mean_s=0.9, p95_s=3.4
    ),
    _stats(_model(GPT), 1301, (1_500_000, 300_000), 4.02, mean_s=1.3, p95_s=4.8),
    _stats(_model(CEREBRAS), 1958, (2_100_000, 401_000), 6.10, refused=44, mean_s=0.4, p95_s=1.1),
    _stats(_model(OPENROUTER), 18, (27_000, 4_200), 0.06, refused=1, mean_s=2.3, p95_s=5.8),
)
_CLIENTS = (
    _stats("default", 4812, (6_000_000, 1_100_000), 17.10),
    _stats("editor", 1200, (1_674_000, 246_000), 4.70),
)
_CHAIN_ROWS = (
    _stats("free", 4700, (5_900_000, 1_090_000), 16.95),
    _stats("code", 1312, (1_774_000, 256_000), 4.85),
)
_HOURS = (30, 40, 55, 65, 72, 66, 58, 60, 76, 90, 80, 74)
_PAST_ONE = (0, 6, 12, 14, 10, 8, 9, 16, 26, 44, 46, 60)
_PAST_MORE = (0, 0, 0, 6, 8, 7, 12, 14, 24, 40, 42, 44)


def stats_rows(by: str) -> tuple[StatsRow, ...]:
    """What the totals say, oldest first by time, else as the store has them."""
    match by:
        case "day":
            return (
                _stats("2026-11-09", 6396, (7_000_000, 1_300_000), 19.90),
                *(
                    _stats(
                        day,
                        requests - (2 if day == "2026-11-22" else 0),
                        (tokens * 83 // 100, tokens - tokens * 83 // 100),
                        saved,
                        landed=Landed(
                            requests * 62 // 100,
                            requests * 24 // 100,
                            requests * 14 // 100,
                            2 if day == "2026-11-22" else 0,
                        ),
                    )
                    for day, tokens, saved, requests in _WEEK
                ),
            )
        case "hour":
            return tuple(
                _stats(
                    f"2026-11-22T{hour + 1:02d}",
                    one + two + more,
                    (120_000, 25_000),
                    0.3,
                    landed=Landed(one, two, more, int(hour == 10)),
                )
                for hour, (one, two, more) in enumerate(
                    zip(_HOURS, _PAST_ONE, _PAST_MORE, strict=True)
                )
            )
        case "provider":
            return _PROVIDERS
        case "model":
            return _MODELS
        case "chain":
            return _CHAIN_ROWS
        case _:
            return _CLIENTS
