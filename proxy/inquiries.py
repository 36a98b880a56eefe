"""What is asked of providers unasked: only what costs nothing (DESIGN A6).

Their model lists, at the start and daily; a quota endpoint where there is one, at the start, after
a refusal, and every five minutes while the account is in use; what window a local Ollama runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from math import inf

import aiohttp

from proxy.bus import Bus
from proxy.connections import Connections
from proxy.events import LimitsChanged
from proxy.limits import judge
from proxy.limits.ledger import Ledger
from proxy.limits.subjects import Listed
from proxy.model import Configuration, Entry, Provider
from proxy.providers.key_question import is_key_tested
from proxy.providers.listing import ListedModel, NoModelList, read_listing
from proxy.providers.quota import ENDPOINTS

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds for one answer."""
_LIST_EVERY = 86_400.0
_LIST_AGAIN = 300.0
"""After a list that could not be had."""
_QUOTA_EVERY = 300.0
_LOCAL_EVERY = 30.0
"""The same for a server of one's own, which has a window only once it has loaded a model."""
_QUOTA_PAUSE = 10.0
"""Seconds between two looks at one account's quota, whatever happens."""
_TICK = 5.0
_LARGEST = 16 * 1024 * 1024


class Inquiries:
    """Asks, and tells the ledger. `run` beside the proxy; `listing` for a person who wants it now.

    `listings` keeps the newest list of each account, for interfaces.
    """

    def __init__(self, ledger: Ledger, connections: Connections, bus: Bus) -> None:
        self._ledger = ledger
        self._connections = connections
        self._bus = bus
        self._configuration = Configuration(providers={}, chains={}, clients=())
        self._changed = asyncio.Event()
        self._refused: set[str] = set()
        self._used: set[str] = set()
        self._listed_at: dict[str, float] = {}
        self._quota_at: dict[str, float] = {}
        self.listings: dict[str, tuple[float, tuple[ListedModel, ...]]] = {}
        """Account to (wall time, models)."""

    def configure(self, configuration: Configuration) -> None:
        """Ask the providers of this configuration from now on, new ones at once."""
        self._configuration = configuration
        for provider in configuration.providers.values():
            self._tell(provider)
        self._changed.set()

    async def run(self) -> None:
        """Ask whatever is due, until cancelled."""
        with self._bus.subscribe(LimitsChanged, size=1000) as feed:
            while True:
                self._changed.clear()
                for event in feed.take():
                    if isinstance(event, LimitsChanged):
                        self._note(event)
                due = self._due()
                if due:
                    await asyncio.gather(*due)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TICK):
                        await self._changed.wait()

    def _note(self, event: LimitsChanged) -> None:
        account = event.account.partition("|")[0]
        self._used.add(account)
        if event.urgent:
            self._refused.add(account)

    def _due(self) -> list[Coroutine[None, None, None]]:
        """What is to be asked now; noted as asked."""
        now = self._ledger.clock.now()
        asking: list[Coroutine[None, None, None]] = []
        for account, provider in self._accounts().items():
            if now - self._listed_at.get(account, -inf) >= _LIST_EVERY:
                self._listed_at[account] = now
                asking.append(self._try_to_list(provider))
            if self._quota_is_due(account, provider, now):
                self._quota_at[account] = now
                self._refused.discard(account)
                self._used.discard(account)
                asking.append(self._try_to_look(provider))
        return asking

    def _accounts(self) -> dict[str, Provider]:
        """One provider of each account that can be asked at all."""
        return {
            provider.account: provider
            for provider in self._configuration.providers.values()
            if provider.enabled and not provider.lacks_key
        }

    def _quota_is_due(self, account: str, provider: Provider, now: float) -> bool:
        if not provider.preset.quota_path:
            return False
        since = now - self._quota_at.get(account, -inf)
        if account in self._refused:
            return since >= _QUOTA_PAUSE
        every = _LOCAL_EVERY if provider.preset.local else _QUOTA_EVERY
        return since == inf or (account in self._used and since >= every)

    # A provider that does not answer is no news here: requests will tell.

    async def _try_to_list(self, provider: Provider) -> None:
        try:
            await self.list_models(provider)
        except NoModelList as reason:
            log.debug("%s: no model list: %s", provider.id, reason)
            again = self._ledger.clock.now() + _LIST_AGAIN
            self._listed_at[provider.account] = again - _LIST_EVERY

    async def _try_to_look(self, provider: Provider) -> None:
        try:
            await self._look_at_quota(provider)
        except NoQuota as reason:
            log.debug("%s: no word on its quota: %s", provider.id, reason)

    async def list_models(self, provider: Provider) -> tuple[ListedModel, ...]:
        """Ask for a provider's models now, and remember what it says. Raises NoModelList."""
        preset = provider.preset
        try:
            status, body = await self._get(provider, preset.models_path)
        except NoQuota as reason:
            raise NoModelList(str(reason)) from None
        if status in (401, 403):
            raise NoModelList(f"key refused ({status})")
        if status != 200:
            raise NoModelList(f"answered {status}")
        models = read_listing(body)
        self.listings[provider.account] = (self._ledger.clock.wall(), models)
        self._tell(provider)
        return models

    async def is_key_tested(self, provider: Provider) -> bool | None:
        """As `key_question.is_key_tested`. Raises NoModelList."""
        return await is_key_tested(provider, self._status)

    async def _status(self, provider: Provider, path: str) -> int | None:
        with suppress(NoQuota):
            return (await self._get(provider, path))[0]
        return None

    def _tell(self, provider: Provider) -> None:
        """Let the ledger know what the newest list says of the configured models."""
        models = self.listings.get(provider.account, (0.0, ()))[1]
        by_id = {model.id: model for model in models}
        for entry in self._entries(provider):
            model = by_id.get(entry.model)
            if model is not None:
                listed = Listed(model.context_window, model.max_output, model.tools, model.vision)
                self._ledger.know(entry, listed)

    def _entries(self, provider: Provider) -> list[Entry]:
        entries = self._configuration.entries.values()
        return [entry for entry in entries if entry.provider.account == provider.account]

    async def _look_at_quota(self, provider: Provider) -> None:
        endpoint = ENDPOINTS.get(provider.preset.quota_path)
        entries = self._entries(provider)
        if endpoint is None or not entries:
            return
        status, body = await self._get(provider, provider.preset.quota_path)
        if status != 200:
            raise NoQuota(f"{provider.preset.quota_path} answered {status}")
        told = endpoint(body, self._ledger.clock.wall())
        self._ledger.learn(entries[0], told.readings)
        if told.spent_for is not None:
            judge.quota_spent(self._ledger, entries[0], told.spent_for)
        if told.no_credit:
            judge.credit_spent(self._ledger, entries[0])
        for entry in entries:
            if entry.model in told.windows:
                self._ledger.know_window(entry, told.windows[entry.model])

    async def _get(self, provider: Provider, path: str) -> tuple[int, bytes]:
        """Status and body, at most 16 MiB. Raises NoQuota with the reason in our words."""
        try:
            async with asyncio.timeout(PATIENCE):
                response = await self._connections.get(provider, path)
                try:
                    body = bytearray()
                    while chunk := await response.content.readany():
                        body += chunk
                        if len(body) > _LARGEST:
                            raise NoQuota("answers with more than 16 MiB")
                    return response.status, bytes(body)
                finally:
                    response.close()
        except TimeoutError:
            raise NoQuota(f"no answer within {PATIENCE:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            # An aiohttp exception's text may hold headers and URLs; its kind is enough.
            raise NoQuota(f"unreachable ({type(error).__name__})") from None


class NoQuota(Exception):
    """A provider did not answer. The text says why and holds no secret."""
