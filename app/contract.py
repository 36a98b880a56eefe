"""Everything that a person can ask of an instance or change in it.

The terminal interface, the web page, the command line and `attach` use this and nothing else.
`app.admin` answers in the process itself, `app.remote` over HTTP; `app.operations` gives each
method its route.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from app.changes import Change, PromptEvent
from app.request_snapshot import Answered, RequestDetail, RequestPage, StatsRow
from app.snapshot import (
    Chain,
    Chains,
    Check,
    EntryLimits,
    ModelList,
    Preset,
    Provider,
    Providers,
    Status,
    Undone,
)

By = Literal["provider", "model", "chain", "client", "day", "hour"]

_STRICT = ConfigDict(extra="forbid")
_Name = Annotated[str, Field(max_length=200)]
_LimitSize = Annotated[int, Field(ge=1, le=10**12)]
_Tokens = Annotated[int, Field(ge=1, le=10**9)]


class AdminError(Exception):
    """What was asked cannot be done. Holds no secret.

    `title` is a few words, `message` a sentence, `hint` the next step, `field` the argument that is
    wrong (dotted), `status` that of HTTP: 400 wrong, 404 unknown, 409 in the way, 412 the config
    moved, 502 a provider did not answer, 503 not now.
    """

    def __init__(
        self,
        title: str,
        message: str,
        hint: str = "",
        field: str | None = None,
        *,
        status: int = 400,
    ) -> None:
        super().__init__(message)
        self.title = title
        self.message = message
        self.hint = hint
        self.field = field
        self.status = status


@with_config(_STRICT)
class ModelEdit(TypedDict, total=False):
    """Of one model. What is left out stays; None goes back to unknown."""

    limits: Mapping[_Name, _LimitSize | None]
    context_window: _Tokens | None
    max_output: _Tokens | None
    vision: bool | None
    tools: bool | None
    enabled: bool


@with_config(_STRICT)
class ProviderEdit(TypedDict, total=False):
    """Of a provider, with the keys of the config file. What is left out stays; None removes.

    `api_key` is the key itself, or `env:NAME` with the preset's own variable at its own address.
    """

    preset: _Name | None
    base_url: Annotated[str, Field(max_length=2000)] | None
    api_key: Annotated[str, Field(max_length=16_384)] | None
    enabled: bool
    headers: Mapping[_Name, Annotated[str, Field(max_length=16_384)] | None]
    limits: Mapping[_Name, _LimitSize | None]
    timeouts: Mapping[_Name, _Name | None]
    models: Mapping[_Name, ModelEdit | None]


@with_config(_STRICT)
class NewProvider(ProviderEdit):
    """A provider to be added under `id`."""

    id: Annotated[str, Field(pattern="^[a-z0-9_-]{1,64}$")]


_Entry = Annotated[str, Field(max_length=300)]
_Entries = Annotated[list[_Entry], Field(max_length=1000)]
_ChainName = Annotated[str, Field(pattern="^[A-Za-z0-9._-]{1,64}$")]


@with_config(_STRICT)
class NewChain(TypedDict):
    """A chain to be added."""

    name: _ChainName
    entries: _Entries


@with_config(_STRICT)
class ChainEdit(TypedDict, total=False):
    """Of a chain: its entries, its name, or both. What is left out stays."""

    name: _ChainName
    entries: _Entries


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt to try, on a chain or on one entry."""

    prompt: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    chain: _Name | None = None
    entry: _Entry | None = None
    stream: bool = False


class Admin(Protocol):
    """One instance. Every method may raise AdminError.

    `if_match` is the `version` of a config read: the write is refused (412) if the config moved.
    """

    async def status(self) -> Status:
        """The instance as a whole: version, config, counters, loop lag."""
        ...

    async def limits(self) -> tuple[EntryLimits, ...]:
        """Every provider/model of the config with its state, limits and health."""
        ...

    async def clear(self, provider: str, model: str | None = None) -> tuple[EntryLimits, ...]:
        """Lift cooldowns and learned exhaustion of a model, or of the whole account."""
        ...

    async def providers(self) -> Providers:
        """The configured providers. Keys are never told."""
        ...

    async def provider(self, id: str) -> Provider:
        """One configured provider."""
        ...

    async def add_provider(self, new: NewProvider, *, if_match: str | None = None) -> Provider:
        """Add a provider to the config."""
        ...

    async def change_provider(
        self, id: str, edit: ProviderEdit, *, if_match: str | None = None
    ) -> Provider:
        """Change a provider; at another address its key and headers have to be sent along."""
        ...

    async def remove_provider(self, id: str, *, if_match: str | None = None) -> None:
        """Remove a provider that stands in no chain."""
        ...

    async def models(self, id: str) -> ModelList:
        """What a provider lists, asked now if it is older than a minute."""
        ...

    async def check(self, id: str) -> Check:
        """Whether a provider takes its key, at no cost in quota."""
        ...

    async def presets(self) -> tuple[Preset, ...]:
        """What is known of providers beforehand."""
        ...

    async def chains(self) -> Chains:
        """Every chain, and which entry would serve now."""
        ...

    async def chain(self, name: str) -> Chain:
        """One chain."""
        ...

    async def add_chain(self, new: NewChain, *, if_match: str | None = None) -> Chain:
        """Add a chain to the config."""
        ...

    async def change_chain(
        self, name: str, edit: ChainEdit, *, if_match: str | None = None
    ) -> Chain:
        """Replace a chain's entries (reorder, add, remove) or its name."""
        ...

    async def remove_chain(self, name: str, *, if_match: str | None = None) -> None:
        """Remove a chain that is not the default one."""
        ...

    async def undo(self, *, if_match: str | None = None) -> Undone:
        """Take back the last change of the config; the last 20 since the start can be."""
        ...

    async def requests(
        self,
        *,
        before: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None,
        limit: Annotated[int, Field(ge=1, le=1000)] = 100,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> RequestPage:
        """Requests, newest first, those that run on top.

        `status`: a number, a class (`5xx`) or an outcome. `q`: part of client, agent, chain or
        entry, or the beginning of an id.
        """
        ...

    async def request(self, id: str) -> RequestDetail:
        """One request with all its attempts."""
        ...

    def requests_csv(
        self,
        *,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> AsyncGenerator[bytes]:
        """The log as CSV that no spreadsheet takes for formulas."""
        ...

    def requests_jsonl(
        self,
        *,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> AsyncGenerator[bytes]:
        """The log as JSON, one request a line."""
        ...

    async def stats(
        self, by: By = "day", *, from_: str | None = None, to: str | None = None
    ) -> tuple[StatsRow, ...]:
        """Totals. `from` and `to` are days (`2026-11-22`), both included; the last 30 if unset."""
        ...

    async def test(self, prompt: Prompt) -> Answered:
        """Send a prompt through the engine and wait for its end."""
        ...

    def test_stream(self, prompt: Prompt) -> AsyncGenerator[PromptEvent]:
        """Send a prompt and watch: each step, each piece of the answer, then the end."""
        ...

    def events(self) -> AsyncGenerator[Change]:
        """What changes from now on."""
        ...

    async def metrics(self) -> str:
        """Counters and gauges in the text format of Prometheus."""
        ...
