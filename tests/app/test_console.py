"""The line per request of a headless instance."""

from __future__ import annotations

import logging

import pytest

from app.console import WATCHED, narrate, request_line
from app.demo.greeting import demo_greeting
from app.tasks import supervised
from proxy.bus import Bus
from proxy.events import RequestFinished
from tests.upstreams.waiting import until

SERVED = RequestFinished(
    id="1",
    at=0.0,
    client="default",
    agent="curl/8",
    chain="free",
    entry="groq/llama",
    outcome="ok",
    status=200,
    stream=True,
    attempts=(),
    trail=(("cerebras/x", "429"), ("groq/llama", "ok"), ("ollama/y", "not-tried")),
    tokens_in=12,
    tokens_out=40,
    estimated=False,
    duration_ms=1234.0,
    first_token_ms=100.0,
    client_closed=False,
)


def test_a_served_request_says_who_and_past_whom():
    assert request_line(SERVED) == (
        "free -> groq/llama: 200 ok (stream, 12+40 tokens, 1.23 s), passed over: cerebras/x 429"
    )


def test_a_failed_request_says_that_nobody_served():
    failed = SERVED._replace(
        entry=None,
        outcome="failed",
        status=429,
        stream=False,
        trail=(("a/b", "skipped:rpm"),),
    )
    assert request_line(failed) == (
        "free -> nobody: 429 failed (plain, no tokens, 1.23 s), passed over: a/b skipped:rpm"
    )


async def test_what_came_last_is_told_at_the_end(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "429chain")
    bus = Bus()
    with bus.subscribe(*WATCHED, size=10) as feed:
        async with supervised("console", lambda: narrate(feed)):
            bus.publish(SERVED)
            await until(lambda: caplog.records)
            bus.publish(SERVED._replace(outcome="interrupted"))
    assert [one.levelname for one in caplog.records] == ["INFO", "WARNING"]


def test_the_greeting_can_be_pasted():
    lines = demo_greeting("http://127.0.0.1:4290/v1", "sk-demo").splitlines()
    assert "  export OPENAI_BASE_URL=http://127.0.0.1:4290/v1 OPENAI_API_KEY=sk-demo" in lines
    assert "  curl -i http://127.0.0.1:4290/v1/chat/completions \\" in lines
