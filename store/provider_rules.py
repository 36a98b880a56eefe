"""Rules for `[providers.*]`: ids, presets, addresses, headers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxy.addresses import reach_of_host
from proxy.model import Preset
from store.base_url import Address, BadAddress, read_base_url
from store.configuration import OPEN_PRESET, preset_of
from store.findings import Findings
from store.problems import did_you_mean
from store.secret_references import Secrets
from store.settings import ProviderSettings, Settings
from store.settings_schema import Keys

_ID = re.compile(r"[a-z0-9_-]{1,64}", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def check_providers(
    settings: Settings, presets: Mapping[str, Preset], secrets: Secrets, findings: Findings
) -> None:
    """Tell every problem of the providers."""
    for name, provider in settings.providers.items():
        at: Keys = ("providers", name)
        if _ID.fullmatch(name) is None:
            message = f'"{name[:64]}" is no provider id'
            findings.error(at, message, "1 to 64 of a-z 0-9 - _")
        for header in provider.headers:
            if _HEADER.fullmatch(header) is None or header.lower() in _OURS:
                path = (*at, "headers", header)
                findings.error(path, f'header "{header[:64]}" cannot be set', "leave it out")
        for model in provider.models:
            if not model.strip() or not model.isprintable():
                findings.error((*at, "models", model), f"{name} has a model without a proper name")
        preset = _check_preset(name, provider, presets, findings)
        if preset is not None:
            address = _check_address(name, provider, preset, findings)
            if address is not None:
                keyed = secrets["providers", name, "api_key"].value is not None
                _check_reach(name, provider, address, keyed, settings, findings)


def address_of(provider: ProviderSettings, preset: Preset) -> Address | None:
    """Where a provider is; None if that cannot be told."""
    try:
        return read_base_url(provider.base_url or preset.base_url)
    except BadAddress:
        return None


def _check_preset(
    name: str, provider: ProviderSettings, presets: Mapping[str, Preset], findings: Findings
) -> Preset | None:
    preset = preset_of(name, provider, presets)
    if preset is not None:
        return preset
    at: Keys = ("providers", name)
    if provider.preset is not None:
        hint = did_you_mean(provider.preset, presets)
        message = f'no preset "{provider.preset[:64]}"'
        findings.error((*at, "preset"), message, hint or f'any other API: "{OPEN_PRESET}"')
    elif (*at, "preset") not in findings.pruned and (*at, "base_url") not in findings.pruned:
        hint = did_you_mean(name, presets) or f'preset = "{OPEN_PRESET}" and a base_url'
        findings.error(at, f'"{name[:64]}" is no preset and has no base_url', hint)
    return None


def _check_address(
    name: str, provider: ProviderSettings, preset: Preset, findings: Findings
) -> Address | None:
    at: Keys = ("providers", name, "base_url")
    if provider.base_url is None and not preset.base_url:
        message = f"{name} needs a base_url"
        findings.error(at, message, 'such as "http://127.0.0.1:8000/v1"')
        return None
    if provider.base_url is None and "{" in preset.base_url:
        gap = preset.base_url.partition("{")[2].partition("}")[0]
        message = f"{name} needs a base_url with your own {gap.replace('_', ' ')}"
        findings.error(at, message, f'base_url = "{preset.base_url}"')
        return None
    try:
        return read_base_url(provider.base_url or preset.base_url)
    except BadAddress as error:
        findings.error(at, f"{name}: {error}", error.hint)
        return None


def _check_reach(
    name: str,
    provider: ProviderSettings,
    address: Address,
    keyed: bool,
    settings: Settings,
    findings: Findings,
) -> None:
    at: Keys = ("providers", name, "base_url")
    server = settings.server
    here = address.reach == "loopback" or address.host == server.host.lower()
    if here and address.port in {server.port, server.admin_port}:
        findings.error(at, f"{name}: base_url is 429chain itself", "another port")
    secret = keyed or bool(provider.headers)
    if address.scheme == "http" and secret and reach_of_host(address.host) == "public":
        findings.error(
            at,
            f"{name}: a key is not sent over plain http to {address.host}",
            "https://, or the machine's own address if it is in your network",
        )
