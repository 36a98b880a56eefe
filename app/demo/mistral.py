"""How Mistral talks. Facts: `reference/providers.md`, 2026-11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from app.demo.dialect import Answer, Dialect, SimulatedModel, UsagePlace
from app.demo.quota import Gauge, Refused, find_gauge


class Mistral(Dialect):
    """Budget headers on plain answers only, windows by the wall clock, never a `retry-after`."""

    name = "mistral"
    usage: ClassVar[UsagePlace] = "finish"
    refused_fields = ("store", "max_completion_tokens", "seed", "logit_bias", "user", "metadata")

    def budget(self, gauges: Sequence[Gauge], *, stream: bool) -> dict[str, str]:
        if stream:
            return {}
        headers = self._requests(gauges)
        for window in ("minute", "month"):
            if gauge := find_gauge(gauges, "tokens", window):
                headers[f"x-ratelimit-limit-tokens-{window}"] = str(gauge.limit.size)
                headers[f"x-ratelimit-remaining-tokens-{window}"] = str(gauge.remaining)
        return headers

    def _requests(self, gauges: Sequence[Gauge]) -> dict[str, str]:
        gauge = find_gauge(gauges, "requests", "minute")
        if gauge is None:
            return {}
        return {
            "x-ratelimit-limit-req-minute": str(gauge.limit.size),
            "x-ratelimit-remaining-req-minute": str(gauge.remaining),
        }

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        return self._limited("1300", self._requests(gauges))

    def _limited(self, code: str, headers: Mapping[str, str]) -> Answer:
        return self.error(429, "Rate limit exceeded", "rate_limited", code, headers=headers)

    def no_allowance(self, model: str) -> Answer:
        zero = {"x-ratelimit-limit-req-minute": "0", "x-ratelimit-remaining-req-minute": "0"}
        return self._limited("1300", zero)

    def wrong_key(self) -> Answer:
        return self.json(401, {"detail": "Unauthorized"})

    def no_model(self, model: str) -> Answer:
        return self.error(400, f"Invalid model: {model}", "invalid_model", "1500")

    def refused_field(self, name: str) -> Answer:
        fault = {
            "type": "extra_forbidden",
            "loc": ["body", name],
            "msg": "Extra inputs are not permitted",
        }
        return self.json(422, {"detail": [fault]})

    def overloaded(self, model: str) -> Answer:
        message = "Service tier capacity exceeded for this model."
        return self.error(429, message, "service_tier_capacity_exceeded", "3505")

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
        body = {"object": "error", "message": message, "type": type, "param": param, "code": code}
        return self.json(status, {**body, "raw_status_code": status}, headers)

    def model_row(self, model: SimulatedModel) -> dict[str, Any]:
        abilities = {"completion_chat": True, "function_calling": True, "vision": False}
        return {
            "id": model.id,
            "object": "model",
            "owned_by": "mistralai",
            "capabilities": abilities,
            "max_context_length": model.context_window,
        }
