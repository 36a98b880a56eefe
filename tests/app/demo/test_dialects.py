"""Simulated providers talk as the recorded ones do: same status, same names, same wording."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.demo.dialect import Answer, go_duration
from app.demo.dialects import DIALECT_NAMES, dialect
from app.demo.quota import Quota, Refused, Ticket
from proxy.model import Limit, Window
from tests.app.demo.manual_clock import ManualClock

MINUTE = Limit("model", "requests", "minute", 2, "bucket")
DAY = Limit("model", "requests", "day", 50, "clock")
TOKENS = Limit("model", "tokens", "minute", 12000, "bucket")


def refusal(name: str, *limits: Limit, tokens: int = 0, model: str = "m") -> Answer:
    """The answer to the first request that does not fit any more."""
    clock = ManualClock()
    quota = Quota(limits, clock)
    while isinstance(quota.admit(model, tokens), Ticket):
        pass
    refused = quota.admit(model, tokens)
    assert isinstance(refused, Refused)
    return dialect(name, clock).refusal(model, refused, quota.gauges(model))


def body(answer: Answer) -> Any:
    return orjson.loads(answer.body)


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "0s"),
        (0.37, "370ms"),
        (7.66, "7.66s"),
        (179.56, "2m59.56s"),
        (578.016, "9m38.016s"),
        (6, "6s"),
        (1728, "28m48s"),
        (15420, "4h17m0s"),
    ],
)
def test_durations_as_go_writes_them(seconds: float, text: str):
    assert go_duration(seconds) == text


def test_groq_tells_day_requests_and_minute_tokens_but_never_the_minute():
    clock = ManualClock()
    day = Limit("model", "requests", "day", 14400, "bucket")
    quota = Quota([MINUTE, day, TOKENS], clock)
    quota.admit("m", 3)
    assert dialect("groq", clock).budget(quota.gauges("m"), stream=True) == {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-remaining-requests": "14399",
        "x-ratelimit-reset-requests": "6s",
        "x-ratelimit-limit-tokens": "12000",
        "x-ratelimit-remaining-tokens": "11997",
        "x-ratelimit-reset-tokens": "15ms",
    }


def test_groq_refuses_in_the_recorded_words():
    answer = refusal("groq", TOKENS, tokens=8000, model="llama-3.3-70b-versatile")
    assert answer.status == 429
    assert answer.headers["retry-after"] == "20"
    error = body(answer)["error"]
    assert (error["type"], error["code"]) == ("tokens", "rate_limit_exceeded")
    assert error["message"] == (
        "Rate limit reached for model `llama-3.3-70b-versatile` in organization org-simulated "
        "service tier `on_demand` on tokens per minute (TPM): Limit 12000, Used 8000, Requested "
        "8000. Please try again in 20s. Need more tokens? Upgrade to Dev Tier today at "
        "https://console.groq.com/settings/billing"
    )
    minute = refusal("groq", MINUTE)
    assert "on requests per minute (RPM): Limit 2, Used 2, Requested 1." in minute.body.decode()


@pytest.mark.parametrize("name, status", [("groq", 413), ("openai", 429)])
def test_too_large_for_the_whole_limit(name: str, status: int):
    answer = refusal(name, TOKENS, tokens=14137)
    assert answer.status == status
    assert "retry-after" not in answer.headers
    message = body(answer)["error"]["message"]
    assert "Limit 12000, Requested 14137" in message
    assert message.startswith("Request too large for")


def test_cerebras_tells_all_on_success_and_nothing_on_a_429():
    clock = ManualClock()
    quota = Quota([MINUTE, TOKENS], clock)
    quota.admit("m", 6000)
    headers = dialect("cerebras", clock).budget(quota.gauges("m"), stream=False)
    assert headers["x-ratelimit-remaining-requests-minute"] == "1"
    assert headers["x-ratelimit-reset-tokens-minute"] == "30.0"
    answer = refusal("cerebras", MINUTE)
    assert answer.headers == {"retry-after": "60"}
    assert body(answer) == {
        "message": "Requests per minute limit exceeded - too many requests sent.",
        "type": "too_many_requests_error",
        "param": "quota",
        "code": "request_quota_exceeded",
    }
    assert body(dialect("cerebras", clock).overloaded("m"))["code"] == "queue_exceeded"


def test_openrouter_names_the_limiter_and_its_reset_in_milliseconds():
    clock = ManualClock()
    assert dialect("openrouter", clock).budget((), stream=False) == {}
    minute = refusal("openrouter", _free("minute", 20), model="a:free")
    metadata = body(minute)["error"]["metadata"]
    assert metadata["limit_source"] == "openrouter_free_tier_per_minute"
    # The clock says 12:00:30; the next whole minute is 30 s away.
    reset = str(round((clock.wall() + 30) * 1000))
    assert metadata["headers"] == {
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset,
    }
    assert minute.headers["X-RateLimit-Reset"] == reset
    day = refusal("openrouter", _free("day", 50), model="a:free")
    assert "free-models-per-day. Add 10 credits" in body(day)["error"]["message"]


def _free(window: Window, size: int) -> Limit:
    return Limit("pool", "requests", window, size, "clock", pool="*:free")


def test_openrouter_reports_the_free_day_at_no_cost():
    clock = ManualClock()
    quota = Quota([DAY], clock)
    for _ in range(12):
        quota.admit("m", 0)
    report = dialect("openrouter", clock).quota_report(quota.gauges("m"))
    assert report is not None
    assert body(report)["data"]["free_model_daily_requests"] == {
        "used": 12,
        "limit": 50,
        "remaining": 38,
    }


def test_gemini_lies_about_a_spent_day():
    minute = refusal("gemini", DAY, MINUTE)
    assert _quota_ids(minute) == ["GenerateRequestsPerMinutePerProjectPerModel-FreeTier"]
    assert body(minute)[0]["error"]["details"][1]["retryDelay"] == "30s"
    day = refusal("gemini", DAY)
    assert _quota_ids(day) == ["GenerateRequestsPerDayPerProjectPerModel-FreeTier"]
    details = body(day)[0]["error"]["details"]
    assert details[0]["violations"][0]["quotaValue"] == "50"
    assert details[1]["retryDelay"] == "34s"
    assert day.headers == {}


def _quota_ids(answer: Answer) -> list[str]:
    failure = body(answer)[0]["error"]["details"][0]
    return [violation["quotaId"] for violation in failure["violations"]]


def test_mistral_tells_its_budget_on_plain_answers_only():
    clock = ManualClock()
    quota = Quota([MINUTE, TOKENS], clock)
    quota.admit("m", 2804)
    mistral = dialect("mistral", clock)
    assert mistral.budget(quota.gauges("m"), stream=True) == {}
    assert mistral.budget(quota.gauges("m"), stream=False) == {
        "x-ratelimit-limit-req-minute": "2",
        "x-ratelimit-remaining-req-minute": "1",
        "x-ratelimit-limit-tokens-minute": "12000",
        "x-ratelimit-remaining-tokens-minute": "9196",
    }
    answer = refusal("mistral", MINUTE)
    assert "retry-after" not in answer.headers
    assert body(answer)["code"] == "1300"
    assert mistral.no_allowance("m").headers["x-ratelimit-limit-req-minute"] == "0"


def test_nvidia_says_nothing_at_all():
    answer = refusal("nvidia", MINUTE)
    assert (answer.headers, body(answer)) == ({}, {"status": 429, "title": "Too Many Requests"})
    assert answer.content_type == "application/problem+json"


def test_ollama_has_a_queue_and_a_plan():
    places = Limit("account", "concurrent", None, 1)
    full = refusal("ollama", places)
    assert full.status == 503
    assert "maximum pending requests exceeded" in full.body.decode()
    assert refusal("ollama", DAY).status == 429


@pytest.mark.parametrize("name", DIALECT_NAMES)
def test_every_refusal_is_json_and_a_key_is_refused_as_such(name: str):
    kind = dialect(name, ManualClock())
    for answer in (
        kind.wrong_key(),
        kind.no_model("m"),
        kind.no_credit("m"),
        kind.no_allowance("m"),
        kind.too_long(10, 20),
        kind.refused_field("seed"),
        kind.failure(),
        kind.overloaded("m"),
        kind.malformed("no"),
    ):
        assert orjson.loads(answer.body)
        assert answer.status >= 400
    assert kind.wrong_key().status == (400 if name == "gemini" else 401)
