"""`429chain init`: a first config file, made of the provider keys that are there already."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path

from pydantic import SecretStr

from app.model_list import list_models, list_session
from proxy.model import Preset, Provider
from proxy.providers.listing import NoModelList
from store.base_url import BadAddress, read_base_url
from store.config_file import write_config
from store.problems import ConfigError, Problem
from store.secret_references import SecretReader, read_dotenv

_CHAIN = "free"
_PER_PATTERN = 2
_PER_PROVIDER = 4
_EXAMPLES = ("openrouter", "groq", "cerebras", "gemini", "mistral")
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class FoundProvider:
    """A provider whose key is in the environment."""

    preset: Preset
    variable: str
    base_url: str
    """"" where the preset's holds a gap (an account id) that nothing in the environment fills."""
    models: int | None
    """How many models it lists; None if it did not say."""
    note: str
    """Why it did not."""
    suggested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InitResult:
    """What was written, and from what."""

    path: Path
    providers: tuple[FoundProvider, ...]
    entries: tuple[str, ...]
    """Of the chain `free`, best first."""

    def lines(self) -> list[str]:
        """For a person: where things are, never what they are."""
        told = [f"wrote {self.path} (readable by you only)"]
        for found in self.providers:
            listed = f"{found.models} models" if found.models is not None else found.note
            told.append(f"  {found.preset.id}: key in {found.variable}, {listed}")
        if self.entries:
            told.append(f"  chain {_CHAIN}: {len(self.entries)} entries")
        elif not self.providers:
            told.append(
                "  no provider key found: add providers there, or set one and run this again"
            )
        told.append("client key: server.api_keys in that file; admin token: server.admin_token")
        return told


async def init(
    path: Path,
    *,
    environ: Mapping[str, str],
    presets: Mapping[str, Preset],
    force: bool = False,
) -> InitResult:
    """Write a commented config file for what the environment (and `.env` beside it) offers.

    Asks each provider whose key is there for its model list, 5 s at most, which costs no quota.
    Raises ConfigError if the file exists (unless `force`) or cannot be written.
    """
    if not force and await asyncio.to_thread(path.exists):
        raise _exists(path)
    dotenv = await asyncio.to_thread(read_dotenv, path.absolute().parent / ".env")
    reader = SecretReader(environ, dotenv, path.absolute().parent)
    async with list_session() as session:

        async def look(preset: Preset, variable: str) -> FoundProvider:
            provider = _provider(preset, variable, reader)
            if provider is None:
                gap = "its address needs your own account: fill in base_url"
                return FoundProvider(preset, variable, "", None, gap, ())
            try:
                listed = await list_models(session, provider)
            except NoModelList as error:
                plain = tuple(one for one in preset.suggest if not _WILD.search(one))
                url = provider.base_url
                return FoundProvider(preset, variable, url, None, str(error), plain[:_PER_PROVIDER])
            suggested = _suggested(preset.suggest, listed)
            return FoundProvider(preset, variable, provider.base_url, len(listed), "", suggested)

        found = await asyncio.gather(
            *(look(preset, variable) for preset, variable in _keys_at_hand(presets, reader))
        )
    entries = _interleaved(found)
    await _write(path, _config_text(found, entries, presets), force)
    return InitResult(path, tuple(found), entries)


def _exists(path: Path) -> ConfigError:
    hint = "429chain init --force overwrites it"
    return ConfigError([Problem(str(path), None, "exists already", hint)])


async def _write(path: Path, text: str, force: bool) -> None:
    try:
        await asyncio.to_thread(write_config, path, text, exclusive=not force)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise ConfigError([Problem(str(path), None, f"cannot be written: {reason}")]) from None


def _keys_at_hand(presets: Mapping[str, Preset], reader: SecretReader) -> list[tuple[Preset, str]]:
    """Presets whose key is set, each with the variable that holds it."""
    at_hand: list[tuple[Preset, str]] = []
    for preset in presets.values():
        resolved = reader.first_variable(preset.key_env)
        if resolved.value is not None:
            at_hand.append((preset, resolved.source.removeprefix("env:")))
    return at_hand


def _provider(preset: Preset, variable: str, reader: SecretReader) -> Provider | None:
    """The provider to ask; None if its address is not known."""

    def fill(gap: re.Match[str]) -> str:
        name = f"{preset.id}_{gap[1]}".upper().replace("-", "_")
        return reader.variable(name).strip() or gap[0]

    try:
        address = read_base_url(re.sub(r"\{(\w+)\}", fill, preset.base_url))
    except BadAddress:
        return None
    return Provider(
        id=preset.id,
        preset=preset,
        base_url=address.url,
        origin=address.origin,
        account="",
        key=SecretStr(reader.variable(variable).strip()),
        headers={name: SecretStr(value) for name, value in preset.headers.items()},
    )


def _suggested(patterns: Sequence[str], listed: Sequence[str]) -> tuple[str, ...]:
    """Listed models that the patterns mean, in the patterns' order, a few of each."""
    chosen: dict[str, None] = {}
    for pattern in patterns:
        fitting = [model for model in listed if fnmatchcase(model, pattern)]
        new = [model for model in fitting if model not in chosen]
        chosen.update(dict.fromkeys(new[:_PER_PATTERN]))
    return tuple(chosen)[:_PER_PROVIDER]


def _interleaved(found: Sequence[FoundProvider]) -> tuple[str, ...]:
    """Each provider's best first, then each one's second: quality falls along the chain."""
    columns = [[f"{one.preset.id}/{model}" for model in one.suggested] for one in found]
    return tuple(entry for row in zip_longest(*columns) for entry in row if entry is not None)


_HEAD = """\
# 429chain. `429chain check` says whether this file is right; a running instance takes an edit at
# once. Every key with its default stands in config.toml.example. This file holds keys: mode 0600.

[server]
host = "127.0.0.1"     # another address lets other machines in; they need a client key
port = 4290            # OpenAI-compatible API: http://127.0.0.1:4290/v1
admin_port = 4291      # admin API and web view; 0 switches both off
api_keys = [{client_key}]   # what your programs send as API key
admin_token = {admin_token}   # for the web view and the admin API

[routing]
default_chain = "{chain}"   # for model names that name no chain
max_wait = "60s"       # when every entry is exhausted: wait this long for the first one

# Providers. A table's name is the provider's id; its preset knows address, limits and manners.
# A key is written "env:NAME", "file:/run/secrets/x", or as itself.
"""

_CHAIN_HEAD = """
# Chains: entries in the order they are asked, written provider/model. Programs send a chain's name
# as `model`; what is exhausted is passed over.
"""


def _config_text(
    found: Sequence[FoundProvider], entries: Sequence[str], presets: Mapping[str, Preset]
) -> str:
    parts = [
        _HEAD.format(
            client_key=json.dumps("sk-429chain-" + secrets.token_urlsafe(24)),
            admin_token=json.dumps(secrets.token_urlsafe(24)),
            chain=_CHAIN,
        )
    ]
    parts += [_provider_text(one) for one in found]
    if not found:
        parts.append("# None of their keys was found in the environment; some that are free:\n")
        parts += [_example_text(presets[name]) for name in _EXAMPLES if name in presets]
    parts.append(_CHAIN_HEAD)
    mark = "" if entries else "# "
    shown = entries or ("groq/llama-3.3-70b-versatile",)
    lines = [f"[chains.{_CHAIN}]", "entries = [", *(f"  {json.dumps(one)}," for one in shown), "]"]
    parts.append("".join(f"{mark}{line}\n" for line in lines))
    return "".join(parts)


def _provider_text(found: FoundProvider) -> str:
    preset = found.preset
    told = f"{found.models} models listed" if found.models is not None else found.note
    lines = [
        f"[providers.{preset.id}]",
        f"api_key = {json.dumps('env:' + found.variable)}",
    ]
    mark = ""
    if not found.base_url:
        mark = "# "
        lines.append(f"base_url = {json.dumps(preset.base_url)}")
    elif found.base_url != preset.base_url.rstrip("/"):
        lines.append(f"base_url = {json.dumps(found.base_url)}")
    return f"\n# {preset.title}: {told}\n" + "".join(f"{mark}{line}\n" for line in lines)


def _example_text(preset: Preset) -> str:
    where = f": {preset.key_page}" if preset.key_page else ""
    variable = preset.key_env[0] if preset.key_env else "NAME"
    return (
        f"\n# {preset.title}{where}\n"
        f"# [providers.{preset.id}]\n"
        f"# api_key = {json.dumps('env:' + variable)}\n"
    )
