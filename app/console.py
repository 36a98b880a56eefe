"""A line per request for whoever watches the log of a headless instance."""

from __future__ import annotations

import logging

from proxy.bus import Feed
from proxy.events import ConfigChanged, HealthChanged, RequestFinished

log = logging.getLogger("429chain")

WATCHED = (RequestFinished, ConfigChanged, HealthChanged)


async def narrate(feed: Feed) -> None:
    """Log what the feed brings; returns never."""
    while True:
        await feed.wait()
        for event in feed.take():
            if isinstance(event, RequestFinished):
                log.info("%s", request_line(event))
            elif isinstance(event, HealthChanged):
                log.log(
                    logging.INFO if event.healthy else logging.WARNING,
                    "%s: %s",
                    event.part,
                    event.detail,
                )


def request_line(event: RequestFinished) -> str:
    """`free -> groq/llama: 200 ok in 1.23 s, 1 passed over (cerebras/x 429)`."""
    served = event.entry or "nobody"
    passed = [f"{entry} {word}" for entry, word in event.trail if word not in ("ok", "not-tried")]
    over = f", passed over: {', '.join(passed)}" if passed else ""
    kind = "stream" if event.stream else "plain"
    tokens = f"{event.tokens_in}+{event.tokens_out} tokens" if event.entry else "no tokens"
    return (
        f"{event.chain} -> {served}: {event.status} {event.outcome} "
        f"({kind}, {tokens}, {event.duration_ms / 1000:.2f} s){over}"
    )
