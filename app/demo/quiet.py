"""Providers that tell no budget: NVIDIA, Ollama. Facts: `reference/providers.md`, 2026-11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.demo.dialect import Answer, Dialect
from app.demo.quota import Gauge, Refused


class Nvidia(Dialect):
    """Says nothing: no header, and a bare problem+json for a 429."""

    name = "nvidia"

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        return self._problem(429, "Too Many Requests")

    def wrong_key(self) -> Answer:
        return self._problem(401, "Unauthorized", "Authentication failed")

    def no_model(self, model: str) -> Answer:
        detail = f"Function '{model}': Not found for account 'simulated'"
        return self._problem(404, "Not Found", detail)

    def overloaded(self, model: str) -> Answer:
        detail = f"Function id '{model}': DEGRADED function cannot be invoked"
        return self._problem(400, "Bad Request", detail)

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
        return self._problem(status, type, message)

    def _problem(self, status: int, title: str, detail: str = "") -> Answer:
        body: dict[str, Any] = {"status": status, "title": title}
        if detail:
            body["detail"] = detail
        return Answer(status, orjson.dumps(body), {}, "application/problem+json")


class Ollama(Dialect):
    """A machine of one's own: a full queue is a 503, the cloud's plan limits are a 429."""

    name = "ollama"

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        if refused.first.limit.dimension == "concurrent":
            return self.overloaded(model)
        message = (
            "you (simulated) have reached your session usage limit, "
            "upgrade for higher limits: https://ollama.com/upgrade"
        )
        return self.error(429, message, "api_error")

    def overloaded(self, model: str) -> Answer:
        message = "server busy, please try again.  maximum pending requests exceeded"
        return self.error(503, message, "api_error")

    def no_model(self, model: str) -> Answer:
        return self.error(404, f"model '{model}' not found", "not_found_error")

    def no_allowance(self, model: str) -> Answer:
        message = "this model requires a subscription, upgrade for access"
        return self.error(403, message, "api_error")
