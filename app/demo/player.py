"""The demo's own client: a program like any other, over real HTTP, so that there is life to see."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import AsyncExitStack

import aiohttp

from app.demo.farm import CLIENT_KEY
from app.tasks import supervised

log = logging.getLogger(__name__)

_PROMPTS = (
    "Why is the sky blue? One sentence.",
    "Write a haiku about rate limits.",
    "Explain a token bucket to a ten-year-old.",
    "Summarise in one line: four providers, one chain, no waiting.",
    "Give me three names for a cat that never sleeps.",
    "Translate 'please try again later' into plain English.",
    "What does HTTP status 429 mean?",
    "Turn this into a commit message: fixed the thing that broke the other thing.",
    "Name a river for each letter of WATER.",
    "Review this function: def add(a, b): return a - b",
)

# Eight requests within the first seconds: more than the demo's first entry takes in a minute.
_OPENING = (0.0, 0.0, 0.1, 0.6, 0.6, 0.6, 0.6, 0.6)
_MEAN_GAP = 1.5
_BURST_SHARE = 0.1
_STREAM_SHARE = 0.6
_MAX_IN_FLIGHT = 12
_PATIENCE = 90.0


async def start_player(stack: AsyncExitStack, base_url: str, *, playing: bool) -> Player:
    """The demo's own client, running until the stack is left; it waits unless it is `playing`."""
    player = Player(base_url, CLIENT_KEY, playing=playing)
    await stack.enter_async_context(supervised("demo client", player.run))
    return player


class Player:
    """Sends prompts to `base_url` (such as `http://127.0.0.1:4290/v1`) until it is cancelled."""

    def __init__(
        self, base_url: str, key: str, *, model: str = "free", seed: int = 0, playing: bool = True
    ) -> None:
        self.sent = 0
        self.answered = 0
        """Answers with status 200, read to their end."""
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._headers = {"authorization": f"Bearer {key}", "user-agent": "429chain-demo"}
        self._model = model
        self._chance = random.Random(seed)
        self._go = asyncio.Event()
        self._places = asyncio.Semaphore(_MAX_IN_FLIGHT)
        if playing:
            self._go.set()

    @property
    def playing(self) -> bool:
        return self._go.is_set()

    def pause(self) -> None:
        """Send nothing new; what is under way ends by itself."""
        self._go.clear()

    def resume(self) -> None:
        self._go.set()

    def toggle(self) -> bool:
        """Pause or resume; whether it plays now."""
        if self.playing:
            self.pause()
        else:
            self.resume()
        return self.playing

    async def run(self) -> None:
        """Play: an opening that fills the first entry's minute, then about one a second."""
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        async with (
            aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session,
            asyncio.TaskGroup() as requests,
        ):
            for gap in _OPENING:
                await self._pause_for(gap)
                requests.create_task(self._ask(session))
            while True:
                await self._pause_for(self._chance.expovariate(1 / _MEAN_GAP))
                burst = 3 if self._chance.random() < _BURST_SHARE else 1
                for _ in range(burst):
                    requests.create_task(self._ask(session))

    async def _pause_for(self, gap: float) -> None:
        await asyncio.sleep(gap)
        await self._go.wait()

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        if self._places.locked():
            # Everything is exhausted and a dozen wait already: more of them would show nothing new.
            return
        async with self._places:
            self.sent += 1
            try:
                async with session.post(self._url, json=self._request()) as answer:
                    await answer.read()
                    self.answered += answer.status == 200
                    log.debug("demo request: %d", answer.status)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                log.debug("demo request failed: %s", type(error).__name__)

    def _request(self) -> dict[str, object]:
        return {
            "model": self._model,
            "messages": [{"role": "user", "content": self._chance.choice(_PROMPTS)}],
            "max_tokens": 200,
            "stream": self._chance.random() < _STREAM_SHARE,
        }
