"""Providers' own model lists, whether their keys work, and what is known beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from app.admin.instants import at_wall
from app.configured import Configured
from app.contract import AdminError
from app.snapshot import Check, FreeLimit, ListedModel, ModelList, Preset
from proxy import model
from proxy.engine import Engine
from proxy.providers import key_question, listing
from proxy.providers.listing import NoModelList
from store.secret_references import SecretReader, read_dotenv

_FRESH = 60.0
"""Seconds for which a list is not asked for again."""


class Listings:
    """Asks providers for what costs nothing."""

    def __init__(
        self, engine: Engine, configured: Configured, presets: Mapping[str, model.Preset]
    ) -> None:
        self._engine = engine
        self._configured = configured
        self._presets = presets

    async def models(self, provider: model.Provider) -> ModelList:
        """The newest list; one of up to a minute ago is not asked for again."""
        listings = self._engine.inquiries.listings
        known = listings.get(provider.account)
        if known is None or self._engine.clock.wall() - known[0] > _FRESH:
            try:
                await self._engine.inquiries.list_models(provider)
            except NoModelList as reason:
                raise AdminError(
                    "No model list",
                    f"{provider.id}: {reason}.",
                    "check its key and address, or type the model's id",
                    status=502,
                ) from None
        fetched_at, models = listings[provider.account]
        items = tuple(self._listed(provider, one) for one in models)
        return ModelList(items, at_wall(fetched_at))

    def _listed(self, provider: model.Provider, row: listing.ListedModel) -> ListedModel:
        name = f"{provider.id}/{row.id}"
        return ListedModel(
            id=row.id,
            context_window=row.context_window,
            max_output=row.max_output,
            tools=row.tools,
            vision=row.vision,
            free=row.free,
            entry_in=tuple(
                chain.name
                for chain in self._engine.configuration.chains.values()
                if any(entry.name == name for entry in chain.entries)
            ),
        )

    async def check(self, provider: model.Provider) -> Check:
        """Ask for its list now, with its key, and whether that says anything of the key."""
        wall = self._engine.clock.wall()
        if provider.lacks_key:
            variables = " or ".join(provider.preset.key_env)
            return Check(False, f"no key: {variables} is not set", None, (), at_wall(wall))
        try:
            models = await self._engine.inquiries.list_models(provider)
            tested = await self._engine.inquiries.is_key_tested(provider)
        except NoModelList as reason:
            return Check(False, str(reason), None, (), at_wall(wall))
        listed = {one.id for one in models}
        missing = tuple(
            entry.model
            for entry in self._engine.configuration.entries.values()
            if entry.provider is provider
            and listed
            and entry.model.removeprefix("models/") not in listed
        )
        detail = f"lists {len(models)} models"
        if missing:
            detail += f", but not {', '.join(missing)}"
        if told := key_question.told(provider, tested):
            detail += f"; {told}"
        return Check(True, detail, len(models), missing, at_wall(wall), tested is True)

    async def presets(self) -> tuple[Preset, ...]:
        """All presets, and which of their variables are set."""
        path = self._configured.loaded.path
        folder = path.absolute().parent if path is not None else Path()
        dotenv = await asyncio.to_thread(read_dotenv, folder / ".env") if path is not None else {}
        reader = SecretReader(self._configured.environ, dotenv, folder)

        def found(preset: model.Preset) -> str | None:
            return next((name for name in preset.key_env if reader.variable(name)), None)

        return tuple(_preset(preset, found(preset)) for preset in self._presets.values())


def _preset(preset: model.Preset, found: str | None) -> Preset:
    return Preset(
        id=preset.id,
        title=preset.title,
        base_url=preset.base_url,
        needs_key=preset.needs_key,
        key_env=preset.key_env,
        key_found=found,
        key_page=preset.key_page,
        local=preset.local,
        suggest=preset.suggest,
        free=tuple(FreeLimit(one.scope, one.pattern, dict(one.sizes)) for one in preset.free),
        checked=preset.checked,
        source=preset.source,
    )
