"""The `Admin` of this very process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from app.admin.broadcast import Broadcast
from app.admin.chains import ChainsView
from app.admin.editing import Editing
from app.admin.export import as_csv, as_jsonl
from app.admin.health import LastHour
from app.admin.lag import LoopLag
from app.admin.limits import LimitsView
from app.admin.listings import Listings
from app.admin.metrics import Metrics
from app.admin.parts import Parts
from app.admin.prompt import Prompting
from app.admin.providers import ProvidersView
from app.admin.requests import RequestsView
from app.admin.status import StatusView
from app.changes import Change, PromptEvent
from app.configured import Configured
from app.contract import By, ChainEdit, NewChain, NewProvider, Prompt, ProviderEdit
from app.options import Options
from app.request_snapshot import Answered, RequestDetail, RequestPage, StatsRow
from app.snapshot import (
    Chain,
    Chains,
    Check,
    EntryLimits,
    ModelList,
    Preset,
    Provider,
    Providers,
    Status,
    Undone,
)
from app.tasks import supervised
from proxy.events import RequestFinished
from proxy.providers.presets import load_presets
from store.config_edit import ConfigEdit
from store.config_file import ConfigText
from store.config_store import ConfigStore
from store.settings_load import load_text

_COUNTED_EVERY = 0.1
"""Seconds: a busy instance counts what ended together."""


class LocalAdmin:
    """Answers from the engine, the config file and the database. `start` before the first call."""

    def __init__(self, parts: Parts) -> None:
        engine, configured = parts.engine, parts.configured
        presets = load_presets()
        self._engine = engine
        self._last_hour = LastHour(engine.clock)
        self._lag = LoopLag()
        self._limits = LimitsView(engine, self._last_hour)
        self._editing = Editing(configured, _config_store(configured, parts.options))
        self._status = StatusView(
            engine,
            configured,
            parts.database,
            parts.recorder,
            self._limits,
            self._last_hour,
            self._lag,
            parts.base_url,
            self._editing,
        )
        self._chains = ChainsView(engine, self._editing)
        self._providers = ProvidersView(
            engine, configured, self._editing, self._limits, self._last_hour, presets
        )
        self._listings = Listings(engine, configured, presets)
        self._requests = RequestsView(engine, parts.database, parts.recorder)
        self._prompting = Prompting(engine)
        self._metrics = Metrics(engine, self._limits, parts.recorder, self._lag, parts.price)
        self._broadcast = Broadcast(engine, engine.bus, self._limits, parts.price)

    async def start(self, stack: AsyncExitStack) -> None:
        """Begin to count and to measure; undone with the stack."""
        for name, run in (
            ("request counters", self._count),
            ("loop lag", self._lag.run),
            ("event stream", self._broadcast.run),
        ):
            await stack.enter_async_context(supervised(name, run))

    async def _count(self) -> None:
        with self._engine.bus.subscribe(RequestFinished, size=10_000) as feed:
            while True:
                await feed.wait()
                for event in feed.take():
                    if isinstance(event, RequestFinished):
                        self._last_hour.note(event)
                        self._metrics.note(event)
                await asyncio.sleep(_COUNTED_EVERY)

    async def status(self) -> Status:
        return await self._status.status()

    async def limits(self) -> tuple[EntryLimits, ...]:
        return await self._limits.read(self._engine.configuration.entries.values())

    async def clear(self, provider: str, model: str | None = None) -> tuple[EntryLimits, ...]:
        return self._limits.clear(provider, model)

    async def providers(self) -> Providers:
        return self._providers.providers()

    async def provider(self, id: str) -> Provider:
        return self._providers.provider(id)

    async def add_provider(self, new: NewProvider, *, if_match: str | None = None) -> Provider:
        return await self._providers.add(new, if_match)

    async def change_provider(
        self, id: str, edit: ProviderEdit, *, if_match: str | None = None
    ) -> Provider:
        return await self._providers.change(id, edit, if_match)

    async def remove_provider(self, id: str, *, if_match: str | None = None) -> None:
        await self._providers.remove(id, if_match)

    async def models(self, id: str) -> ModelList:
        return await self._listings.models(self._providers.configured(id))

    async def check(self, id: str) -> Check:
        return await self._listings.check(self._providers.configured(id))

    async def presets(self) -> tuple[Preset, ...]:
        return await self._listings.presets()

    async def chains(self) -> Chains:
        return self._chains.chains()

    async def chain(self, name: str) -> Chain:
        return self._chains.chain(name)

    async def add_chain(self, new: NewChain, *, if_match: str | None = None) -> Chain:
        return await self._chains.add(new, if_match)

    async def change_chain(
        self, name: str, edit: ChainEdit, *, if_match: str | None = None
    ) -> Chain:
        return await self._chains.change(name, edit, if_match)

    async def remove_chain(self, name: str, *, if_match: str | None = None) -> None:
        await self._chains.remove(name, if_match)

    async def undo(self, *, if_match: str | None = None) -> Undone:
        return await self._editing.undo(if_match)

    async def requests(
        self,
        *,
        before: int | None = None,
        limit: int = 100,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> RequestPage:
        return await self._requests.page(before, limit, chain, provider, status, q)

    async def request(self, id: str) -> RequestDetail:
        return await self._requests.one(id)

    def requests_csv(
        self,
        *,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> AsyncGenerator[bytes]:
        return as_csv(self._requests.everything(chain, provider, status, q))

    def requests_jsonl(
        self,
        *,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> AsyncGenerator[bytes]:
        return as_jsonl(self._requests.everything(chain, provider, status, q))

    async def stats(
        self, by: By = "day", *, from_: str | None = None, to: str | None = None
    ) -> tuple[StatsRow, ...]:
        return await self._requests.stats(by, from_, to)

    async def test(self, prompt: Prompt) -> Answered:
        return await self._prompting.test(prompt)

    def test_stream(self, prompt: Prompt) -> AsyncGenerator[PromptEvent]:
        return self._prompting.stream(prompt)

    def events(self) -> AsyncGenerator[Change]:
        return self._broadcast.watch()

    async def metrics(self) -> str:
        return self._metrics.text()

    async def keep_theme(self, name: str) -> None:
        """Let the terminal interface start with a theme. Raises AdminError."""
        await self._editing.apply(f"theme {name}", theme_edit(name), ("theme",), None)


def theme_edit(name: str) -> Callable[[ConfigEdit], None]:
    """Sets the theme of the terminal interface."""
    return lambda config: config.set_value("ui.theme", name)


def _config_store(configured: Configured, options: Options) -> ConfigStore | None:
    path = configured.loaded.path
    return None if path is None else config_store(path, configured.environ, options)


def config_store(path: Path, environ: Mapping[str, str], options: Options) -> ConfigStore:
    """The config file as interfaces write it; what a variable or flag sets, they cannot."""

    def origins(file: ConfigText) -> dict[str, str]:
        loaded = load_text(
            file, presets=load_presets(), environ=environ, overrides=options.overrides()
        )
        return dict(loaded.origins)

    return ConfigStore(path, origins)
