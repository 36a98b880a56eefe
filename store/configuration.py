"""The one place where settings become what the data plane works with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import SecretStr

from proxy.model import (
    Chain,
    Client,
    Configuration,
    Entry,
    ModelSpec,
    Preset,
    Provider,
    Routing,
    Timeouts,
    make_entry,
)
from store.base_url import read_base_url
from store.secret_references import Secrets
from store.settings import LimitSettings, ModelSettings, ProviderSettings, Settings, TimeoutSettings

OPEN_PRESET = "openai-compatible"
"""The preset that knows nothing: what a provider with a base_url and no preset of its own has."""


def preset_of(
    name: str, provider: ProviderSettings, presets: Mapping[str, Preset]
) -> Preset | None:
    """The preset a provider stands on; None if there is no such preset."""
    if provider.preset is not None:
        return presets.get(provider.preset)
    return presets.get(name) or (presets.get(OPEN_PRESET) if provider.base_url else None)


def account_of(origin: str, key: SecretStr | None) -> str:
    """Identity of (scheme, host, port, key). One-way: it may stand in the database and in logs."""
    secret = key.get_secret_value() if key is not None else ""
    return hashlib.sha256(f"account\0{origin}\0{secret}".encode()).hexdigest()[:24]


def configuration_of(
    settings: Settings, presets: Mapping[str, Preset], secrets: Secrets, *, version: int = 0
) -> Configuration:
    """Join settings, presets and secrets. For settings without a problem only (`settings_load`)."""
    providers = {
        name: _provider(name, provider, presets, secrets, settings.timeouts)
        for name, provider in settings.providers.items()
    }
    entries = _entries(settings, providers)
    chains = {
        name: Chain(
            name=name,
            entries=tuple(entries[entry] for entry in chain.entries),
            models=tuple(chain.models),
            max_wait=chain.max_wait,
            local_only=chain.local_only,
        )
        for name, chain in settings.chains.items()
    }
    routing = settings.routing
    return Configuration(
        providers=providers,
        chains=chains,
        clients=_clients(settings, secrets),
        routing=Routing(
            default_chain=routing.default_chain,
            unknown_model=routing.unknown_model,
            direct=routing.direct,
            max_wait=routing.max_wait,
            max_queue=routing.max_queue,
            request_timeout=settings.timeouts.request,
        ),
        max_body=settings.server.max_body,
        cors_origins=tuple(settings.server.cors_origins),
        keep_bodies=settings.log.bodies == "memory",
        entries=entries,
        version=version,
    )


def _entries(settings: Settings, providers: Mapping[str, Provider]) -> dict[str, Entry]:
    """Every `provider/model` of the chains, then of the providers' own tables."""
    named = [entry.partition("/") for chain in settings.chains.values() for entry in chain.entries]
    listed = [
        (name, "/", model)
        for name, provider in settings.providers.items()
        for model in provider.models
        if model != "*"
    ]
    entries: dict[str, Entry] = {}
    for provider, _, model in [*named, *listed]:
        name = f"{provider}/{model}"
        if name not in entries:
            entries[name] = make_entry(providers[provider], model)
    return entries


def _provider(
    name: str,
    provider: ProviderSettings,
    presets: Mapping[str, Preset],
    secrets: Secrets,
    timeouts: TimeoutSettings,
) -> Provider:
    preset = preset_of(name, provider, presets)
    if preset is None:
        raise ValueError(f"provider {name} has no preset")
    address = read_base_url(provider.base_url or preset.base_url)
    key = secrets["providers", name, "api_key"].value
    headers = {
        header: resolved.value
        for header in provider.headers
        if (resolved := secrets["providers", name, "headers", header]).value is not None
    }
    own = {header.lower() for header in headers}
    usual = {
        header: SecretStr(value)
        for header, value in preset.headers.items()
        if header.lower() not in own
    }
    return Provider(
        id=name,
        preset=preset,
        base_url=address.url,
        origin=address.origin,
        account=account_of(address.origin, key),
        key=key,
        headers=usual | headers,
        timeouts=_timeouts(provider, preset, timeouts),
        limits=_sizes(provider.limits),
        models={model: _spec(spec) for model, spec in provider.models.items()},
        enabled=provider.enabled,
    )


def _timeouts(provider: ProviderSettings, preset: Preset, common: TimeoutSettings) -> Timeouts:
    """What the provider's table says; else the longer one of [timeouts] and its preset.

    A preset names a timeout only where its provider is known to be slow.
    """

    def pick(name: str) -> float:
        own: float | None = getattr(provider.timeouts, name)
        return max(getattr(common, name), preset.timeouts.get(name, 0.0)) if own is None else own

    return Timeouts(
        connect=pick("connect"),
        first_token=pick("first_token"),
        plain=pick("plain"),
        idle=pick("idle"),
        total=pick("total"),
    )


def _sizes(limits: LimitSettings) -> dict[str, int]:
    return {word: size for word, size in limits if size is not None}


def _spec(model: ModelSettings) -> ModelSpec:
    return ModelSpec(
        limits=_sizes(model.limits),
        context_window=model.context_window,
        max_output=model.max_output,
        vision=model.vision,
        tools=model.tools,
        enabled=model.enabled,
    )


def _clients(settings: Settings, secrets: Secrets) -> tuple[Client, ...]:
    keys = [
        value
        for index in range(len(settings.server.api_keys))
        if (value := secrets["server", "api_keys", index].value) is not None
    ]
    clients = [Client(name="default", keys=tuple(keys))] if keys else []
    for name, client in settings.clients.items():
        key = secrets["clients", name, "key"].value
        allowed = client.chains
        clients.append(
            Client(
                name=name,
                keys=(key,) if key is not None else (),
                chain=client.chain or (allowed[0] if allowed else None),
                chains=None if allowed is None else frozenset(allowed),
            )
        )
    return tuple(clients)
