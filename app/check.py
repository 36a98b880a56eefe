"""`429chain check`: is the config file right, and with `--probe`, do the keys work?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from app.model_list import is_key_tested, list_models, list_session
from proxy.model import Configuration, Preset, Provider
from proxy.providers import key_question
from proxy.providers.listing import NoModelList
from store.problems import ConfigError, Problem, nearest
from store.settings_load import Loaded, load


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Lines for a person, one finding each, and whether all is well."""

    lines: tuple[str, ...]
    ok: bool


async def check(
    path: Path | None,
    *,
    presets: Mapping[str, Preset],
    environ: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
    probe: bool = False,
) -> CheckResult:
    """Validate the config; with `probe`, ask each provider for its models with its key.

    A problem is `file:line: message (hint)`, a warning the same after `warning: `. A probe costs
    no quota; a refused key or a provider that does not answer makes the result not ok.
    """
    try:
        loaded = await asyncio.to_thread(
            load, path, presets=presets, environ=environ, overrides=overrides
        )
    except ConfigError as error:
        return CheckResult(tuple(line for one in error.problems for line in _told(one)), ok=False)
    lines = [f"warning: {warning}" for warning in loaded.warnings]
    lines.append(_summary(loaded))
    ok = True
    if probe:
        async with list_session() as session:
            providers = loaded.configuration.providers.values()
            probes = [_probe(session, one, loaded.configuration) for one in providers]
            for told, well in await asyncio.gather(*probes):
                lines += told
                ok = ok and well
    return CheckResult(tuple(lines), ok)


def _told(problem: Problem) -> list[str]:
    return [str(problem), *(f"    {line}" for line in problem.excerpt.splitlines())]


def _summary(loaded: Loaded) -> str:
    configuration = loaded.configuration
    counts = ", ".join(
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in (
            (len(configuration.providers), "provider"),
            (len(configuration.chains), "chain"),
            (len(configuration.clients), "client"),
        )
    )
    return f"{loaded.path or 'config'}: ok, {counts}"


async def _probe(
    session: aiohttp.ClientSession, provider: Provider, configuration: Configuration
) -> tuple[list[str], bool]:
    """Lines about one provider, and whether it is well."""
    if not provider.enabled:
        return [f"{provider.id}: disabled, not asked"], True
    if provider.lacks_key:
        return [f"{provider.id}: no key, not asked"], True
    try:
        listed = await list_models(session, provider)
        tested = await is_key_tested(session, provider)
    except NoModelList as error:
        return [f"{provider.id}: {error}"], False
    told = key_question.told(provider, tested)
    lines = [f"{provider.id}: ok, {len(listed)} models{f'; {told}' if told else ''}"]
    for entry in configuration.entries.values():
        model = entry.model.removeprefix("models/")
        if entry.provider is provider and listed and model not in listed:
            near = nearest(entry.model, listed)
            hint = f' (did you mean "{near}"?)' if near else ""
            lines.append(f'warning: {provider.id} does not list "{entry.model}"{hint}')
    return lines, True
