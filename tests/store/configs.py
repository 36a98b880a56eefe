"""Presets and config files for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from proxy.model import Preset
from store.settings_load import Loaded, load

PRESETS: Mapping[str, Preset] = {
    preset.id: preset
    for preset in (
        Preset(
            id="groq",
            title="Groq",
            base_url="https://api.groq.com/openai/v1",
            key_env=("GROQ_API_KEY", "GROQ_KEY"),
            key_page="https://console.groq.com/keys",
        ),
        Preset(
            id="ollama",
            title="Ollama",
            base_url="http://localhost:11434/v1",
            needs_key=False,
            local=True,
            timeouts={"first_token": 300.0},
        ),
        Preset(
            id="ollama-cloud",
            title="Ollama Cloud",
            base_url="https://ollama.com/v1",
            key_env=("OLLAMA_API_KEY",),
            headers={"x-title": "429chain"},
        ),
        Preset(
            id="cloudflare",
            title="Cloudflare",
            base_url="https://api.cloudflare.com/accounts/{account_id}/v1",
            key_env=("CLOUDFLARE_API_TOKEN",),
        ),
        Preset(id="openai-compatible", title="Any", needs_key=False),
    )
}

SMALL = """\
[server]
api_keys = ["client-key"]

[providers.groq]
api_key = "groq-key"

[chains.free]
entries = ["groq/a"]
"""


def write(folder: Path, text: str) -> Path:
    """A config file with this text, mode 0600."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8", newline="")
    path.chmod(0o600)
    return path


def load_text(
    folder: Path,
    text: str,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    return load(write(folder, text), presets=PRESETS, environ=environ or {}, overrides=overrides)
