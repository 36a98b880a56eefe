"""The tables of the config file as pydantic models: types, defaults and what each key means.

A field's attribute docstring is its documentation, for `config.toml.example` and the docs. Rules
that look at more than one key stand in `settings_rules`; what the data plane makes of all this
stands in `configuration`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from store.units import Duration, Size, Timeout

LimitSize = Annotated[int, Field(ge=1, le=10**12)]
TokenCount = Annotated[int, Field(ge=1, le=10**9)]


class Table(BaseModel):
    """A table that takes exactly the keys it names, in exactly their types."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class ServerSettings(Table):
    """The two ports and who may use them."""

    host: str = "127.0.0.1"
    """address to listen on; another than loopback requires admin_token"""
    port: int = Field(default=4290, ge=1, le=65535)
    """OpenAI-compatible API"""
    admin_port: int = Field(default=4291, ge=0, le=65535)
    """admin API and web view; 0 switches both off"""
    api_keys: list[SecretStr] = Field(default_factory=list[SecretStr])
    """keys that programs use: "env:NAME", "file:/run/secrets/x", or the key itself"""
    admin_token: SecretStr | None = None
    """token of the admin API and the web view, written like a key"""
    allowed_hosts: list[str] = Field(default_factory=list[str])
    """extra Host names for the admin port, e.g. "box.lan\""""
    cors_origins: list[str] = Field(default_factory=list[str])
    """exact origins of browser programs that may call the proxy port"""
    max_body: Size = 20 * 1024 * 1024
    """largest request body"""
    shutdown_grace: Duration = 10.0
    """how long running streams may go on when the program stops"""


class RoutingSettings(Table):
    """What a model name means and how long a request waits."""

    default_chain: str = "free"
    """chain for model names that name no chain"""
    unknown_model: Literal["default", "reject"] = "default"
    """"default": such a name means default_chain; "reject": 404 model_not_found"""
    direct: Literal["configured", "any", "off"] = "configured"
    """provider/model as a model name: what stands in a chain or under models; "any", "off\""""
    max_wait: Duration = 60.0
    """when every entry is exhausted: wait this long for the first one; "0s" = never"""
    max_queue: int = Field(default=100, ge=0, le=100_000)
    """waiting requests of all chains; one more gets 429 at once"""


class TimeoutSettings(Table):
    """Of one attempt; a provider may override each but `request`."""

    connect: Timeout = 5.0
    """until the connection stands"""
    first_token: Timeout = 30.0
    """a stream: no content by then: next entry"""
    plain: Timeout = 300.0
    """a plain answer: no body byte but white space by then: next entry"""
    idle: Timeout = 180.0
    """between two chunks of an answer that has begun"""
    total: Timeout = 3600.0
    """the whole answer of one entry"""
    request: Timeout = 540.0
    """the whole request until the first byte of its answer, over all entries, waiting included"""


class LogSettings(Table):
    """What is kept of each request."""

    retain_days: int = Field(default=30, ge=1, le=3650)
    """days that request rows are kept; daily totals are kept for ever"""
    bodies: Literal["off", "memory"] = "off"
    """"memory": the last 200 bodies in RAM for the inspector, never on disk"""


class UiSettings(Table):
    """The terminal interface."""

    theme: str = "429-dark"
    """colours"""
    symbols: Literal["auto", "unicode", "ascii"] = "auto"
    """"unicode", "ascii", or "auto": what the terminal can show"""
    motion: bool = True
    """false: nothing moves by itself"""
    mouse: bool = True
    """false: the terminal keeps the mouse"""
    keys: dict[str, str] = Field(default_factory=dict[str, str])
    """binding id = key"""


class SavingsSettings(Table):
    """What "dollars saved" compares with."""

    reference: str = ""
    """paid model to compare with; empty: the paid price of the model that served"""


class LimitSettings(Table):
    """Sizes of limits: r requests, t tokens; pm ph pd pmo a minute, hour, day, month."""

    rpm: LimitSize | None = None
    """requests a minute"""
    rph: LimitSize | None = None
    """requests an hour"""
    rpd: LimitSize | None = None
    """requests a day"""
    rpmo: LimitSize | None = None
    """requests a month"""
    tpm: LimitSize | None = None
    """tokens a minute"""
    tph: LimitSize | None = None
    """tokens an hour"""
    tpd: LimitSize | None = None
    """tokens a day"""
    tpmo: LimitSize | None = None
    """tokens a month"""
    concurrent: LimitSize | None = None
    """parallel requests"""


class ProviderTimeoutSettings(Table):
    """A provider's own timeouts; what is unset comes from its preset and [timeouts]."""

    connect: Timeout | None = None
    """as in [timeouts]"""
    first_token: Timeout | None = None
    """as in [timeouts]"""
    plain: Timeout | None = None
    """as in [timeouts]"""
    idle: Timeout | None = None
    """as in [timeouts]"""
    total: Timeout | None = None
    """as in [timeouts]"""


class ModelSettings(Table):
    """One model of a provider; the name "*" stands for each. Unset: unknown, the entry is asked."""

    limits: LimitSettings = Field(default_factory=LimitSettings)
    """limits of this model alone"""
    context_window: TokenCount | None = None
    """tokens that prompt and answer may have together"""
    max_output: TokenCount | None = None
    """the largest answer cap the model accepts"""
    vision: bool | None = None
    """takes images"""
    tools: bool | None = None
    """takes tools"""
    enabled: bool = True
    """false: skipped as `disabled`"""


class ProviderSettings(Table):
    """An account at a provider. The table's name is its id: a-z 0-9 - _"""

    preset: str | None = None
    """what 429chain knows beforehand; default: the table's own name, if it is a preset"""
    base_url: str | None = None
    """where the API is; default: the preset's"""
    api_key: SecretStr | None = None
    """"env:NAME", "file:/run/secrets/x", the key itself; unset: the preset's variable; "": none"""
    enabled: bool = True
    """false: skipped as `disabled`; a model has the same switch"""
    headers: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
    """extra request headers; a value may be "env:NAME" or "file:..." too"""
    limits: LimitSettings = Field(default_factory=LimitSettings)
    """limits of the whole account"""
    timeouts: ProviderTimeoutSettings = Field(default_factory=ProviderTimeoutSettings)
    """override [timeouts]"""
    models: dict[str, ModelSettings] = Field(default_factory=dict[str, ModelSettings])
    """what is known of single models"""


class ChainSettings(Table):
    """Entries in the order they are asked. The table's name is the chain's: A-Z a-z 0-9 . _ -"""

    entries: list[str] = Field(default_factory=list[str])
    """provider/model; the text before the first "/" is the provider's id"""
    models: list[str] = Field(default_factory=list[str])
    """client model names that mean this chain; the longest pattern wins"""
    max_wait: Duration | None = None
    """overrides [routing], for batch work"""
    local_only: bool = False
    """true: an entry outside loopback and private addresses is an error"""


class ClientSettings(Table):
    """A program with a key of its own (those in api_keys are the client "default")."""

    key: SecretStr | None = None
    """its key, written like those in api_keys"""
    chain: str | None = None
    """its default chain"""
    chains: list[str] | None = None
    """the only chains it may use; unset: all"""


class Settings(BaseSettings):
    """The whole file.

    Flags, environment and file are merged before (`settings_load`): an id such as `ollama-cloud`
    cannot be told from a variable's name without a look at the file.
    """

    model_config = SettingsConfigDict(
        extra="forbid", strict=True, frozen=True, hide_input_in_errors=True
    )

    server: ServerSettings = Field(default_factory=ServerSettings)
    routing: RoutingSettings = Field(default_factory=RoutingSettings)
    timeouts: TimeoutSettings = Field(default_factory=TimeoutSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    ui: UiSettings = Field(default_factory=UiSettings)
    savings: SavingsSettings = Field(default_factory=SavingsSettings)
    providers: dict[str, ProviderSettings] = Field(default_factory=dict[str, ProviderSettings])
    chains: dict[str, ChainSettings] = Field(default_factory=dict[str, ChainSettings])
    clients: dict[str, ClientSettings] = Field(default_factory=dict[str, ClientSettings])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)
