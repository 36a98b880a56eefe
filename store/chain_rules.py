"""Rules for `[chains.*]`: names, entries, patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxy.model import Preset
from store.configuration import preset_of
from store.findings import Findings
from store.problems import did_you_mean
from store.provider_rules import address_of
from store.settings import Settings
from store.settings_schema import Keys

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def check_chains(
    settings: Settings,
    presets: Mapping[str, Preset],
    providers: frozenset[str],
    findings: Findings,
) -> None:
    """Tell every problem of the chains; `providers` are all ids that stand in the file."""
    _check_names(settings, findings)
    _check_patterns(settings, findings)
    for name, chain in settings.chains.items():
        at: Keys = ("chains", name, "entries")
        if not chain.entries:
            findings.error(at, f"chain {name} has no entries", 'entries = ["provider/model"]')
        seen: set[str] = set()
        for index, entry in enumerate(chain.entries):
            path = (*at, index)
            if entry in seen:
                findings.error(path, f'"{entry}" stands twice in chain {name}', "delete one")
                continue
            seen.add(entry)
            problem = _problem_of(entry, settings, presets, providers)
            if problem is not None:
                findings.error(path, *problem)
            elif chain.local_only:
                _check_local(path, name, entry, settings, presets, findings)


def _check_names(settings: Settings, findings: Findings) -> None:
    lower: dict[str, str] = {}
    for name in settings.chains:
        at: Keys = ("chains", name)
        if _NAME.fullmatch(name) is None:
            message = f'"{name[:64]}" is no chain name'
            findings.error(at, message, "1 to 64 of A-Z a-z 0-9 . _ -")
        first = lower.setdefault(name.lower(), name)
        if first != name:
            findings.error(at, f'chain "{name}" differs from "{first}" only in case', "rename one")


def _check_patterns(settings: Settings, findings: Findings) -> None:
    """A name that a client sends must mean one chain."""
    owners = {name: name for name in settings.chains}
    for name, chain in settings.chains.items():
        for index, pattern in enumerate(chain.models):
            path: Keys = ("chains", name, "models", index)
            if not pattern.strip() or not pattern.isprintable():
                findings.error(path, f"chain {name} has an empty or unprintable model name")
            elif pattern in owners and pattern != name:
                message = f'"{pattern}" means chain {owners[pattern]} already'
                findings.error(path, message, "delete one")
            owners.setdefault(pattern, name)


def _problem_of(
    entry: str, settings: Settings, presets: Mapping[str, Preset], providers: frozenset[str]
) -> tuple[str, str] | None:
    provider, slash, model = entry.partition("/")
    shown = f'"{entry[:128]}"'
    if not slash:
        if entry in settings.chains:
            return f"{shown} is a chain, and a chain cannot hold another", "name its entries"
        return f"{shown} is no entry", 'written "provider/model"'
    if not model.strip() or not entry.isprintable() or model != model.strip():
        return f"{shown} names no proper model", 'written "provider/model"'
    if provider in providers:
        return None
    hint = did_you_mean(provider, providers)
    if provider in presets:
        hint = f"add [providers.{provider}]"
    return f'{shown}: no provider "{provider[:64]}"', hint


def _check_local(
    path: Keys,
    name: str,
    entry: str,
    settings: Settings,
    presets: Mapping[str, Preset],
    findings: Findings,
) -> None:
    identity = entry.partition("/")[0]
    provider = settings.providers.get(identity)
    preset = preset_of(identity, provider, presets) if provider is not None else None
    if provider is None or preset is None:
        return
    address = address_of(provider, preset)
    if address is not None and address.reach not in ("loopback", "private"):
        message = f'"{entry}" leaves your network ({address.host}), and chain {name} is local_only'
        findings.error(path, message, "take it out, or local_only = false")
