"""What an instance tells whoever watches its log: how it starts, then a line per request."""

from __future__ import annotations

import asyncio
import logging
from itertools import groupby

from app.logs import log_together
from app.options import Options
from app.version import VERSION
from proxy.bus import Feed
from proxy.events import HealthChanged, RequestFinished
from store.settings_load import Loaded

log = logging.getLogger("429chain")

WATCHED = (RequestFinished, HealthChanged)

_PAUSE = 0.05
"""Seconds in which a busy instance's lines are collected: nobody reads faster than that."""
_MOST_PASSED = 8
"""Entries that a line names of those that were passed over."""


def tell_start(loaded: Loaded, options: Options, base_url: str, *, shown: bool) -> None:
    """What is served, and what of the config a person should know. `shown`: there is a screen."""
    if loaded.path is not None and not options.demo:
        log.info("config file: %s", loaded.path)
    for warning in loaded.warnings:
        log.warning("%s", warning)
    chains = loaded.configuration.chains.values()
    named = ", ".join(f"{chain.name} ({len(chain.entries)})" for chain in chains)
    log.info("chains: %s", named or "none yet")
    if not options.no_tui and not shown:
        log.info("no terminal to draw on: serving without the interface (--no-tui says so)")
    log.info("429chain %s serves %s", VERSION, base_url)


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
