"""What a headless instance tells whoever watches it: a greeting, then a line per request."""

from __future__ import annotations

import asyncio
import logging
from itertools import groupby

from app.logs import log_together
from proxy.bus import Feed
from proxy.events import HealthChanged, RequestFinished

log = logging.getLogger("429chain")

WATCHED = (RequestFinished, HealthChanged)


_PAUSE = 0.05
"""Seconds in which a busy instance's lines are collected: nobody reads faster than that."""
_MOST_PASSED = 8
"""Entries that a line names of those that were passed over."""


async def narrate(feed: Feed) -> None:
    """Log what the feed brings, until cancelled; what it holds by then as well."""
    try:
        while True:
            await feed.wait()
            _tell(feed)
            await asyncio.sleep(_PAUSE)
    finally:
        _tell(feed)


def _tell(feed: Feed) -> None:
    events = [event for event in feed.take() if isinstance(event, WATCHED)]
    for level, alike in groupby(events, _level):
        if log.isEnabledFor(level):
            log_together(log, level, [_line(event) for event in alike])


def _level(event: RequestFinished | HealthChanged) -> int:
    if isinstance(event, RequestFinished):
        good = event.outcome not in ("failed", "interrupted")
    else:
        good = event.healthy
    return logging.INFO if good else logging.WARNING


def _line(event: RequestFinished | HealthChanged) -> str:
    if isinstance(event, RequestFinished):
        return request_line(event)
    return f"{event.part}: {event.detail}"


def request_line(event: RequestFinished) -> str:
    """`free -> groq/llama: 200 ok (stream, 12+40 tokens, 1.23 s), passed over: cerebras/x 429`."""
    served = event.entry or "nobody"
    passed = [pair for pair in event.trail if pair[1] not in ("ok", "not-tried")]
    named = [f"{entry} {word}" for entry, word in passed[:_MOST_PASSED]]
    if len(passed) > _MOST_PASSED:
        named.append(f"{len(passed) - _MOST_PASSED} more")
    over = f", passed over: {', '.join(named)}" if named else ""
    kind = "stream" if event.stream else "plain"
    tokens = f"{event.tokens_in}+{event.tokens_out} tokens" if event.entry else "no tokens"
    return (
        f"{event.chain} -> {served}: {event.status} {event.outcome} "
        f"({kind}, {tokens}, {event.duration_ms / 1000:.2f} s){over}"
    )


def demo_greeting(base_url: str, key: str) -> str:
    """The lines to paste in another terminal."""
    return f"""
429chain demo: simulated providers, real limits. Your programs can use it now:

  export OPENAI_BASE_URL={base_url} OPENAI_API_KEY={key}

  curl -i {base_url}/chat/completions \\
    -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\
    -d '{{"model": "free", "messages": [{{"role": "user", "content": "Hello"}}]}}'

"""


def demo_admin(url: str, token: str) -> str:
    """Where the demo can be looked at, with a token that is good for this one run."""
    return f"""  admin API: {url}, token {token}

"""
