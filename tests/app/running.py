"""A whole instance in the test's own loop, with real ports: what the admin API is tested on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from app.admin.local import LocalAdmin
from app.admin.parts import Parts
from app.configured import Configured, secrets_of
from app.connection import connections
from app.options import Options
from app.port import open_port
from app.savings import Savings
from app.tasks import supervised
from app.web.answers import unheard_answer
from app.web.api import AdminServer
from proxy.bus import Bus
from proxy.clock import SystemClock
from proxy.engine import Engine
from proxy.providers.presets import load_presets
from proxy.server import Server
from store.database import Database
from store.recorder import BATCH, FEED_SIZE, RECORDED, Recorder
from store.settings_load import Loaded, load

TOKEN = "test-admin-token-0123456789"
CLIENT_KEY = "sk-client-0123456789"


@dataclass(slots=True)
class Reply:
    """An answer that was read to its end."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


@dataclass(slots=True)
class Instance:
    """A running instance. `ask` goes to the admin port with the token."""

    admin: LocalAdmin
    engine: Engine
    configured: Configured
    database: Database
    recorder: Recorder
    path: Path
    url: str
    proxy_url: str
    http: aiohttp.ClientSession

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = TOKEN,
    ) -> Reply:
        """One request. A write without a body says that it is JSON, as it must."""
        sent = dict(headers or {})
        if token is not None:
            sent.setdefault("authorization", f"Bearer {token}")
        if json is None and data is None and method in ("POST", "PUT", "PATCH"):
            sent.setdefault("content-type", "application/json")
        async with self.http.request(
            method, self.url + path, json=json, data=data, headers=sent
        ) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json" and text
            body = await answer.json() if is_json else None
            return Reply(answer.status, answer.headers.copy(), body, text)

    async def chat(self, model: str = "free", prompt: str = "Hello") -> Reply:
        """A client's request on the proxy port."""
        body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
        async with self.http.post(
            f"{self.proxy_url}/v1/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {CLIENT_KEY}"},
        ) as answer:
            text = await answer.text()
            return Reply(answer.status, answer.headers.copy(), await answer.json(), text)

    def text(self) -> str:
        """Of the config file."""
        return self.path.read_text("utf-8")


def config(providers: str, *, token: str = TOKEN, server: str = "") -> str:
    """A config file with these provider and chain tables."""
    line = f'admin_token = "{token}"\n' if token else ""
    return f'[server]\napi_keys = ["{CLIENT_KEY}"]\n{line}{server}\n{providers}'


@asynccontextmanager
async def running(
    folder: Path, text: str, environ: Mapping[str, str] | None = None
) -> AsyncGenerator[Instance]:
    """An instance on this config, with these variables and no others."""
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    clock, bus, options, presets = SystemClock(), Bus(), Options(config=path), load_presets()
    loaded = load(path, presets=presets, environ=environ or {})
    async with AsyncExitStack() as stack:
        database = Database(folder / "429chain.db", clock)
        stack.push_async_callback(database.close)
        await database.open()
        engine = await stack.enter_async_context(Engine(clock, bus))

        def apply(fresh: Loaded) -> None:
            engine.configure(fresh.configuration, secrets_of(fresh))

        apply(loaded)
        savings = Savings()
        savings.configure(loaded.configuration, loaded.settings.savings.reference)
        await savings.run()
        feed = stack.enter_context(bus.subscribe(*RECORDED, size=FEED_SIZE, many=BATCH))
        recorder = Recorder(database, feed, bus, changes=engine.ledger.changes, price=savings.price)
        await stack.enter_async_context(supervised("recorder", recorder.run))
        configured = Configured(
            loaded, presets=presets, options=options, bus=bus, apply=apply, environ=environ or {}
        )
        proxy = await stack.enter_async_context(
            open_port(Server(engine).connections(), "127.0.0.1", 0, setting="port")
        )
        parts = Parts(
            engine=engine,
            configured=configured,
            database=database,
            recorder=recorder,
            options=options,
            price=savings.price,
            base_url=f"{proxy.url}/v1",
        )
        admin = LocalAdmin(parts)
        await admin.start(stack)
        face = AdminServer(admin, configured, clock, database)
        await face.remember_ended()
        port = await stack.enter_async_context(
            open_port(
                connections(face.application(), unheard_answer),
                "127.0.0.1",
                0,
                setting="admin_port",
            )
        )
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        yield Instance(
            admin, engine, configured, database, recorder, path, port.url, proxy.url, http
        )
