"""What differs between simulated providers: headers, refusals, the envelope of their errors.

The base class is OpenAI's own dialect without any header; `dialects.py` has the named ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import orjson

from app.demo.quota import Gauge, Refused, Spent
from proxy.clock import Clock

UsagePlace = Literal["own", "finish", "x_groq"]
"""Where a stream tells its usage: a chunk of its own (if asked for), or the finish chunk."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: what goes over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedModel:
    """One model of a simulated provider."""

    id: str
    context_window: int = 131072
    max_output: int = 32768
    paid: bool = False
    """Costs money, and the simulated account has none."""
    allowed: bool = True
    """False: the account's plan has no allowance for it at all."""


def go_duration(seconds: float) -> str:
    """A duration as Go prints it: `370ms`, `7.66s`, `2m59.56s`, `1h0m0s`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms" if seconds > 0 else "0s"
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    tail = f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{tail}"
    return f"{minutes}m{tail}" if minutes else tail


class Dialect:
    """How one kind of provider talks. Stateless but for the clock it tells the time by."""

    name: ClassVar[str] = "openai-compatible"
    path: ClassVar[str] = "/v1"
    """Of the base URL."""
    counts_cap: ClassVar[bool] = False
    """The answer's cap counts as requested (Groq, Cerebras, OpenAI)."""
    charges_refusals: ClassVar[bool] = False
    usage: ClassVar[UsagePlace] = "own"
    keep_alive: ClassVar[str] = ""
    """A comment sent before the first chunk of a stream."""
    refused_fields: ClassVar[tuple[str, ...]] = ()
    """Request fields that are answered with a 400 that names them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def budget(self, gauges: Sequence[Gauge], *, stream: bool) -> dict[str, str]:
        """Headers of a success that tell what is left."""
        return {}

    def refusal(self, model: str, refused: Refused, gauges: Sequence[Gauge]) -> Answer:
        """The 429 (or what stands for it) of a spent limit."""
        return self.error(429, "Rate limit reached", "rate_limit_error", "rate_limit_exceeded")

    def wrong_key(self) -> Answer:
        return self.error(401, "Incorrect API key provided.", code="invalid_api_key")

    def no_model(self, model: str) -> Answer:
        message = f"The model `{model}` does not exist or you do not have access to it."
        return self.error(404, message, code="model_not_found")

    def no_credit(self, model: str) -> Answer:
        message = "You exceeded your current quota, please check your plan and billing details."
        return self.error(429, message, "insufficient_quota", "insufficient_quota")

    def no_allowance(self, model: str) -> Answer:
        return self.error(403, f"Your plan does not include {model}.", code="forbidden")

    def too_long(self, limit: int, asked: int) -> Answer:
        message = (
            f"This model's maximum context length is {limit} tokens. However, your messages "
            f"resulted in {asked} tokens. Please reduce the length of the messages."
        )
        return self.error(400, message, param="messages", code="context_length_exceeded")

    def refused_field(self, name: str) -> Answer:
        message = f"property '{name}' is unsupported"
        return self.error(400, message, param=name, code="unsupported_parameter")

    def malformed(self, message: str) -> Answer:
        return self.error(400, message)

    def failure(self) -> Answer:
        """The 500 that happens now and then."""
        return self.error(500, "Internal Server Error", "internal_server_error")

    def overloaded(self, model: str) -> Answer:
        """Too busy with everybody's requests; says nothing of this account's limits."""
        return self.error(503, "The engine is currently overloaded, please try again later.")

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
        """An error in the provider's envelope."""
        body = {"error": {"message": message, "type": type, "param": param, "code": code}}
        return self.json(status, body, headers)

    def json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer(status, orjson.dumps(body), headers or {})

    def model_row(self, model: SimulatedModel) -> dict[str, Any]:
        """One row of `GET /models`."""
        return {
            "id": model.id,
            "object": "model",
            "created": 1_760_000_000,
            "owned_by": self.name,
            "context_window": model.context_window,
            "max_completion_tokens": model.max_output,
        }

    def model_list(self, models: Sequence[SimulatedModel]) -> Any:
        return {"object": "list", "data": [self.model_row(model) for model in models]}

    def quota_report(self, gauges: Sequence[Gauge]) -> Answer | None:
        """The answer of the free quota endpoint `GET /key`; None: there is none."""
        return None

    def plain(self, body: dict[str, Any]) -> dict[str, Any]:
        """The provider's own touches on a plain answer."""
        return body

    def chunk(self, body: dict[str, Any]) -> dict[str, Any]:
        """The provider's own touches on one chunk of a stream."""
        return body


def whole_seconds(spent: Spent) -> str:
    """The wait as a `retry-after`: at least one second, rounded up."""
    return str(max(1, math.ceil(spent.wait)))
