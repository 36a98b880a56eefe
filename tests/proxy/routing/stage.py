"""A running proxy in front of simulated providers: real HTTP on both sides.

async with chain([refusal(429)], [completion("hi")]) as proxy:
    answer = await proxy.ask()
    assert answer.trail == "a/m=429,b/m=ok"

The links of the chain are called a, b, c, ... and have the model "m" unless `Link` says otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import Any

import aiohttp
import orjson
import pytest

from proxy.bus import Bus, Feed
from proxy.clock import Clock, SystemClock
from proxy.engine import Engine
from proxy.events import RequestFinished
from proxy.limits.demand import Need
from proxy.limits.reservations import Reservation
from proxy.limits.status import Verdict
from proxy.model import (
    Configuration,
    Entry,
)
from proxy.server import Server
from tests.proxy.routing.links import AGGREGATOR, KEY, PLAIN, QUICK, Link, make_configuration
from tests.upstreams.fake_provider import Answers, FakeProvider, fake_provider
from tests.upstreams.waiting import until

__all__ = ["AGGREGATOR", "KEY", "PLAIN", "QUICK", "Link", "Proxy", "Told", "chain", "running"]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the proxy, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def trail(self) -> str:
        return self.headers["x-429chain-trail"]

    @property
    def text(self) -> str:
        """The content of the answer, be it plain or a stream."""
        if not self.headers["content-type"].startswith("text/event-stream"):
            return self.json["choices"][0]["message"]["content"]
        choices = (choice for event in self.events for choice in event.get("choices", ()))
        return "".join(choice["delta"].get("content") or "" for choice in choices)

    @property
    def payloads(self) -> list[bytes]:
        return [
            line.removeprefix(b"data: ")
            for line in self.body.split(b"\n\n")
            if line.startswith(b"data: ")
        ]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(payload) for payload in self.payloads if payload != b"[DONE]"]

    @property
    def done(self) -> bool:
        return self.body.endswith(b"data: [DONE]\n\n")


class Proxy:
    """The proxy, its upstreams by provider id, and a client of it."""

    def __init__(
        self,
        engine: Engine,
        server: Server,
        port: int,
        ups: Mapping[str, FakeProvider],
        session: aiohttp.ClientSession,
        log: Feed,
    ) -> None:
        self.engine = engine
        self.server = server
        self.port = port
        self.up = ups
        self.session = session
        self._log = log
        self.logged: list[RequestFinished] = []
        self.open_reservations: list[Reservation] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def call(
        self,
        model: str = "free",
        *,
        stream: bool = False,
        key: str = KEY,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> Any:
        """A request under way: `async with` gives its answer as it comes."""
        asked = {"model": model, "messages": [{"role": "user", "content": "hi"}], **body}
        return self.session.post(
            f"{self.base_url}/chat/completions",
            json=asked | ({"stream": True} if stream else {}),
            headers={"authorization": f"Bearer {key}", **(headers or {})},
        )

    async def ask(self, model: str = "free", **options: Any) -> Told:
        """Ask and read the whole answer. Options as `call`, all others go into the body."""
        async with self.call(model, **options) as answer:
            return Told(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, *, key: str = KEY, method: str = "GET") -> Told:
        url = f"http://127.0.0.1:{self.port}{path}"
        headers = {"authorization": f"Bearer {key}"} if key else {}
        async with self.session.request(method, url, headers=headers) as answer:
            return Told(answer.status, answer.headers, await answer.read())

    async def finished(self, count: int = 1) -> RequestFinished:
        """The newest of the requests that were logged, once there are so many."""
        await until(lambda: self._taken() >= count)
        return self.logged[count - 1]

    def _taken(self) -> int:
        self.logged += [event for event in self._log.take() if isinstance(event, RequestFinished)]
        return len(self.logged)

    def configure(self, configuration: Configuration) -> None:
        self.engine.configure(configuration, [])

    def edit_chain(self, name: str, entries: Iterable[str]) -> None:
        """Put other configured entries into a chain, as an edit of the file does."""
        now = self.engine.configuration
        chain = replace(now.chains[name], entries=tuple(now.entries[one] for one in entries))
        self.configure(replace(now, chains={**now.chains, name: chain}))

    def entry_state(self, name: str) -> tuple[str, str]:
        """The state and the reason that interfaces show."""
        status = self.engine.ledger.status(self.engine.configuration.entries[name])
        return status.state, status.reason

    def assert_at_rest(self) -> None:
        """Nothing runs, nobody waits, and every reservation that was made is closed."""
        assert not self.engine.in_flight
        assert not len(self.engine.line)
        self.open_reservations = [one for one in self.open_reservations if one.open]
        assert not self.open_reservations

    def watch_reservations(self, patch: pytest.MonkeyPatch) -> None:
        """Keep every reservation that the ledger makes until it is closed."""
        reserve = self.engine.ledger.reserve

        def watched(entry: Entry, need: Need, *, hopeful: bool = False) -> Reservation | Verdict:
            got = reserve(entry, need, hopeful=hopeful)
            if isinstance(got, Reservation):
                self.open_reservations.append(got)
                if len(self.open_reservations) > 1000:
                    self.open_reservations = [one for one in self.open_reservations if one.open]
            return got

        patch.setattr(self.engine.ledger, "reserve", watched)


@asynccontextmanager
async def chain(
    *links: Answers | Link, clock: Clock | None = None, **options: Any
) -> AsyncGenerator[Proxy]:
    """A proxy with the chain `free` of these links. Options as `make_configuration`.

    `routing.max_wait` is 0 unless a `routing` is given.
    """
    named = [_named(link, index) for index, link in enumerate(links)]
    async with AsyncExitStack() as stack:
        ups: dict[str, FakeProvider] = {}
        base_urls: dict[str, str] = {}
        for link in named:
            if link.base_url:
                base_urls.setdefault(link.provider, link.base_url)
            elif link.provider not in ups:
                up = await stack.enter_async_context(fake_provider(link.answers or ()))
                ups[link.provider], base_urls[link.provider] = up, up.base_url
        configuration = make_configuration(named, base_urls, **options)
        yield await stack.enter_async_context(running(configuration, ups, clock=clock))


def _named(link: Answers | Link, index: int) -> Link:
    one = link if isinstance(link, Link) else Link(link)
    return one if one.provider else replace(one, provider=ascii_lowercase[index])


@asynccontextmanager
async def running(
    configuration: Configuration, ups: Mapping[str, FakeProvider], *, clock: Clock | None = None
) -> AsyncGenerator[Proxy]:
    """A proxy on that configuration; at its end nothing may be left open."""
    bus = Bus()
    secrets = [p.key.get_secret_value() for p in configuration.providers.values() if p.key]
    async with AsyncExitStack() as stack:
        log = stack.enter_context(bus.subscribe(RequestFinished, size=100_000))
        engine = await stack.enter_async_context(Engine(clock or SystemClock(), bus))
        engine.configure(configuration, secrets)
        server = Server(engine)
        connection = await stack.enter_async_context(server.connections())
        listener = await asyncio.get_running_loop().create_server(
            connection, "127.0.0.1", 0, backlog=1024
        )
        stack.callback(listener.close)
        port: int = listener.sockets[0].getsockname()[1]
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        proxy = Proxy(engine, server, port, ups, session, log)
        proxy.watch_reservations(stack.enter_context(pytest.MonkeyPatch.context()))
        yield proxy
        await asyncio.wait_for(engine.idle.wait(), 5)
        proxy.assert_at_rest()
