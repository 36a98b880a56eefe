"""How OpenAI and Groq talk. Facts: `reference/providers.md`, 2026-11."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from app.demo.dialect import Answer, Dialect, UsagePlace, go_duration, whole_seconds
from app.demo.quota import Gauge, Refused, Spent, find_gauge
from proxy.model import Dimension, Window

_GROQ_WINDOWS: tuple[tuple[Dimension, Window], ...] = (("requests", "day"), ("tokens", "minute"))
_OPENAI_WINDOWS: tuple[tuple[Dimension, Window], ...] = (
    ("requests", "minute"),
    ("tokens", "minute"),
)


class OpenAI(Dialect):
    """Minute budgets as Go durations until full; the 429's text carries all numbers."""

    name = "openai"
    counts_cap = True
    told: ClassVar[tuple[tuple[Dimension, Window], ...]] = _OPENAI_WINDOWS
    minute: ClassVar[str] = "min"
    service: ClassVar[str] = ""
    advice: ClassVar[str] = "Visit https://platform.openai.com/account/rate-limits to learn more."
    too_large_status: ClassVar[int] = 429

    def budget(self, gauges: Sequence[Gauge], *, stream: bool) -> dict[str, str]:
        headers: dict[str, str] = {}
        for dimension, window in self.told:
            if gauge := find_gauge(gauges, dimension, window):
                headers[f"x-ratelimit-limit-{dimension}"] = str(gauge.limit.size)
                headers[f"x-ratelimit-remaining-{dimension}"] = str(gauge.remaining)
                headers[f"x-ratelimit-reset-{dimension}"] = go_duration(gauge.full_in)
        return headers

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        spent = refused.first
        headers = self.budget(gauges, stream=False)
        if spent.limit.dimension == "concurrent":
            return self.error(
                429, "Too many concurrent requests", "requests", "concurrent_requests"
            )
        code = "rate_limit_exceeded"
        if spent.too_large:
            message = self._too_large(model, spent)
            return self.error(self.too_large_status, message, "tokens", code, headers=headers)
        headers["retry-after"] = whole_seconds(spent)
        message = self._reached(model, spent)
        return self.error(429, message, spent.limit.dimension, code, headers=headers)

    def _where(self, model: str, spent: Spent) -> str:
        window = self.minute if spent.limit.window == "minute" else str(spent.limit.window)
        where = f"{model} in organization org-simulated"
        return f"{where}{self.service} on {spent.limit.dimension} per {window} " + (
            f"({spent.limit.word.upper()}): Limit {spent.limit.size}"
        )

    def _reached(self, model: str, spent: Spent) -> str:
        return (
            f"Rate limit reached for {self._where(model, spent)}, Used {spent.used}, "
            f"Requested {spent.requested}. Please try again in {go_duration(spent.wait)}. "
            f"{self.advice}"
        )

    def _too_large(self, model: str, spent: Spent) -> str:
        return (
            f"Request too large for {self._where(model, spent)}, Requested {spent.requested}. "
            f"The input or output tokens must be reduced in order to run successfully. "
            f"{self.advice}"
        )


class Groq(OpenAI):
    """Day requests and minute tokens in the headers; requests a minute only in the 429's text."""

    name = "groq"
    path = "/openai/v1"
    usage: ClassVar[UsagePlace] = "x_groq"
    told = _GROQ_WINDOWS
    minute = "minute"
    service = " service tier `on_demand`"
    advice = (
        "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
    )
    too_large_status = 413
    refused_fields = ("logprobs", "top_logprobs", "logit_bias")

    def wrong_key(self) -> Answer:
        return self.error(401, "Invalid API Key", code="invalid_api_key")

    def _where(self, model: str, spent: Spent) -> str:
        return super()._where(f"model `{model}`", spent)
