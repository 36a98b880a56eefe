"""Header dialects as tables: which header speaks of which limit, provider by provider.

No header name means the same thing twice: `x-ratelimit-limit-requests` is per day at Groq and per
minute at OpenAI. Where a provider is unknown, a name says what it says and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from proxy.model import Dimension, Scope, Window

Part = Literal["limit", "remaining", "reset"]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One limit, and the headers that tell its size, what is left of it and when it is whole.

    Compared by identity: answers are sorted by rows.
    """

    scope: Scope
    dimension: Dimension
    window: Window | None
    limit: str = ""
    remaining: str = ""
    reset: str = ""
    day_above: int | None = None
    """The header names no window: it is the day's when the limit exceeds this, else `window`."""


class Cell(NamedTuple):
    """What one header says: a part of a row."""

    row: Row
    part: Part


@dataclass(frozen=True, slots=True)
class Dialect:
    """`cells` by lower-case header name. `others`: which names outside the table are understood."""

    cells: Mapping[str, Cell]
    others: Literal["any", "windowed", "none"] = "windowed"


def _row(
    pattern: str,
    dimension: Dimension,
    window: Window | None,
    scope: Scope = "model",
    *,
    day_above: int | None = None,
) -> Row:
    limit, remaining, reset = (
        pattern.replace("*", part) for part in ("limit", "remaining", "reset")
    )
    return Row(scope, dimension, window, limit, remaining, reset, day_above)


def _dialect(*rows: Row, others: Literal["any", "windowed", "none"] = "windowed") -> Dialect:
    cells: dict[str, Cell] = {}
    for row in rows:
        named: tuple[tuple[str, Part], ...] = (
            (row.limit, "limit"),
            (row.remaining, "remaining"),
            (row.reset, "reset"),
        )
        cells.update((name, Cell(row, part)) for name, part in named if name)
    return Dialect(cells, others)


_PER_MINUTE = (
    _row("x-ratelimit-*-requests", "requests", "minute"),
    _row("x-ratelimit-*-tokens", "tokens", "minute"),
)

DIALECTS: Mapping[str, Dialect] = {
    "generic": _dialect(others="any"),
    "none": _dialect(others="none"),
    # console.groq.com/docs/rate-limits: requests are the day's, tokens the minute's.
    "groq": _dialect(
        _row("x-ratelimit-*-requests", "requests", "day"),
        _row("x-ratelimit-*-tokens", "tokens", "minute"),
    ),
    # inference-docs.cerebras.ai/support/rate-limits: the names carry their window.
    "cerebras": _dialect(),
    # OpenRouterTeam/docs api_reference/limits.mdx: headers of whichever limiter fired. Its
    # minute's cap is 20 at most, its day's 50 at least.
    "openrouter": _dialect(
        _row("x-ratelimit-*", "requests", "minute", "pool", day_above=20),
        others="none",
    ),
    # Live recordings of 2026-02 and 2026-07; the second half are the names of before 2026.
    "mistral": _dialect(
        _row("x-ratelimit-*-req-minute", "requests", "minute"),
        _row("x-ratelimit-*-tokens-minute", "tokens", "minute"),
        _row("x-ratelimit-*-tokens-month", "tokens", "month"),
        _row("ratelimitbysize-*", "tokens", "minute", "account"),
        _row("x-ratelimitbysize-*-minute", "tokens", "minute", "account"),
        _row("x-ratelimitbysize-*-month", "tokens", "month", "account"),
    ),
    # docs.sambanova.ai: plain is the minute's, the day's names say so.
    "sambanova": _dialect(
        _row("x-ratelimit-*-requests", "requests", "minute"),
        _row("x-ratelimit-*-requests-day", "requests", "day"),
    ),
    # Live recordings of 2026-06: only a trial key's answers carry them.
    "cohere": _dialect(
        Row(
            "model",
            "requests",
            "minute",
            "x-trial-endpoint-call-limit",
            "x-trial-endpoint-call-remaining",
        ),
        Row(
            "account",
            "requests",
            "month",
            "x-endpoint-monthly-call-limit",
            "x-endpoint-monthly-call-remaining",
        ),
    ),
    # docs.together.ai: the numbers look like those of a second, for which there is no word.
    "together": _dialect(
        _row("x-ratelimit-*", "requests", None),
        _row("x-tokenlimit-*", "tokens", None),
    ),
    # docs.fireworks.ai: its three token limits move with use and have no stated window.
    "fireworks": _dialect(_row("x-ratelimit-*-requests", "requests", "minute")),
    "nebius": _dialect(*_PER_MINUTE),
    "scaleway": _dialect(*_PER_MINUTE),
    "modelscope": _dialect(
        _row("modelscope-ratelimit-requests-*", "requests", "day", "account"),
        _row("modelscope-ratelimit-model-requests-*", "requests", "day"),
    ),
    # platform.openai.com/docs/guides/rate-limits. A project's tokens are a second limit of the
    # same scope, dimension and window: the tighter of the two is the one that holds.
    "openai": _dialect(*_PER_MINUTE, _row("x-ratelimit-*-project-tokens", "tokens", "minute")),
    "azure": _dialect(*_PER_MINUTE),
}

_PARTS: Mapping[str, Part] = {"limit": "limit", "remaining": "remaining", "reset": "reset"}
_DIMENSIONS: Mapping[str, Dimension] = {
    "requests": "requests",
    "request": "requests",
    "req": "requests",
    "tokens": "tokens",
    "token": "tokens",
}
_WINDOWS: Mapping[str, Window] = {
    "minute": "minute",
    "min": "minute",
    "hour": "hour",
    "day": "day",
    "daily": "day",
    "month": "month",
}


@lru_cache(maxsize=1024)
def self_describing(name: str) -> Cell | None:
    """What a header of an unknown provider says by its name alone; None where a word is foreign.

    `x-ratelimit-remaining-requests-day` carries its window; `x-ratelimit-remaining-requests` does
    not, and its row has window None.
    """
    _, found, rest = name.replace("rate-limit", "ratelimit").partition("ratelimit-")
    if not found or len(name) > 80:
        return None
    part: Part | None = None
    dimension: Dimension | None = None
    window: Window | None = None
    for word in rest.split("-"):
        if part is None and word in _PARTS:
            part = _PARTS[word]
        elif dimension is None and word in _DIMENSIONS:
            dimension = _DIMENSIONS[word]
        elif window is None and word in _WINDOWS:
            window = _WINDOWS[word]
        else:
            return None
    if part is None:
        return None
    return Cell(_of_model(dimension or "requests", window), part)


@cache
def _of_model(dimension: Dimension, window: Window | None) -> Row:
    """The same for all headers that speak of it."""
    return Row("model", dimension, window)
