"""Of docs/providers.md: what the presets, header dialects and quota endpoints know."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from proxy.limits.dialects import DIALECTS, Row
from proxy.model import LIMIT_WORDS, FreeLimit, Preset, limit_word
from proxy.providers.presets import load_presets
from tests.docs.provider_notes import NOTES


def overview() -> str:
    """One row a provider."""
    rows = [_overview(preset) for preset in load_presets().values()]
    head = ["| provider | key | free of charge | limits told by | checked |", "|" + "---|" * 5]
    return "\n".join([*head, *rows])


def _overview(preset: Preset) -> str:
    link = f"[{preset.title}](#{anchor(preset)})"
    key = f"`{preset.key_env[0]}`" if preset.key_env else "none"
    if preset.key_env and not preset.needs_key:
        key += ", or none"
    told = ", ".join(_tellers(preset)) or "refusals"
    return f"| {link} | {key} | {NOTES[preset.id].free} | {told} | {preset.checked or '–'} |"


def anchor(preset: Preset) -> str:
    """Of its heading, `OpenRouter · openrouter`."""
    kept = "".join(char for char in preset.title.lower() if char.isalnum() or char in " -_")
    return f"{kept}--{preset.id}".replace(" ", "-")


def _tellers(preset: Preset) -> list[str]:
    if preset.local:
        return ["no limits"]
    tellers = ["headers"] if _header_limits(preset) else []
    if preset.quota_path:
        tellers.append(f"`GET {_asked(preset.quota_path)}`")
    return [*tellers, "refusals"]


def _asked(path: str) -> str:
    return path.replace("/../", "/")


def facts() -> str:
    """A section a provider."""
    return "\n\n".join(map(_facts, load_presets().values()))


def _facts(preset: Preset) -> str:
    parts = [f"### {preset.title} · {preset.id}", _access(preset), _free(preset)]
    parts += [_learned(preset), _fitted(preset)]
    parts.append("\n".join(f"- {quirk}" for quirk in NOTES[preset.id].quirks))
    return "\n\n".join(part for part in parts if part)


def _access(preset: Preset) -> str:
    told: list[str] = []
    if preset.key_page:
        told.append(f"Key: [{_shown(preset.key_page)}]({preset.key_page}).")
    elif not preset.key_env:
        told.append("No key needed.")
    if preset.key_env:
        told.append(f"Variable: {' or '.join(f'`{name}`' for name in preset.key_env)}.")
    if preset.base_url:
        told.append(f"Address: `{preset.base_url}`.")
    return " ".join(told)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return (parts.netloc + parts.path).rstrip("/")


def _free(preset: Preset) -> str:
    if not preset.free:
        return f"Free: {NOTES[preset.id].free}."
    words = [word for word in LIMIT_WORDS if any(word in one.sizes for one in preset.free)]
    head = f"| free limits of | {' | '.join(f'`{word}`' for word in words)} |"
    rule = "|---|" + "---:|" * len(words)
    rows = [_free_row(one, words) for one in preset.free]
    told = f"Free: {NOTES[preset.id].free}."
    source = f"Checked {preset.checked}: [{_shown(preset.source)}]({preset.source})."
    return "\n".join([f"{told} {source}", "", head, rule, *rows])


def _free_row(limit: FreeLimit, words: Iterable[str]) -> str:
    whole = {"account": "the account", "pool": f"all `{limit.pattern}` together"}
    each = "each model" if limit.pattern == "*" else f"`{limit.pattern}`"
    cells = [f"{limit.sizes[word]:,}" if word in limit.sizes else "" for word in words]
    return f"| {whole.get(limit.scope, each)} | {' | '.join(cells)} |"


def _header_limits(preset: Preset) -> list[str]:
    """In words: `rpd` and `tpm` of the model, ..."""
    if preset.dialect == "cerebras":
        # Its names carry their windows, so that no table is needed.
        return ["requests and tokens a minute, hour and day of the model"]
    told: dict[str, dict[str, None]] = {}
    for row in (cell.row for cell in DIALECTS[preset.dialect].cells.values()):
        told.setdefault(_whose(row), {})[_what(row)] = None
    return [f"{_listed(list(words))} of {whose}" for whose, words in told.items()]


def _whose(row: Row) -> str:
    return {"account": "the account", "pool": "the free models", "model": "the model"}[row.scope]


def _what(row: Row) -> str:
    if row.day_above is not None:
        return "`rpm` or `rpd` (with a refusal)"
    if row.window is None:
        return f"{row.dimension} (in no stated window)"
    return f"`{limit_word(row.dimension, row.window)}`"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _learned(preset: Preset) -> str:
    if preset.local:
        return ""
    headers = _header_limits(preset)
    if headers:
        told = f"Headers tell {', '.join(headers)}."
    elif DIALECTS[preset.dialect].others == "none":
        told = "Headers tell nothing."
    else:
        told = "No limit headers are known; names that say what they count are understood."
    if preset.quota_path:
        told += f" Asked at no cost: `GET {_asked(preset.quota_path)}`."
    return told


def _fitted(preset: Preset) -> str:
    told: list[str] = []
    if preset.refused:
        told.append(f"Left out of requests: {', '.join(f'`{name}`' for name in preset.refused)}.")
    if preset.renamed:
        renamed = (f"`{old}` as `{new}`" for old, new in preset.renamed.items())
        told.append(f"Sent under another name: {', '.join(renamed)}.")
    if not preset.developer_role:
        told.append("The role `developer` goes out as `system`.")
    return " ".join(told)
