"""How Cerebras talks. Facts: `reference/providers.md`, 2026-11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.demo.dialect import Answer, Dialect
from app.demo.quota import Gauge, Refused


class Cerebras(Dialect):
    """Float seconds on success, nothing on a 429 but `retry-after`; flat error bodies."""

    name = "cerebras"
    counts_cap = True
    refused_fields = ("frequency_penalty", "presence_penalty", "logit_bias", "service_tier")

    def budget(self, gauges: Sequence[Gauge], *, stream: bool) -> dict[str, str]:
        headers: dict[str, str] = {}
        for gauge in gauges:
            if gauge.limit.dimension != "concurrent":
                unit = f"{gauge.limit.dimension}-{gauge.limit.window}"
                headers[f"x-ratelimit-limit-{unit}"] = str(gauge.limit.size)
                headers[f"x-ratelimit-remaining-{unit}"] = str(gauge.remaining)
                headers[f"x-ratelimit-reset-{unit}"] = repr(gauge.full_in)
        return headers

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        spent = refused.first
        unit, window = spent.limit.dimension, spent.limit.window
        # Live probes of 2026-07: 57-60 s are said although 11-32 s were enough; a day says 86399.
        said = {"minute": "60", "hour": "3600", "day": "86399"}.get(str(window), "1")
        tokens = unit == "tokens"
        return self.error(
            429,
            f"{unit.capitalize()} per {window} limit exceeded - too many "
            + ("tokens processed." if tokens else "requests sent."),
            "too_many_tokens_error" if tokens else "too_many_requests_error",
            "token_quota_exceeded" if tokens else "request_quota_exceeded",
            param="quota",
            headers={"retry-after": said},
        )

    def wrong_key(self) -> Answer:
        return self.error(401, "Wrong API Key", code="wrong_api_key", param="api_key")

    def no_credit(self, model: str) -> Answer:
        return self.error(402, "Payment required", "payment_required", "payment_required")

    def too_long(self, limit: int, asked: int) -> Answer:
        message = (
            "Please reduce the length of the messages or completion. "
            f"Current length is {asked} while limit is {limit}"
        )
        return self.error(400, message, code="context_length_exceeded", param="messages")

    def overloaded(self, model: str) -> Answer:
        return self.error(
            429,
            "We're experiencing high traffic right now! Please try again soon.",
            "too_many_requests_error",
            "queue_exceeded",
            param="queue",
            headers={"x-should-retry": "false"},
        )

    def error(
        self,
        status: int,
        message: str,
        type: str = "invalid_request_error",
        code: Any = None,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        body = {"message": message, "type": type, "param": param, "code": code}
        return self.json(status, body, headers)
