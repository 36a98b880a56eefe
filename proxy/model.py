"""What the user configures, as the data plane sees it: frozen and complete.

Everything that can be known before a request comes is worked out when the configuration is made
(`Configuration.entry` joins a provider, its preset and a model into one `Entry`), so that the way
of a request only reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, TypeVar

from pydantic import SecretStr

Scope = Literal["account", "pool", "model"]
Dimension = Literal["requests", "tokens", "concurrent"]
Window = Literal["minute", "hour", "day", "month"]
Kind = Literal["rolling", "clock", "bucket"]
Source = Literal["header", "refusal", "manual", "preset"]

WINDOW_SECONDS: Mapping[Window, float] = {
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
    # The longest month: a rolling month or a bucket's refill never promises quota too early.
    "month": 31 * 86400.0,
}

_WINDOW_LETTERS: Mapping[Window, str] = {"minute": "m", "hour": "h", "day": "d", "month": "mo"}

LIMIT_WORDS: Mapping[str, tuple[Dimension, Window | None]] = {
    "rpm": ("requests", "minute"),
    "rph": ("requests", "hour"),
    "rpd": ("requests", "day"),
    "rpmo": ("requests", "month"),
    "tpm": ("tokens", "minute"),
    "tph": ("tokens", "hour"),
    "tpd": ("tokens", "day"),
    "tpmo": ("tokens", "month"),
    "concurrent": ("concurrent", None),
}
"""The words of the config file, of `x-429chain-trail` and of every interface."""


def limit_word(dimension: Dimension, window: Window | None) -> str:
    """`rpm` for requests a minute and so on; `cooldown` for a window that has no word."""
    if dimension == "concurrent":
        return "concurrent"
    if window is None:
        return "cooldown"
    return dimension[0] + "p" + _WINDOW_LETTERS[window]


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that holds for an entry: so much of a dimension in a window.

    `pool` is the preset's pattern of model ids (``*:free``) when the scope is ``pool``, else "".
    `zone` names the time zone whose midnight ends a day of kind ``clock``.
    """

    scope: Scope
    dimension: Dimension
    window: Window | None
    size: int
    kind: Kind = "rolling"
    source: Source = "manual"
    pool: str = ""
    zone: str = "UTC"

    @property
    def word(self) -> str:
        return limit_word(self.dimension, self.window)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Of one attempt, in seconds, each absolute from the moment the request is sent."""

    connect: float = 5.0
    first_token: float = 30.0
    plain: float = 300.0
    idle: float = 180.0
    total: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What is known of one model. None: unknown, the provider is asked."""

    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    """Limit word (`rpm`, `tpd`, ...) to size, as configured by hand."""
    context_window: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeLimit:
    """A free tier's limits as its provider publishes them, for models that match a pattern."""

    scope: Scope
    pattern: str
    """Of model ids; "*" for all. A pool's pattern is also its name."""
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What 429chain knows of a provider before it is asked. Data: see `providers/presets.toml`."""

    id: str
    title: str
    base_url: str = ""
    key_env: tuple[str, ...] = ()
    """Usual variables of the key, the first one that is set counts."""
    needs_key: bool = True
    key_page: str = ""
    key_header: str = "authorization"
    """`authorization` sends `Bearer KEY`; any other name sends the bare key."""
    local: bool = False
    aggregator: bool = False
    """Each model counts as a provider of its own when one of them calls a request bad."""
    dialect: str = "generic"
    """Name of the header dialect in `limits/headers.py`."""
    kinds: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    """Window name to kind where it differs from the default (minute, hour: rolling; else clock)."""
    zone: str = "UTC"
    """Whose midnight ends a day of kind `clock`."""
    free: tuple[FreeLimit, ...] = ()
    pools: tuple[str, ...] = ()
    counts_cap: bool = False
    """The answer's cap counts against the token limit (Groq, Cerebras, OpenAI)."""
    include_usage: bool = True
    """Knows `stream_options.include_usage`."""
    refused: tuple[str, ...] = ()
    """Dotted names of request fields that it answers with an error."""
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Request fields that it knows by another name (Mistral: max_completion_tokens)."""
    completions: bool = False
    """Has the legacy `/completions` for the models that it lists, chat models among them."""
    developer_role: bool = True
    """Knows the role `developer`; where it does not, `system` means the same."""
    empty_tools: bool = True
    """Takes an empty list of tools, and a `tool_choice` without any."""
    reasoning_history: bool = False
    """Takes `reasoning`/`reasoning_content` back in the history."""
    thinking_parts: bool = False
    """Takes content parts of type `thinking` back in the history (Mistral)."""
    tool_call_ids: str = ""
    """`mistral9` where ids must be nine alphanumerics; "" where any id goes."""
    signatures: bool = False
    """Wants Gemini's `extra_content.google.thought_signature` on tool calls of the history."""
    quota_path: str = ""
    """A path (below base_url) that tells quotas at no cost (OpenRouter `/key`)."""
    key_path: str = ""
    """A path (below base_url) that costs nothing and refuses a wrong key, where the model list is
    everybody's (OpenRouter `/key`)."""
    models_path: str = "/models"
    context_window: int | None = None
    """Of every model for which nobody says otherwise (Ollama: what its server runs by default)."""
    timeouts: Mapping[str, float] = field(default_factory=dict[str, float])
    suggest: tuple[str, ...] = ()
    """Patterns of model ids worth putting into a first chain, best first."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    checked: str = ""
    """The day (ISO) on which the free limits were last compared with `source`."""
    source: str = ""

    def kind(self, window: Window | None) -> Kind:
        """The kind of a window, by the preset or else by DESIGN's defaults."""
        if window is None:
            return "clock"
        default: Kind = "rolling" if window in ("minute", "hour") else "clock"
        return self.kinds.get(window, default)

    def pool_of(self, model: str) -> str:
        """The pool a model draws from, or ""."""
        return next((pool for pool in self.pools if fnmatchcase(model, pool)), "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provider:
    """An account at a provider, as configured. Compared by identity."""

    id: str
    preset: Preset
    base_url: str
    """Without a trailing slash."""
    origin: str
    """`scheme://host:port`, lower case, port always given: what a key and a circuit belong to."""
    account: str
    """Identity of (origin, key): provider ids that share it share limits and states. No secret."""
    key: SecretStr | None = None
    headers: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    models: Mapping[str, ModelSpec] = field(default_factory=dict[str, ModelSpec])
    """By model id; "*" holds for each model that does not say otherwise."""
    enabled: bool = True

    @property
    def lacks_key(self) -> bool:
        return self.preset.needs_key and self.key is None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """A provider and one of its models: what a chain is made of. Compared by identity."""

    name: str
    """`provider/model`."""
    provider: Provider
    model: str
    pool: str
    limits: tuple[Limit, ...]
    """Every limit that holds for it and is known beforehand: of its account, pool and model."""
    context_window: int | None
    max_output: int | None
    vision: bool | None
    tools: bool | None
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Entries in the order they are asked."""

    name: str
    entries: tuple[Entry, ...]
    models: tuple[str, ...] = ()
    """Patterns of client model names that mean this chain."""
    max_wait: float | None = None
    local_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program, known by its key. `chains` None: may use them all."""

    name: str
    keys: tuple[SecretStr, ...]
    chain: str | None = None
    chains: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    default_chain: str = "free"
    unknown_model: Literal["default", "reject"] = "default"
    direct: Literal["configured", "any", "off"] = "configured"
    max_wait: float = 60.0
    max_queue: int = 100
    request_timeout: float = 540.0
    """`timeouts.request`: until the first byte of the answer goes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One consistent set of everything. Swapped whole; a pass sees one from start to end."""

    providers: Mapping[str, Provider]
    chains: Mapping[str, Chain]
    clients: tuple[Client, ...]
    routing: Routing = field(default_factory=Routing)
    max_body: int = 20 * 1024 * 1024
    cors_origins: tuple[str, ...] = ()
    keep_bodies: bool = False
    entries: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    """Every `provider/model` that stands in a chain or under a provider's models."""
    version: int = 0


_T = TypeVar("_T")


def _first(own: _T | None, every: _T | None) -> _T | None:
    return every if own is None else own


def make_entry(provider: Provider, model: str) -> Entry:
    """Join a provider and a model: what the person said first, then what the preset knows.

    A configured size replaces the preset's for the same scope, dimension and window.
    """
    preset = provider.preset
    own = provider.models.get(model) or ModelSpec()
    every = provider.models.get("*") or ModelSpec()
    pool = preset.pool_of(model)
    limits: dict[tuple[Scope, str, Dimension, Window | None], Limit] = {}

    def add(scope: Scope, sizes: Mapping[str, int], source: Source, pool: str = "") -> None:
        for word, size in sizes.items():
            dimension, window = LIMIT_WORDS[word]
            limits[scope, pool, dimension, window] = Limit(
                scope=scope,
                dimension=dimension,
                window=window,
                size=size,
                kind=preset.kind(window),
                source=source,
                pool=pool,
                zone=preset.zone,
            )

    for free in preset.free:
        if free.scope != "pool" and fnmatchcase(model, free.pattern):
            add(free.scope, free.sizes, "preset")
        elif free.scope == "pool" and free.pattern == pool:
            add("pool", free.sizes, "preset", pool)
    add("account", provider.limits, "manual")
    add("model", every.limits, "manual")
    add("model", own.limits, "manual")

    return Entry(
        name=f"{provider.id}/{model}",
        provider=provider,
        model=model,
        pool=pool,
        limits=tuple(limits.values()),
        context_window=_first(
            _first(own.context_window, every.context_window), preset.context_window
        ),
        max_output=_first(own.max_output, every.max_output),
        vision=_first(own.vision, every.vision),
        tools=_first(own.tools, every.tools),
        enabled=provider.enabled and own.enabled and every.enabled,
    )
