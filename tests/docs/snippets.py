"""A page shows the part of a config file that matters to it; here is the rest."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import tomlkit

from proxy.providers.presets import load_presets

_VARIABLE = re.compile(r'"env:([A-Za-z_][A-Za-z0-9_]*)"')
_FILE = re.compile(r'"file:([^"]+)"')
_ENTRY = "groq/llama-3.3-70b-versatile"


def environ_of(text: str) -> dict[str, str]:
    """A value of its own for each variable that the snippet names."""
    return {name: f"value-of-{name}" for name in _VARIABLE.findall(text)}


def completed(text: str, folder: Path) -> str:
    """The snippet as a whole config: a client key, and the providers and chains that it speaks of.

    Files that it takes keys from are made in `folder`.
    """

    def made(match: re.Match[str]) -> str:
        path = folder / Path(match[1]).name
        path.write_text(f"key-in-{path.name}\n", encoding="utf-8")
        return f'"file:{path}"'

    config = tomllib.loads(_FILE.sub(made, text))
    server = config.setdefault("server", {})
    if "api_keys" not in server and "clients" not in config:
        server["api_keys"] = ["client-key-of-the-snippet"]
    if server.get("host", "127.0.0.1") != "127.0.0.1":
        server.setdefault("admin_token", "admin-token-of-the-snippet")
    _add_chains(config)
    _add_providers(config)
    return tomlkit.dumps(config)


def _add_chains(config: dict[str, Any]) -> None:
    """Those that are named elsewhere, and the default one."""
    chains = config.setdefault("chains", {})
    named = {config.get("routing", {}).get("default_chain", "free")}
    for client in config.get("clients", {}).values():
        named |= {*client.get("chains", ()), *([client["chain"]] if "chain" in client else ())}
    for name in named:
        chains.setdefault(name, {"entries": [_ENTRY]})


def _add_providers(config: dict[str, Any]) -> None:
    providers, presets = config.setdefault("providers", {}), load_presets()
    for chain in config["chains"].values():
        for entry in chain.get("entries", ()):
            name = entry.partition("/")[0]
            local = {"preset": "openai-compatible", "base_url": "http://127.0.0.1:8000/v1"}
            providers.setdefault(name, {} if name in presets else local)
