"""What a simulated provider says is what the data plane understands of a real one.

The two sides were written apart, each from the recordings: where they meet, both are likely right.
"""

from __future__ import annotations

import pytest

from app.demo.dialect import Answer
from app.demo.dialects import dialect
from app.demo.quota import Quota, Refused, Ticket
from proxy.limits.headers import read_headers
from proxy.limits.readings import Meaning, Refusal
from proxy.limits.refusals import classify
from proxy.model import Dimension, Limit, Window
from proxy.providers.presets import load_presets
from tests.app.demo.manual_clock import ManualClock

MINUTE = Limit("model", "requests", "minute", 5, "bucket")
DAY = Limit("model", "requests", "day", 50, "clock")
TOKENS = Limit("model", "tokens", "minute", 12000, "bucket")
FREE = Limit("pool", "requests", "minute", 20, "clock", pool="*:free")
FREE_DAY = Limit("pool", "requests", "day", 50, "clock", pool="*:free")


def understood(name: str, answer: Answer, clock: ManualClock, model: str = "m") -> Refusal:
    return classify(
        load_presets()[name],
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        model=model,
        now=clock.wall(),
    )


@pytest.mark.parametrize(
    "name, limit, window",
    [
        ("groq", MINUTE, "minute"),
        ("groq", TOKENS, "minute"),
        ("openai", MINUTE, "minute"),
        ("cerebras", MINUTE, "minute"),
        ("cerebras", TOKENS, "minute"),
        ("openrouter", FREE, "minute"),
        ("openrouter", FREE_DAY, "day"),
        ("gemini", DAY, "day"),
        ("gemini", MINUTE, "minute"),
    ],
)
def test_a_spent_limit_is_understood_as_that_limit(name: str, limit: Limit, window: Window):
    clock = ManualClock()
    model = "a:free" if limit.scope == "pool" else "m"
    quota = Quota([limit], clock)
    tokens = 4000
    while isinstance(verdict := quota.admit(model, tokens), Ticket):
        pass
    refused: Refused = verdict
    answer = dialect(name, clock).refusal(model, refused, quota.gauges(model))
    refusal = understood(name, answer, clock, model)
    assert refusal.meaning is Meaning.LIMIT
    assert refusal.scope == limit.scope
    told = {(reading.dimension, reading.window) for reading in refusal.readings}
    assert (limit.dimension, window) in told


@pytest.mark.parametrize(
    "name", ["groq", "openai", "cerebras", "openrouter", "gemini", "mistral", "nvidia", "ollama"]
)
def test_other_refusals_mean_what_they_should(name: str):
    clock = ManualClock()
    kind = dialect(name, clock)
    assert understood(name, kind.wrong_key(), clock).meaning is Meaning.BAD_KEY
    assert understood(name, kind.overloaded("m"), clock).meaning is Meaning.OVERLOADED
    assert understood(name, kind.failure(), clock).meaning is Meaning.FAILURE
    assert understood(name, kind.too_long(4096, 5000), clock).meaning is Meaning.TOO_LONG


@pytest.mark.parametrize(
    "name", ["groq", "openai", "cerebras", "openrouter", "mistral", "nvidia", "ollama"]
)
def test_a_model_that_is_gone_is_understood_as_gone(name: str):
    clock = ManualClock()
    refusal = understood(name, dialect(name, clock).no_model("m"), clock)
    assert refusal.meaning is Meaning.NO_MODEL


@pytest.mark.parametrize("name", ["groq", "cerebras", "mistral", "openai"])
def test_budgets_are_read_to_the_unit(name: str):
    clock = ManualClock()
    quota = Quota([MINUTE, DAY, TOKENS], clock)
    for _ in range(2):
        quota.admit("m", 300)
    headers = dialect(name, clock).budget(quota.gauges("m"), stream=False)
    heard = read_headers(load_presets()[name], headers, status=200, model="m", now=clock.wall())
    left: dict[tuple[Dimension, Window | None], int] = {
        ("requests", "minute"): 3,
        ("requests", "day"): 48,
        ("tokens", "minute"): 11400,
    }
    assert heard.readings
    assert heard.garbage == 0
    for reading in heard.readings:
        assert reading.remaining == left[reading.dimension, reading.window]
