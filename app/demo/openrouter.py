"""How OpenRouter talks. Facts: `reference/providers.md`, 2026-11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from app.demo.dialect import Answer, Dialect, SimulatedModel, UsagePlace
from app.demo.quota import Gauge, Refused, Spent, find_gauge


class OpenRouter(Dialect):
    """Nothing on success; a 429 tells the limiter that fired, with a reset in epoch ms."""

    name = "openrouter"
    path = "/api/v1"
    charges_refusals = True
    usage: ClassVar[UsagePlace] = "finish"
    keep_alive = ": OPENROUTER PROCESSING\n\n"

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        spent = refused.first
        daily = spent.limit.window == "day"
        headers = {
            "X-RateLimit-Limit": str(spent.limit.size),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(round((self.clock.wall() + spent.wait) * 1000)),
        }
        source = "openrouter_free_tier_daily" if daily else "openrouter_free_tier_per_minute"
        metadata = {"limit_source": source, "headers": headers, "provider_name": None}
        message = f"Rate limit exceeded: {self._cap(spent) if daily else 'free-models-per-min. '}"
        return self._error(429, message, metadata, headers)

    def _cap(self, spent: Spent) -> str:
        if spent.limit.size >= 1000:
            return "free-models-per-day-high-balance. "
        return "free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"

    def _error(
        self,
        status: int,
        message: str,
        metadata: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        error: dict[str, Any] = {"message": message, "code": status}
        if metadata is not None:
            error["metadata"] = metadata
        return self.json(status, {"error": error, "user_id": "user_simulated"}, headers)

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
        return self._error(status, message, None, headers)

    def wrong_key(self) -> Answer:
        return self._error(401, "User not found.")

    def no_model(self, model: str) -> Answer:
        return self._error(404, f"No endpoints found for {model}.")

    def no_credit(self, model: str) -> Answer:
        message = "Insufficient credits. This account never purchased credits."
        return self._error(402, message, {"limit_source": "openrouter_credits"})

    def too_long(self, limit: int, asked: int) -> Answer:
        message = (
            f"This endpoint's maximum context length is {limit} tokens. However, you requested "
            f"about {asked} tokens. Please reduce the length of either one."
        )
        return self._error(400, message, {"provider_name": None})

    def overloaded(self, model: str) -> Answer:
        metadata = {
            "limit_source": "upstream_provider_shared_pool",
            "provider_name": "Simulated",
            "raw": f"{model} is temporarily rate-limited upstream. Please retry shortly.",
        }
        return self._error(429, "Provider returned error", metadata)

    def model_row(self, model: SimulatedModel) -> dict[str, Any]:
        price = "0" if model.id.endswith(":free") else "0.0000005"
        return {
            "id": model.id,
            "name": model.id,
            "created": 1_760_000_000,
            "context_length": model.context_window,
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
            "pricing": {"prompt": price, "completion": price},
            "supported_parameters": ["tools", "tool_choice", "response_format", "max_tokens"],
            "top_provider": {
                "context_length": model.context_window,
                "max_completion_tokens": model.max_output,
            },
        }

    def quota_report(self, gauges: Sequence[Gauge]) -> Answer | None:
        data: dict[str, Any] = {"label": "sk-or-v1-sim...ted", "limit": None, "usage": 0}
        data |= {"limit_remaining": None, "limit_reset": None, "is_free_tier": True}
        if day := find_gauge(gauges, "requests", "day"):
            data["free_model_daily_requests"] = {
                "used": day.used,
                "limit": day.limit.size,
                "remaining": day.remaining,
            }
        return self.json(200, {"data": data})

    def plain(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "provider": "Simulated"}

    def chunk(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "provider": "Simulated"}
