"""The data set of the mock-ups: two chains and eight providers at 14:04:31 on 22 November 2026."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.snapshot import (
    EntryLimits,
    FreeLimit,
    Gauge,
    Health,
    Kind,
    ListedModel,
    ModelList,
    ModelSettings,
    Preset,
    Provider,
    Scope,
    SecretState,
    Source,
    State,
    Window,
)

NOW = datetime(2026, 11, 22, 14, 4, 31, tzinfo=UTC)

CEREBRAS = "cerebras/gpt-oss-120b"
LLAMA = "groq/llama-3.3-70b-versatile"
OPENROUTER = "openrouter/meta-llama/llama-3.3-70b-instruct:free"
GEMINI = "gemini/gemini-2.5-flash-lite"
MISTRAL = "mistral/mistral-medium-2508"
ZAI = "zai/glm-4.5-flash"
GPT = "groq/openai/gpt-oss-120b"
NVIDIA = "nvidia/qwen/qwen3-coder-480b-a35b-instruct"
LAB = "lab/qwen2.5-coder-32b"

FREE = (CEREBRAS, LLAMA, OPENROUTER, GEMINI, MISTRAL, ZAI)
CODE = (GPT, NVIDIA, LAB)

_WINDOWS: dict[str, Window] = {"m": "minute", "h": "hour", "d": "day"}


def at(clock: str, days: int = 0) -> datetime:
    """`"14:31"` on the day of the mock-ups, or so many days later."""
    hour, minute = clock.split(":")
    return NOW.replace(hour=int(hour), minute=int(minute), second=0) + timedelta(days=days)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def gauge(
    word: str,
    remaining: int,
    limit: int,
    resets_at: datetime | None,
    *,
    scope: Scope = "model",
    pool: str = "",
    source: Source = "header",
    kind: Kind = "rolling",
    guess: bool = False,
) -> Gauge:
    """`gauge("rpd", 31, 50, ...)`."""
    dimension = "requests" if word[0] == "r" else "tokens"
    return Gauge(
        scope, pool, dimension, _WINDOWS[word[2]], kind, limit, remaining, resets_at, source, guess
    )


def limits(
    entry: str,
    state: State,
    *gauges: Gauge,
    reason: str | None = None,
    until: datetime | None = None,
    health: Health | None = None,
) -> EntryLimits:
    quiet = Health(0, 0, 0, None, None, None, None)
    return EntryLimits(entry, state, reason, until, gauges, health or quiet)


def entries() -> dict[str, EntryLimits]:
    """Every entry, in the order of the chains."""
    rows = (
        limits(
            CEREBRAS,
            "exhausted",
            gauge("rph", 0, 150, at("14:31"), source="refusal"),
            gauge("tpd", 618_000, 1_000_000, at("00:00", 1)),
            reason="rph",
            until=at("14:31"),
            health=Health(150, 1, 0, 0.0, 400.0, 1100.0, 180.0),
        ),
        limits(
            LLAMA,
            "exhausted",
            gauge("tpm", 0, 12_000, after(42), source="refusal"),
            gauge("tpd", 41_000, 100_000, at("19:52")),
            gauge("rpd", 588, 1000, at("23:57")),
            gauge("rpm", 26, 30, after(11)),
            reason="tpm",
            until=after(42),
            health=Health(201, 9, 0, 0.0, 900.0, 3400.0, 240.0),
        ),
        limits(
            OPENROUTER,
            "tracking",
            gauge("rpd", 31, 50, at("00:00", 1), scope="pool", pool="*:free"),
            gauge("rpm", 18, 20, after(24), scope="account", source="preset"),
            health=Health(19, 1, 0, 0.0, 2200.0, 5800.0, 580.0),
        ),
        limits(
            GEMINI,
            "tracking",
            gauge("rpd", 3, 20, at("08:00", 1), kind="clock", source="refusal"),
            gauge("rpm", 9, 10, after(29), kind="clock", source="preset"),
            health=Health(17, 0, 0, 0.0, 2900.0, 7400.0, 1080.0),
        ),
        limits(
            MISTRAL,
            "cooling",
            gauge("rpm", 21, 23, after(29), kind="clock"),
            gauge("tpm", 348_000, 356_000, after(29), kind="clock"),
            reason="cooldown",
            until=after(38),
            health=Health(31, 3, 0, 0.0, 1700.0, 4000.0, 700.0),
        ),
        limits(ZAI, "off", reason="no-key"),
        limits(
            GPT,
            "tracking",
            gauge("tpm", 6140, 8000, after(14), kind="bucket"),
            gauge("rpd", 871, 1000, at("17:10"), kind="bucket"),
            gauge("tpd", 184_000, 200_000, at("18:04"), kind="bucket"),
            gauge("rpm", 29, 30, after(3), kind="bucket"),
            health=Health(80, 0, 0, 0.0, 1300.0, 4800.0, 310.0),
        ),
        limits(
            NVIDIA,
            "down",
            gauge("rpm", 40, 40, None, source="preset", guess=True),
            reason="down",
            until=after(12),
            health=Health(4, 0, 4, 1.0, None, None, None),
        ),
        limits(LAB, "available", health=Health(6, 0, 0, 0.0, 9800.0, 14200.0, 900.0)),
    )
    return {row.entry: row for row in rows}


_ADDRESSES = {
    "cerebras": "https://api.cerebras.ai/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "lab": "http://192.168.1.20:8000/v1",
    "mistral": "https://api.mistral.ai/v1",
    "nvidia": "https://integrate.api.nvidia.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "zai": "https://api.z.ai/api/paas/v4",
    "cohere": "https://api.cohere.ai/compatibility/v1",
}
_HINTS = {
    "cerebras": "...9f2c",
    "gemini": "...Qk4A",
    "groq": "...a1b2",
    "mistral": "...77zx",
    "nvidia": "...m0pe",
    "openrouter": "...c0de",
}
_HEALTH = {
    "cerebras": Health(150, 1, 0, 0.0, 600.0, 1100.0, 180.0),
    "gemini": Health(17, 0, 0, 0.0, 1100.0, 7400.0, 1080.0),
    "groq": Health(281, 9, 0, 0.0, 300.0, 4800.0, 310.0),
    "lab": Health(6, 0, 0, 0.0, 900.0, 14_200.0, 900.0),
    "mistral": Health(31, 3, 0, 0.0, 700.0, 4000.0, 700.0),
    "nvidia": Health(4, 0, 4, 1.0, None, None, None),
    "openrouter": Health(19, 1, 0, 0.0, 600.0, 6000.0, 580.0),
    "zai": Health(0, 0, 0, None, None, None, None),
}
_STATES: dict[str, tuple[State, str | None, datetime | None]] = {
    "cerebras": ("exhausted", "rph", at("14:31")),
    "gemini": ("tracking", None, None),
    "groq": ("tracking", None, None),
    "lab": ("available", None, None),
    "mistral": ("cooling", "cooldown", after(38)),
    "nvidia": ("down", "down", after(12)),
    "openrouter": ("tracking", None, None),
    "zai": ("off", "no-key", None),
}
_MODEL = ModelSettings({}, None, None, None, None, enabled=True)


def _secret(id: str) -> SecretState:
    if id not in _HINTS:
        return SecretState(set=False, hint=None, source=None)
    source = "config" if id == "mistral" else f"env:{id.upper()}_API_KEY"
    return SecretState(set=True, hint=_HINTS[id], source=source)


def provider(id: str) -> Provider:
    state, reason, until = _STATES[id]
    own = [entry for entry in (*FREE, *CODE) if entry.startswith(f"{id}/")]
    everything = entries()
    return Provider(
        id=id,
        preset="openai-compatible" if id == "lab" else id,
        title=id.capitalize(),
        base_url=_ADDRESSES[id],
        local=False,
        enabled=True,
        api_key=_secret(id),
        needs_key=id != "lab",
        key_env=() if id == "lab" else (f"{id.upper()}_API_KEY",),
        key_page="" if id == "lab" else f"https://{id}.example/keys",
        headers={},
        limits={},
        timeouts={},
        models={entry.partition("/")[2]: _MODEL for entry in own},
        state=state,
        reason=reason,
        until=until,
        entries=len(own),
        entries_out=sum(everything[entry].state not in ("available", "tracking") for entry in own),
        health=_HEALTH[id],
        chains=tuple(
            name for name, held in (("free", FREE), ("code", CODE)) if set(own) & set(held)
        ),
        version="7",
    )


def preset(id: str, *, found: bool = False) -> Preset:
    variable = f"{id.upper().replace('-', '_')}_API_KEY"
    local = id == "ollama"
    needs_key = not local and id != "openai-compatible"
    return Preset(
        id=id,
        title=id.capitalize(),
        base_url=_ADDRESSES.get(id, f"https://api.{id}.example/v1"),
        needs_key=needs_key,
        key_env=(variable,) if needs_key else (),
        key_found=variable if found else None,
        key_page=f"https://dashboard.{id}.com/api-keys" if needs_key else "",
        local=local,
        suggest=("llama-3.3-70b*", "*gpt-oss-120b*", "*"),
        free=(FreeLimit("account", "*", {"rpm": 20, "rpmo": 1000}),) if needs_key else (),
        checked="2026-07-18" if needs_key else "",
        source=f"https://docs.{id}.com/rate-limits" if needs_key else "",
    )


PRESETS = (
    *(preset(id, found=id in _HINTS) for id in _STATES if id != "lab"),
    *map(preset, ("cohere", "modelscope", "siliconflow", "ollama", "openai-compatible")),
)


def models(id: str) -> ModelList:
    """A provider's own list: its models of the chains and some more."""
    own = tuple(entry for entry in (*FREE, *CODE) if entry.startswith(f"{id}/"))
    rows = [
        ListedModel(
            entry.partition("/")[2],
            131_072,
            8192,
            tools=True,
            vision=False,
            free=True,
            entry_in=("free",) if entry in FREE else ("code",),
        )
        for entry in own
    ]
    rows += [
        ListedModel("llama-3.1-8b-instant", 131_072, 8192, True, False, True, ()),
        ListedModel("qwen3-32b", 32_768, None, True, None, True, ()),
        ListedModel("kimi-k2", 262_144, 16_384, True, False, False, ()),
        ListedModel("whisper-large-v3", None, None, None, None, None, ()),
    ]
    return ModelList(tuple(rows), NOW)
