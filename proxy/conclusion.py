"""What a client is told when no entry served: DESIGN A4's table, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil

from proxy.job import Job
from proxy.trail import Cause, Step

_LONG_WAIT = 60.0
"""Seconds beyond which SDKs that do not honour `retry-after` would hammer (wire-contract 1.4)."""
SHUTDOWN_RETRY = "5"
"""Seconds in which a restarted 429chain is back."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The answer of a request that nobody served."""

    status: int
    message: str
    type: str
    code: str | None
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


_NOT_USABLE_AFTER_ALL = {"key", "credit", "no-model", "incapable"}


def called_bad(job: Job) -> Conclusion | None:
    """Two providers, or all that were usable, called the request itself bad."""
    if not job.bad:
        return None
    usable = set(job.trail.asked.values()) - _NOT_USABLE_AFTER_ALL
    if len({answer.provider for answer in job.bad}) < 2 and usable != {"bad-request"}:
        return None
    first = job.bad[0]
    return Conclusion(first.status, first.message, "invalid_request_error", first.code or None)


def shutting_down() -> Conclusion:
    return Conclusion(
        503,
        "429chain is shutting down; try again in a few seconds.",
        "server_error",
        "shutting_down",
        headers={"retry-after": SHUTDOWN_RETRY},
    )


def line_is_full(job: Job, now: float, wall: float) -> Conclusion:
    """It would wait, but `routing.max_queue` requests do so already."""
    return _limited(job, job.trail.steps, now, wall, "; the line of waiting requests is full")


def conclude(job: Job, now: float, wall: float) -> Conclusion:
    """The first row of A4's table that fits, the waiting one aside."""
    steps = job.trail.steps
    causes: set[Cause] = {step.cause for step in steps if step.cause != "not-tried"}
    bad = called_bad(job)
    if bad is not None:
        return bad
    if set(job.trail.asked.values()) == {"timeout"}:
        return _timed_out(job)
    if causes & {"timeout", "unreachable", "transient"}:
        return _transient(job, steps, now, wall)
    if "limit" in causes:
        return _limited(job, steps, now, wall)
    if "too-long" in causes:
        return Conclusion(
            400,
            f"The request is too long for every entry of chain '{job.chain.name}' that could "
            f"take it ({_entries(steps, 'too-long')}). Shorten it, lower max_tokens, or add an "
            "entry with a larger context window.",
            "invalid_request_error",
            "context_length_exceeded",
            param="messages",
        )
    if causes == {"incapable"}:
        return _incapable(job, steps)
    if causes == {"credit"}:
        return Conclusion(
            429,
            f"No entry of chain '{job.chain.name}' has credit or a free allowance: "
            f"{_entries(steps, 'credit')}.",
            "insufficient_quota",
            "insufficient_quota",
            headers=_NO_RETRY,
        )
    if causes == {"no-model"}:
        return Conclusion(
            404,
            f"The models of chain '{job.chain.name}' are gone: {_entries(steps, 'no-model')}. "
            "Replace them by models that their providers list.",
            "invalid_request_error",
            "model_not_found",
            param="model",
        )
    return _rest(job, steps, causes)


_NO_RETRY = {"x-should-retry": "false"}


def _entries(steps: list[Step], cause: Cause) -> str:
    return ", ".join(f"{step.entry} ({step.word})" for step in steps if step.cause == cause)


def _each(steps: list[Step], wall: float, now: float) -> str:
    """Every entry with its last word and when it is back, for a person who reads the error."""
    told: list[str] = []
    for step in steps:
        words = step.word.removeprefix("skipped:")
        if step.retry_at is not None:
            at = datetime.fromtimestamp(wall + step.retry_at - now, UTC)
            words += f" until {at:%Y-%m-%d %H:%M:%S} UTC"
        told.append(f"{step.entry}: {words}")
    return "; ".join(told)


def _retry_headers(seconds: float) -> dict[str, str]:
    """Whole seconds, never 0: the Node SDK would retry at once."""
    whole = max(1, ceil(seconds))
    headers = {"retry-after": str(whole), "retry-after-ms": str(max(1000, ceil(seconds * 1000)))}
    if seconds > _LONG_WAIT:
        headers["x-should-retry"] = "false"
    return headers


def _first_back(steps: list[Step], now: float) -> float | None:
    """Seconds until the first entry that time alone brings back."""
    moments = [
        step.retry_at
        for step in steps
        if step.retry_at is not None and step.cause in ("limit", "transient", "unreachable")
    ]
    return max(0.0, min(moments) - now) if moments else None


def _timed_out(job: Job) -> Conclusion:
    return Conclusion(
        504,
        f"Every entry of chain '{job.chain.name}' that was asked ran out of time "
        f"({', '.join(job.trail.asked)}). Raise timeouts.first_token or timeouts.plain for slow "
        "models.",
        "server_error",
        "upstream_timeout",
    )


def _transient(job: Job, steps: list[Step], now: float, wall: float) -> Conclusion:
    seconds = _first_back(steps, now)
    return Conclusion(
        503,
        f"No entry of chain '{job.chain.name}' could serve: {_each(steps, wall, now)}.",
        "server_error",
        "chain_exhausted",
        headers=_retry_headers(1.0 if seconds is None else seconds),
    )


def _limited(job: Job, steps: list[Step], now: float, wall: float, besides: str = "") -> Conclusion:
    limited = [step for step in steps if step.cause == "limit"]
    seconds = _first_back(limited or steps, now)
    return Conclusion(
        429,
        f"Every entry of chain '{job.chain.name}' is at a limit{besides}: "
        f"{_each(steps, wall, now)}.",
        "rate_limit_error",
        "rate_limit_exceeded",
        headers=_retry_headers(1.0 if seconds is None else seconds),
    )


def _incapable(job: Job, steps: list[Step]) -> Conclusion:
    lacks = {step.word.removeprefix("skipped:no-") for step in steps} & {"tools", "vision"}
    if not lacks:
        # Their providers said so, in a refusal that has no such word.
        needs = {"tools": job.need.tools, "vision": job.need.vision}
        lacks = {name for name, needed in needs.items() if needed}
    what = " or ".join(sorted(lacks)) or "what the request needs"
    return Conclusion(
        400,
        f"No entry of chain '{job.chain.name}' supports {what}: {_entries(steps, 'incapable')}. "
        "Add an entry whose model does.",
        "invalid_request_error",
        None,
        param="tools" if lacks == {"tools"} else "messages",
    )


def _rest(job: Job, steps: list[Step], causes: set[Cause]) -> Conclusion:
    listed = "; ".join(f"{step.entry}: {step.word.removeprefix('skipped:')}" for step in steps)
    if causes == {"key"}:
        return Conclusion(
            502,
            f"No entry of chain '{job.chain.name}' has a key that its provider takes: {listed}. "
            "Set or replace the keys of these providers.",
            "server_error",
            "upstream_credentials_exhausted",
            headers=_NO_RETRY,
        )
    return Conclusion(
        503,
        f"No entry of chain '{job.chain.name}' can serve: {listed or 'it has no entries'}.",
        "server_error",
        "chain_exhausted",
        headers=_NO_RETRY,
    )
