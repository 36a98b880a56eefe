"""How the OpenAI-compatible face of Gemini talks. Facts: `reference/providers.md`, 2026-11."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.demo.dialect import Answer, Dialect, SimulatedModel
from app.demo.quota import Gauge, Refused, Spent


class Gemini(Dialect):
    """No header at all; errors come as an array, and a spent day asks to retry in 34 s."""

    name = "gemini"
    path = "/v1beta/openai"
    refused_fields = ("frequency_penalty", "logit_bias", "metadata", "store")

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        worst = refused.first
        day = worst.limit.window == "day"
        delay = "34s" if day else f"{math.ceil(min(worst.wait, 60.0))}s"
        failure = {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [_violation(model, one) for one in refused.spent],
        }
        retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
        message = (
            "You exceeded your current quota, please check your plan and billing details. For "
            "more information on this error, head to: "
            f"https://ai.google.dev/gemini-api/docs/rate-limits.\nPlease retry in {delay}."
        )
        return self._error(429, message, "RESOURCE_EXHAUSTED", [failure, retry])

    def no_allowance(self, model: str) -> Answer:
        message = (
            "You exceeded your current quota, please check your plan and billing details.\n* Quota "
            "exceeded for metric: generativelanguage.googleapis.com/"
            f"generate_content_free_tier_requests, limit: 0, model: {model}"
        )
        return self._error(429, message, "RESOURCE_EXHAUSTED", [])

    def wrong_key(self) -> Answer:
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
        }
        message = "API key not valid. Please pass a valid API key."
        return self._error(400, message, "INVALID_ARGUMENT", [info])

    def no_model(self, model: str) -> Answer:
        message = (
            f"models/{model} is not found for API version v1main, or is not supported for "
            "generateContent. Call ListModels to see the list of available models and their "
            "supported methods."
        )
        return self._error(404, message, "NOT_FOUND")

    def too_long(self, limit: int, asked: int) -> Answer:
        message = (
            f"The input token count ({asked}) exceeds the maximum number of tokens "
            f"allowed ({limit})."
        )
        return self._error(400, message, "INVALID_ARGUMENT")

    def refused_field(self, name: str) -> Answer:
        message = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
        return self._error(400, message, "INVALID_ARGUMENT")

    def overloaded(self, model: str) -> Answer:
        message = "The model is overloaded. Please try again later."
        return self._error(503, message, "UNAVAILABLE")

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
        word = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND"}.get(status, "INTERNAL")
        return self._error(status, message, word)

    def _error(self, status: int, message: str, word: str, details: Any = None) -> Answer:
        error: dict[str, Any] = {"code": status, "message": message, "status": word}
        if details is not None:
            error["details"] = details
        return self.json(status, [{"error": error}])

    def model_row(self, model: SimulatedModel) -> dict[str, Any]:
        return {"id": f"models/{model.id}", "object": "model", "owned_by": "google"}


def _violation(model: str, spent: Spent) -> dict[str, Any]:
    window = "PerDay" if spent.limit.window == "day" else "PerMinute"
    tokens = spent.limit.dimension == "tokens"
    metric = "input_token_count" if tokens else "requests"
    return {
        "quotaMetric": (f"generativelanguage.googleapis.com/generate_content_free_tier_{metric}"),
        "quotaId": (
            f"GenerateContentInputTokensPerModel{window}-FreeTier"
            if tokens
            else f"GenerateRequests{window}PerProjectPerModel-FreeTier"
        ),
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": str(spent.limit.size),
    }
