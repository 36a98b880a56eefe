"""Answers to clients: headers, errors, and the trail in both of its forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from proxy.client_request import HttpReply
from proxy.clock import Clock
from proxy.conclusion import SHUTDOWN_RETRY, Conclusion
from proxy.dialects.dialect import EVENT_STREAM, JSON, Dialect, Exchange, Failure, Reply
from proxy.errors import RequestFault
from proxy.job import Job
from proxy.text import header_value

_SERVER = "429chain"


def json_reply(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpReply:
    """A JSON answer; `body` is bytes already encoded, or a value."""
    encoded = body if isinstance(body, bytes) else orjson.dumps(body)
    return HttpReply(status, encoded, {"server": _SERVER, **(headers or {}), "content-type": JSON})


def told_reply(told: Reply, headers: dict[str, str] | None = None) -> HttpReply:
    """What a dialect said, beside `headers`."""
    return HttpReply(
        told.status,
        told.body,
        {
            "server": _SERVER,
            **(headers or {}),
            **told.headers,
            "content-type": told.content_type,
        },
    )


def fault_reply(fault: RequestFault, dialect: Dialect, request_id: str) -> HttpReply:
    """The client's own mistake, before any upstream was asked."""
    failure = Failure(
        status=fault.status,
        message=fault.message,
        type=fault.type,
        code=fault.code,
        param=fault.param,
        headers={"retry-after": SHUTDOWN_RETRY} if fault.status == 503 else {},
    )
    return told_reply(dialect.refusal(failure, request_id), {"x-request-id": request_id})


def conclusion_reply(
    job: Job, conclusion: Conclusion, exchange: Exchange, clock: Clock
) -> HttpReply:
    """Nobody served."""
    failure = Failure(
        status=conclusion.status,
        message=conclusion.message,
        type=conclusion.type,
        code=conclusion.code,
        param=conclusion.param,
        headers=conclusion.headers,
        trail=trail_list(job, clock),
    )
    return told_reply(exchange.failed(failure), job_headers(job))


def job_headers(job: Job) -> dict[str, str]:
    """The headers of every answer that reached routing (DESIGN A4)."""
    headers = {
        "server": _SERVER,
        "x-request-id": job.id,
        "x-429chain-chain": header_value(job.chain.name),
        "x-429chain-attempts": str(job.sent),
        "x-429chain-trail": job.trail.header(),
    }
    if job.served is not None:
        headers["x-429chain-provider"] = job.served.provider.id
        headers["x-429chain-model"] = header_value(job.served.model)
    dropped = (*job.request.dropped, *job.dropped)
    if dropped:
        headers["x-429chain-dropped"] = ",".join(map(header_value, dropped))
    if job.capped is not None:
        headers["x-429chain-capped"] = str(job.capped)
    return headers


def stream_headers(job: Job) -> dict[str, str]:
    """Of an event stream: nothing on the way may keep or collect it."""
    return {
        **job_headers(job),
        "content-type": EVENT_STREAM,
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
    }


def trail_list(job: Job, clock: Clock) -> list[dict[str, Any]]:
    """`error.trail`: one object an entry, `retry_at` in ISO 8601 UTC."""
    now, wall = clock.now(), clock.wall()
    return [
        {
            "entry": step.entry,
            "outcome": step.word,
            "detail": step.detail,
            "retry_at": None if step.retry_at is None else iso(wall + step.retry_at - now),
        }
        for step in job.trail.steps
    ]


def iso(wall: float) -> str:
    """`2026-11-22T13:00:00.000Z`."""
    text = datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
