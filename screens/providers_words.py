"""Providers in words: where the key comes from, how all its models do, what is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from app.snapshot import Check, EntryLimits, FreeLimit, Preset, Provider
from app.words import MISSING, count, gauge_in_words, reason_in_words, span
from screens.gauge import ranked, state_words, usable, when
from screens.line import fit
from screens.names import split
from screens.symbols import Symbols
from screens.themes import Role
from screens.wrapped import wrap

_INKS: Mapping[str, Role] = {
    "available": "flow",
    "tracking": "flow",
    "exhausted": "out",
    "cooling": "low",
    "down": "out",
    "off": "muted",
}


def entries_of(provider: Provider, limits: Mapping[str, EntryLimits]) -> list[EntryLimits]:
    """What is used of a provider, in the order of the instance."""
    return [one for one in limits.values() if split(one.entry)[0] == f"{provider.id}/"]


def state_of(
    provider: Provider, entries: Sequence[EntryLimits], symbols: Symbols
) -> tuple[str, str, Role]:
    """`(sign, words, ink of both)` for all its entries together."""
    if not entries:
        words = provider.state if provider.state != "off" else f"off {provider.reason or ''}"
        return symbols.states[provider.state], words.strip(), _INKS[provider.state]
    out = sum(not usable(one) for one in entries)
    if 0 < out < len(entries):
        return symbols.low, f"{out} of {len(entries)} out", "low"
    first = entries[0]
    if out and any(one.state != first.state for one in entries):
        return symbols.states[first.state], f"{out} of {out} out", "out"
    if not out:
        first = next((one for one in entries if one.state == "tracking"), first)
    return symbols.states[first.state], state_words(first), _INKS[first.state]


def key_words(provider: Provider, cut: str) -> tuple[str, str, Role]:
    """`("env:GROQ_API_KEY", "…a1b2", "muted")`: a key's source, its end and that one's ink."""
    key = provider.api_key
    if not key.set:
        if not provider.needs_key:
            return "no key needed", "", "muted"
        variable = provider.key_env[0] if provider.key_env else ""
        return key.source or (f"env:{variable}" if variable else ""), "unset", "low"
    source = "in config.toml" if key.source in (None, "config") else key.source
    if provider.reason == "bad-key":
        return source, "refused", "out"
    hint = (key.hint or "").removeprefix("...")
    return source, f"{cut}{hint}" if hint else "set", "muted"


def works(provider: Provider) -> bool:
    """Whether it counts among the keys that work."""
    return provider.api_key.set and provider.reason not in ("bad-key", "no-key")


def seconds(milliseconds: float | None) -> str:
    """`0.6s` in a narrow column."""
    return MISSING if milliseconds is None else f"{milliseconds / 1000:.1f}s"


_NAMES = {"rpmo": "requests a month", "tpmo": "tokens a month", "concurrent": "at once"}
_ORDER = ("rpmo", "rpm", "rph", "rpd", "tpm", "tph", "tpd", "tpmo", "concurrent")


def free_words(free: Sequence[FreeLimit]) -> list[str]:
    """`["30 rpm, 250 to 14K rpd a model", "20 rpm *:free"]`: one text a scope."""
    texts: list[str] = []
    for scope in ("account", "pool", "model"):
        of_scope = [one for one in free if one.scope == scope]
        if not of_scope:
            continue
        told = ", ".join(_sizes(one.sizes for one in of_scope))
        patterns = sorted({one.pattern for one in of_scope if one.pattern not in ("", "*")})
        tail = " a model" if scope == "model" else ""
        if scope == "pool" and len(patterns) == 1:
            tail = f" for {patterns[0]}"
        texts.append(f"{told}{tail}")
    return texts


def _sizes(tables: Iterable[Mapping[str, int]]) -> list[str]:
    found: dict[str, list[int]] = {}
    for sizes in tables:
        for dimension, size in sizes.items():
            found.setdefault(dimension, []).append(size)
    order = sorted(found, key=lambda name: _ORDER.index(name) if name in _ORDER else 99)
    words: list[str] = []
    for name in order:
        least, most = count(min(found[name])), count(max(found[name]))
        words.append(f"{least if least == most else f'{least} to {most}'} {_NAMES.get(name, name)}")
    return words


def tag_of(preset: Preset) -> str:
    """`local`, or `free` where the size of a free tier is known."""
    if preset.local:
        return "local"
    return "free" if preset.free else ""


def over_rows(text: str, room: int) -> list[str]:
    """A list of sizes over as many rows as it takes."""
    rows = [""]
    for part in text.split(", "):
        joined = f"{rows[-1]}, {part}" if rows[-1] else part
        if len(joined) > room and rows[-1]:
            rows.append(part)
        else:
            rows[-1] = joined
    return rows


def model_state(entry: EntryLimits, now: datetime) -> tuple[str, Role]:
    """`exhausted tpm, back 42s`; `tracking 871/1000 rpd`; `off: model gone`."""
    gauges = ranked(entry)
    if entry.state == "off":
        return f"off: {reason_in_words(entry.reason or 'disabled')}", "muted"
    if usable(entry):
        told = f" {gauge_in_words(gauges[0])}" if gauges else ""
        return f"{entry.state}{told}", "text"
    reason = entry.reason if entry.state == "exhausted" and entry.reason else ""
    word, moment = when(entry, None, now)
    back = f"{word} {moment}" if moment else ""
    joined = ", ".join(part for part in (reason, back) if part)
    return f"{entry.state} {joined}".strip(), _INKS[entry.state]


def ago(at: datetime, now: datetime) -> str:
    """`2 min ago`, `just now`."""
    passed = (now - at).total_seconds()
    return "just now" if passed < 1 else f"{span(passed)} ago"


def host_of(base_url: str) -> str:
    """An address without what everybody knows."""
    return base_url.removeprefix("https://")


def key_note(check: Check) -> str:
    """What a check that went well does not say of the key; empty where it was tested."""
    if not check.ok or check.key_tested:
        return ""
    # A local server wants no key: then nothing is told behind the models.
    _, _, told = check.detail.partition("; ")
    if told.startswith("its list is public"):
        return "key not tested: its model list is public"
    return f"key not tested: {told}" if told else ""


def in_rows(text: str, cells: int, rows: int, cut: str) -> list[str]:
    """A text in at most so many rows, its end cut off."""
    broken = wrap(text, cells)
    if len(broken) <= max(1, rows):
        return broken
    kept = broken[: max(1, rows)]
    return [*kept[:-1], fit(kept[-1], cells - 1, cut).removesuffix(cut) + cut]
