"""What each answer of an upstream does to the request and to its entry: DESIGN A5's table.

Every case has a healthy entry after the one that misbehaves; the names are the table's rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from proxy.model import Preset
from tests.proxy.routing.stage import PLAIN, Link, chain
from tests.upstreams.replies import (
    DONE,
    ROLE,
    Reply,
    completion,
    raw_stream,
    refusal,
    reply,
    sse,
    stream,
)

OPENROUTER = Preset(id="openrouter", title="OpenRouter", dialect="openrouter", aggregator=True)
OPENAI = Preset(id="openai", title="OpenAI", dialect="openai")


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@dataclass(frozen=True)
class Row:
    """An answer of the first entry, the word it leaves in the trail, the state it leaves behind."""

    answer: Reply
    word: str
    state: tuple[str, str]
    preset: Preset = PLAIN
    limits: tuple[tuple[str, int], ...] = ()
    stream: bool = False
    twice: bool = False
    """The circuit opens at the entry's second failure in a row."""


ROWS = {
    "429, limit known from its headers": Row(
        refusal(
            429,
            "Rate limit reached",
            headers={
                "x-ratelimit-limit-requests": "30",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "30s",
                "retry-after": "30",
            },
        ),
        "429",
        ("exhausted", "rpm"),
        preset=OPENAI,
    ),
    "429, limit known from its body": Row(
        refusal(429, "Rate limit reached on requests per minute (RPM): Limit 30, Used 30. "
                "Please try again in 20s."),
        "429",
        ("exhausted", "rpm"),
    ),
    "429, a wait but no dimension": Row(
        refusal(429, "slow down", headers={"retry-after": "20"}), "429", ("cooling", "cooldown")
    ),
    "429, nothing said, one requests-per-minute limit known": Row(
        refusal(429, "slow down", code=None), "429", ("exhausted", "rpm"), limits=(("rpm", 30),)
    ),
    "429, nothing said": Row(refusal(429, "slow down", code=None), "429", ("cooling", "cooldown")),
    "out of credit, 402": Row(
        reply(402, error("Payment required")), "402", ("off", "no-credit")
    ),
    "out of credit, 429 insufficient_quota": Row(
        refusal(429, "You exceeded your current quota", code="insufficient_quota"),
        "429",
        ("off", "no-credit"),
    ),
    "the model has no free allowance at all": Row(
        refusal(429, "Quota exceeded for metric: generate_content_free_tier_requests, limit: 0"),
        "429",
        ("off", "no-allowance"),
        preset=Preset(id="gemini", title="Gemini", dialect="gemini"),
    ),
    "key refused": Row(reply(401, error("Incorrect API key")), "401", ("off", "bad-key")),
    "key refused, 403": Row(reply(403, error("Invalid API key")), "403", ("off", "bad-key")),
    "key refused, Gemini's 400": Row(
        reply(400, error("API key not valid. Please pass a valid API key.")),
        "400",
        ("off", "bad-key"),
    ),
    "model gone, 404": Row(
        reply(404, error("The model `m-1` does not exist", code="model_not_found")),
        "404",
        ("off", "no-model"),
    ),
    "model gone, 410": Row(reply(410, error("gone")), "410", ("off", "no-model")),
    "model gone, model_decommissioned": Row(
        reply(400, error("The model has been decommissioned", code="model_decommissioned")),
        "400",
        ("off", "no-model"),
    ),
    "the provider is overloaded, 503": Row(
        reply(503, error("The engine is currently overloaded")), "503", ("cooling", "cooldown")
    ),
    "the provider is overloaded, 529": Row(
        reply(529, error("Overloaded")), "529", ("cooling", "cooldown")
    ),
    "the provider is overloaded, Cerebras queue_exceeded": Row(
        refusal(429, "We're experiencing high traffic right now", code="queue_exceeded"),
        "429",
        ("cooling", "cooldown"),
    ),
    "the provider is overloaded, OpenRouter's shared pool": Row(
        refusal(429, "m is temporarily rate-limited upstream. Please retry shortly"),
        "429",
        ("cooling", "cooldown"),
        preset=OPENROUTER,
    ),
    "the provider is overloaded, NVIDIA's 400 DEGRADED": Row(
        reply(400, error("DEGRADED function cannot be invoked")), "400", ("cooling", "cooldown")
    ),
    "the provider is overloaded, loading model": Row(
        reply(503, error("Loading model")), "503", ("cooling", "cooldown")
    ),
    "413": Row(reply(413, error("Request too large")), "413", ("off", "too-long")),
    "400 for context length": Row(
        reply(400, error("This model's maximum context length is 8192 tokens")),
        "400",
        ("off", "too-long"),
    ),
    "other 400": Row(reply(400, error("temperature is strange")), "400", ("available", "")),
    "other 422": Row(reply(422, error("unprocessable")), "422", ("available", "")),
    "a 403 that blames the content": Row(
        reply(403, error("Input violates our content policy")), "403", ("available", "")
    ),
    "a 200 that carries an error in its body": Row(
        reply(200, error("Rate limit exceeded", code=429)), "429", ("cooling", "cooldown")
    ),
    "a 200 that carries an error as its first event": Row(
        raw_stream(sse(error("No auth", code=401))), "401", ("off", "bad-key"), stream=True
    ),
    "a 200 that carries an error without a code": Row(
        reply(200, error("oops")), "broken", ("down", "down"), twice=True
    ),
    "408": Row(reply(408, error("timeout")), "408", ("down", "down"), twice=True),
    "other 5xx": Row(reply(500, "<html>oops</html>"), "500", ("down", "down"), twice=True),
    "3xx": Row(
        reply(307, "", headers={"location": "http://127.0.0.1:9/v1"}),
        "307",
        ("down", "down"),
        twice=True,
    ),
    "any other status": Row(reply(204), "204", ("down", "down"), twice=True),
    "an answer that is HTML": Row(reply(200, "<html>hi</html>"), "broken", ("down", "down"),
                                  twice=True),
    "an answer with empty choices": Row(
        reply(200, {"choices": []}), "broken", ("down", "down"), twice=True
    ),
    "an answer that is broken JSON": Row(
        reply(200, '{"choices": [{"mess'), "broken", ("down", "down"), twice=True
    ),
    "an answer that is cut off": Row(
        Reply(200, {"content-type": "application/json"}, [b'{"cho'], stream=True, cut=True),
        "broken",
        ("down", "down"),
        twice=True,
    ),
    "an empty stream": Row(
        raw_stream(DONE), "broken", ("down", "down"), stream=True, twice=True
    ),
    "a stream that ends after its role": Row(
        raw_stream(ROLE), "broken", ("down", "down"), stream=True, twice=True
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_the_request_goes_to_the_next_entry(row: Row):
    first = Link([row.answer], model="m-1", preset=row.preset, limits=dict(row.limits))
    second = stream("served") if row.stream else completion("served")
    async with chain(first, [second]) as proxy:
        told = await proxy.ask(stream=row.stream)
        assert (told.status, told.text) == (200, "served")
        assert told.trail == f"a/m-1={row.word},b/m=ok"
        if row.twice:
            assert proxy.entry_state("a/m-1")[0] in ("available", "tracking")
            await proxy.ask(stream=row.stream)
        state, reason = proxy.entry_state("a/m-1")
        if row.state == ("available", ""):
            assert state in ("available", "tracking")
        else:
            assert (state, reason) == row.state
