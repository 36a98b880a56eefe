"""Providers as they are configured and how they do; adding, changing, removing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from app.admin.editing import Editing
from app.admin.health import LastHour
from app.admin.keys import secret_state
from app.admin.limits import OUT, LimitsView, unknown_provider
from app.admin.provider_edits import Current, added, changed
from app.configured import Configured
from app.contract import AdminError, NewProvider, ProviderEdit
from app.snapshot import EntryLimits, ModelSettings, Provider, Providers, SecretState
from proxy import model
from proxy.engine import Engine
from proxy.model import Preset
from store.config_edit import ConfigEdit
from store.configuration import preset_of
from store.settings import ProviderSettings


class ProvidersView:
    """Reads providers off the engine and the settings; writes them into the config file."""

    def __init__(
        self,
        engine: Engine,
        configured: Configured,
        editing: Editing,
        limits: LimitsView,
        last_hour: LastHour,
        presets: Mapping[str, Preset],
    ) -> None:
        self._engine = engine
        self._configured = configured
        self._editing = editing
        self._limits = limits
        self._last_hour = last_hour
        self._presets = presets

    def providers(self) -> Providers:
        items = tuple(map(self._provider, self._engine.configuration.providers.values()))
        return Providers(items, self._editing.version)

    def provider(self, id: str, *, notes: tuple[str, ...] = ()) -> Provider:
        return self._provider(self.configured(id), notes)

    def configured(self, id: str) -> model.Provider:
        """Raises AdminError (404)."""
        provider = self._engine.configuration.providers.get(id)
        if provider is None:
            raise unknown_provider(id, self._engine.configuration.providers)
        return provider

    def _settings(self, id: str) -> ProviderSettings:
        return self._configured.loaded.settings.providers[id]

    def _provider(self, provider: model.Provider, notes: tuple[str, ...] = ()) -> Provider:
        id, preset = provider.id, provider.preset
        settings = self._settings(id)
        configured = self._engine.configuration.entries.values()
        own = [entry for entry in configured if entry.provider is provider]
        entries = self._limits.of(own)
        state = _state(provider, entries)
        timeouts = cast("dict[str, float | None]", settings.timeouts.model_dump())
        return Provider(
            id=id,
            preset=preset.id,
            title=preset.title,
            base_url=provider.base_url,
            local=preset.local,
            enabled=provider.enabled,
            api_key=self._secret("providers", id, "api_key"),
            needs_key=preset.needs_key,
            key_env=preset.key_env,
            key_page=preset.key_page,
            headers={
                name: self._secret("providers", id, "headers", name) for name in settings.headers
            },
            limits=dict(provider.limits),
            timeouts={name: value for name, value in timeouts.items() if value is not None},
            models={name: _model(spec) for name, spec in provider.models.items()},
            state=state.state,
            reason=state.reason,
            until=state.until,
            entries=len(entries),
            entries_out=sum(entry.state in OUT for entry in entries),
            health=self._last_hour.health(entry.name for entry in own),
            chains=self._chains_with(provider),
            version=self._editing.version,
            notes=notes,
        )

    def _secret(self, *path: str) -> SecretState:
        return secret_state(self._configured.loaded.secrets.get(path))

    def _chains_with(self, provider: model.Provider) -> tuple[str, ...]:
        return tuple(
            chain.name
            for chain in self._engine.configuration.chains.values()
            if any(entry.provider is provider for entry in chain.entries)
        )

    async def add(self, new: NewProvider, if_match: str | None) -> Provider:
        self._editing.expect(if_match)
        id = new["id"]
        if id in self._engine.configuration.providers:
            raise AdminError(
                "Name is taken",
                f"There is a provider '{id}' already.",
                f"PATCH /api/providers/{id} changes it",
                "id",
                status=409,
            )
        edited = {key: value for key, value in new.items() if key != "id"}
        preset = self._preset(id, cast("ProviderEdit", edited), None)
        table, notes = added(cast("ProviderEdit", edited), preset)

        def edit(config: ConfigEdit) -> None:
            config.add_provider(id, table)

        await self._editing.apply(f"add provider {id}", edit, _fields(edited), if_match)
        return self.provider(id, notes=notes)

    async def change(self, id: str, change: ProviderEdit, if_match: str | None) -> Provider:
        self._editing.expect(if_match)
        provider, settings = self.configured(id), self._settings(id)
        preset = self._preset(id, change, settings)
        current = Current(
            origin=provider.origin,
            preset=provider.preset,
            base_url=settings.base_url,
            has_key=provider.key is not None,
            key_written=settings.api_key is not None,
            headers=tuple(settings.headers),
        )
        changes, notes = changed(change, current, preset)

        def edit(config: ConfigEdit) -> None:
            config.change_provider(id, changes)

        await self._editing.apply(f"change provider {id}", edit, _fields(change), if_match)
        return self.provider(id, notes=notes)

    def _preset(self, id: str, edit: ProviderEdit, current: ProviderSettings | None) -> Preset:
        """The preset that the provider stands on after the edit."""
        named = edit.get("preset", current.preset if current else None)
        base_url = edit.get("base_url", current.base_url if current else None)
        settings = ProviderSettings(preset=named, base_url=base_url)
        preset = preset_of(id, settings, self._presets)
        if preset is None:
            missing = f"no preset '{named[:64]}'" if named else f"'{id}' is no preset"
            raise AdminError(
                "No such preset",
                f"There is {missing}." if named else f"{missing}, and it has no base_url.",
                'GET /api/presets lists them; any other API: "openai-compatible" and a base_url',
                "preset",
            )
        return preset

    async def remove(self, id: str, if_match: str | None) -> None:
        self._editing.expect(if_match)
        provider = self.configured(id)
        chains = self._chains_with(provider)
        if chains:
            raise AdminError(
                "Provider is in use",
                f"'{id}' stands in the chains {', '.join(chains)}.",
                "take its entries out of them first",
                status=409,
            )
        await self._editing.apply(
            f"remove provider {id}", lambda config: config.remove_provider(id), (), if_match
        )


_BEST_FIRST = ("tracking", "available", "exhausted", "cooling", "down", "off")


def _state(provider: model.Provider, entries: tuple[EntryLimits, ...]) -> EntryLimits:
    """The best of its entries; without entries, what is known of the account itself."""
    if entries:
        return min(entries, key=lambda entry: _BEST_FIRST.index(entry.state))
    reason = "disabled" if not provider.enabled else "no-key" if provider.lacks_key else None
    state = "off" if reason else "available"
    return EntryLimits("", state, reason, None, (), LastHour.nothing())


def _model(spec: model.ModelSpec) -> ModelSettings:
    return ModelSettings(
        limits=dict(spec.limits),
        context_window=spec.context_window,
        max_output=spec.max_output,
        vision=spec.vision,
        tools=spec.tools,
        enabled=spec.enabled,
    )


def _fields(edit: Mapping[str, object]) -> tuple[str, ...]:
    """Where the rules may find fault: an address is at fault before a key is."""
    return tuple(sorted(edit, key=lambda name: (name != "base_url", name != "preset")))
