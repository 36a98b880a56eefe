"""What a 429 means, and whatever else speaks of a rate: quota wording before rate wording."""

from __future__ import annotations

import re
from collections.abc import Iterable

from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.refusal_case import SHORT, Case
from proxy.limits.refusal_codes import ACCOUNT_WAITS, UNSPECIFIC
from proxy.limits.refusal_numbers import Named, bare_window, google_limits, named_limits
from proxy.limits.refusal_words import (
    BARE_BILLING,
    CONCURRENCY,
    MONEY,
    NO_ALLOWANCE,
    OVERLOAD,
    WORDLESS_WINDOWS,
    first_rule,
)
from proxy.model import WINDOW_SECONDS, Dimension, Scope, Window

_ZERO = re.compile(r"\blimit:? ?0(?![0-9.,]*[0-9])", re.IGNORECASE | re.ASCII)
_TOO_LARGE = re.compile(r"(?:request|body|prompt) (?:is )?too large", re.IGNORECASE)
_FREE_TIER = re.compile(
    r"free-models-per-(?P<text>min|day)|openrouter_free_tier_(?P<source>per_minute|daily)"
)


def judge_rate(case: Case) -> Refusal:
    """A refusal of status 429, its code already looked up in vain."""
    violations, none_allowed = google_limits(case.envelope.items)
    if case.no_allowance or none_allowed or _ZERO.search(case.text):
        return case.refuse(Meaning.NO_ALLOWANCE)
    named = violations or named_limits(case.text, case.wait())
    if any(limit.too_large for limit in named) or _TOO_LARGE.search(case.text):
        return _too_large(case, named)
    if (free := _free_tier(case)) is not None:
        return free
    if (refusal := _by_words(case, bool(named))) is not None:
        return refusal
    if limited := _limited(case, named):
        return limited
    return _without_dimension(case)


def judge_size(case: Case) -> Refusal:
    """A 413: too large, whatever its code says."""
    return _too_large(case, named_limits(case.text, None))


def _too_large(case: Case, named: list[Named]) -> Refusal:
    """Larger than the whole limit: no exhaustion, but the limit's size is learned."""
    for limit in named:
        if limit.too_large:
            reading = Reading(limit.scope, limit.dimension, limit.window, limit.limit)
            return case.refuse(
                Meaning.TOO_LONG,
                number=limit.limit,
                requested=limit.requested,
                readings=(reading,),
            )
    return case.too_long()


def _by_words(case: Case, limits_named: bool) -> Refusal | None:
    for phrases in (NO_ALLOWANCE, MONEY):
        if (rule := first_rule(phrases, case.text)) is not None:
            return case.apply(rule)
    google = "RESOURCE_EXHAUSTED" in case.text or "ai.google.dev" in case.text
    if BARE_BILLING.search(case.text) and not google and not limits_named:
        return case.no_credit()
    passed_on = "returned error" in case.text and bool(case.envelope.metadata)
    if passed_on or first_rule(OVERLOAD, case.text) is not None:
        # OpenRouter's own limits never come as "Provider returned error".
        return case.overloaded()
    if not limits_named and first_rule(CONCURRENCY, case.text) is not None:
        return case.refuse(Meaning.CONCURRENT)
    return None


def _free_tier(case: Case) -> Refusal | None:
    """OpenRouter's free models share a minute's and a day's limit, told by name."""
    match = _FREE_TIER.search(case.text)
    if match is None:
        return None
    window: Window = "minute" if (match["text"] or match["source"]).find("min") >= 0 else "day"
    pool = case.preset.pool_of(case.model)
    scope: Scope = "pool" if pool else "model"
    told = next((heard for heard in case.heard if heard.dimension == "requests"), None)
    reading = Reading(scope, "requests", window, remaining=0, pool=pool)
    if told is not None:
        reading = reading._replace(limit=told.limit, reset=told.reset)
    return _limit(case, [reading])


def _limited(case: Case, named: Iterable[Named]) -> Refusal | None:
    """What the sentences name, and what the headers of the same answer show as spent."""
    wait = case.wait()
    readings: dict[tuple[Scope, Dimension, Window | None], Reading] = {}
    requested: int | None = None
    for limit in named:
        reading = limit.reading(wait)
        readings[reading.scope, reading.dimension, reading.window] = reading
        requested = requested or (limit.requested if limit.dimension == "tokens" else None)
    for heard in case.heard:
        key = (heard.scope, heard.dimension, heard.window)
        if key in readings:
            told = readings[key]
            limit = heard.limit if told.limit is None else told.limit
            readings[key] = told._replace(limit=limit, reset=heard.reset)
        elif heard.remaining == 0 and heard.window is not None:
            readings[key] = heard
    if not readings:
        return None
    return _limit(case, list(readings.values()), requested)


def _limit(case: Case, readings: list[Reading], requested: int | None = None) -> Refusal:
    """The longest window rules. On a clock its end beats a short hint, which is the others'."""
    wait = case.wait()
    longest = max(readings, key=lambda reading: WINDOW_SECONDS[reading.window or "minute"])
    window = longest.window or "minute"
    on_clock = (longest.kind or case.preset.kind(window)) == "clock"
    hint = wait
    if on_clock and wait is not None and wait < SHORT.get(window, 0.0):
        wait = None
    settled: list[Reading] = []
    for reading in readings:
        kind = reading.kind or case.preset.kind(reading.window)
        mine = wait if reading.window == window else hint
        if reading.reset is None and kind != "bucket":
            reading = reading._replace(reset=mine)
        settled.append(reading)
    return case.refuse(
        Meaning.LIMIT,
        longest.scope,
        pool=longest.pool,
        readings=tuple(settled),
        wait=wait,
        requested=requested,
    )


def _without_dimension(case: Case) -> Refusal:
    if (rule := first_rule(WORDLESS_WINDOWS, case.text)) is not None:
        return case.apply(rule)
    if (rule := UNSPECIFIC.get(case.preset.id)) is not None:
        return case.apply(rule)
    scope: Scope = "account" if case.preset.id in ACCOUNT_WAITS else "model"
    wait = case.wait()
    window = None if case.envelope.markup else bare_window(case.text)
    if window is not None and (wait is None or wait < SHORT.get(window, 0.0)):
        clock = case.preset.kind(window) == "clock"
        wait = case.boundary(window) if clock else WINDOW_SECONDS[window]
    spent = tuple(heard for heard in case.heard if heard.remaining == 0)
    if wait is None:
        wait = max((heard.reset for heard in spent if heard.reset is not None), default=None)
    meaning = Meaning.SILENT if wait is None else Meaning.WAIT
    return case.refuse(meaning, scope, wait=wait, readings=spent)
