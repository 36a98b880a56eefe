"""Every secret that the settings name, followed to its value once per load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import SecretStr

from proxy.model import Preset
from store.configuration import preset_of
from store.findings import Findings
from store.secret_references import Resolved, SecretReader, Secrets
from store.settings import ProviderSettings, Settings
from store.settings_schema import Keys


def resolve_secrets(
    settings: Settings, presets: Mapping[str, Preset], reader: SecretReader, findings: Findings
) -> Secrets:
    """Follow every reference. A provider without a key is a warning, all else a problem."""
    secrets: dict[Keys, Resolved] = {}

    def follow(path: Keys, written: SecretStr, *, blanks: bool = False) -> Resolved:
        resolved = reader.resolve(written, blanks=blanks)
        if resolved.source == "config" and (variable := findings.set_by(path)):
            resolved = replace(resolved, source=f"env:{variable}")
        secrets[path] = resolved
        return resolved

    def demand(path: Keys, name: str, written: SecretStr, *, blanks: bool = False) -> None:
        resolved = follow(path, written, blanks=blanks)
        if resolved.value is None:
            findings.error(path, f"{name}: {resolved.reason}", resolved.hint)

    server = settings.server
    for index, written in enumerate(server.api_keys):
        demand(("server", "api_keys", index), "api_keys", written)
    if server.admin_token is not None:
        demand(("server", "admin_token"), "admin_token", server.admin_token)
    for name, client in settings.clients.items():
        if client.key is not None:
            demand(("clients", name, "key"), "key", client.key)
    for name, provider in settings.providers.items():
        for header, written in provider.headers.items():
            demand(("providers", name, "headers", header), header, written, blanks=True)
        path: Keys = ("providers", name, "api_key")
        preset = preset_of(name, provider, presets)
        if provider.api_key is None:
            resolved = reader.first_variable(preset.key_env if preset else ())
            secrets[path] = resolved
        elif provider.api_key.get_secret_value():
            resolved = follow(path, provider.api_key)
        else:
            # An empty key says: none, not even the preset's variable.
            resolved = secrets[path] = Resolved(None, "", "api_key is empty")
        _judge_provider_key(path, provider, preset, resolved, findings)
    return secrets


def _judge_provider_key(
    path: Keys,
    provider: ProviderSettings,
    preset: Preset | None,
    resolved: Resolved,
    findings: Findings,
) -> None:
    name = path[1]
    if resolved.malformed:
        findings.error(path, f"the key of {name} {resolved.reason}", resolved.hint)
    elif resolved.value is None:
        asked_for = provider.api_key is not None and provider.api_key.get_secret_value() != ""
        if preset is not None and preset.needs_key and provider.enabled:
            where = resolved.hint or (f"get one at {preset.key_page}" if preset.key_page else "")
            findings.warn(path, f"{name} has no key and is skipped: {resolved.reason}", where)
        elif asked_for and provider.enabled:
            findings.warn(path, f"{name} is asked without a key: {resolved.reason}", resolved.hint)
