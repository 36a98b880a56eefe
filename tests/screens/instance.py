"""An instance in memory, with the data of the mock-ups: what the screens are tested against.

`refuse["change_chain"] = AdminError(...)` makes a method fail, `admin.move_config()` makes the next
`if_match` write a 412, `admin.prompt_events.put_nowait(...)` feeds a test prompt step by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from app.contract import AdminError, ChainEdit, NewChain, NewProvider, ProviderEdit
from app.snapshot import (
    BackAt,
    Chain,
    Chains,
    Check,
    EntryLimits,
    ModelList,
    ModelSettings,
    Preset,
    Provider,
    Providers,
    SecretState,
    Status,
    Undone,
)
from tests.screens import scene, state
from tests.screens.traffic import FakeTraffic

_USABLE = ("available", "tracking")


class FakeAdmin(FakeTraffic):
    """`app.contract.Admin` without an instance behind it. Every field may be set by a test."""

    def __init__(self, *, empty: bool = False) -> None:
        super().__init__(empty=empty)
        self.now: datetime = scene.NOW
        self.state: Status = state.nothing() if empty else state.busy()
        self.entries: dict[str, EntryLimits] = {} if empty else scene.entries()
        self.order: dict[str, tuple[str, ...]] = (
            {} if empty else {"free": scene.FREE, "code": scene.CODE}
        )
        self.configured: dict[str, Provider] = (
            {} if empty else {id: scene.provider(id) for id in _PROVIDERS}
        )
        self.waiting: dict[str, int] = {}
        self.patterns: dict[str, tuple[str, ...]] = {}
        self.known: tuple[Preset, ...] = scene.PRESETS
        self.lists: dict[str, ModelList] = {}
        self.checks: dict[str, Check] = {}
        self.version_number = 7
        self._past: list[tuple[str, dict[str, tuple[str, ...]], dict[str, Provider]]] = []

    # Under a test's control.

    @property
    def version(self) -> str:
        return str(self.version_number)

    def move_config(self) -> None:
        """Somebody else edited the file."""
        self.version_number += 1

    def put(self, *entries: EntryLimits) -> None:
        """Entries are otherwise now."""
        self.entries |= {entry.entry: entry for entry in entries}

    async def _act(self, method: str, what: object, if_match: str | None = None) -> None:
        self.calls.append((method, what))
        await self.let_pass(method)
        if if_match is not None and if_match != self.version:
            raise AdminError(
                "The config moved",
                "config.toml was changed since it was read.",
                "read again, then repeat",
                status=412,
            )

    def _changing(self, told: str) -> None:
        self._past.append((told, dict(self.order), dict(self.configured)))
        self.version_number += 1

    # Reading.

    async def status(self) -> Status:
        await self.let_pass("status")
        return replace(self.state, time=self.now)

    async def limits(self) -> tuple[EntryLimits, ...]:
        await self.let_pass("limits")
        return tuple(self.entries.values())

    async def providers(self) -> Providers:
        await self.let_pass("providers")
        items = sorted(self.configured.values(), key=lambda one: one.id)
        return Providers(tuple(replace(one, version=self.version) for one in items), self.version)

    async def provider(self, id: str) -> Provider:
        await self.let_pass("provider")
        return replace(self._provider(id), version=self.version)

    async def presets(self) -> tuple[Preset, ...]:
        await self.let_pass("presets")
        return self.known

    async def models(self, id: str) -> ModelList:
        await self._act("models", id)
        self._provider(id)
        return self.lists[id] if id in self.lists else scene.models(id)

    async def check(self, id: str) -> Check:
        await self._act("check", id)
        self._provider(id)
        well = Check(True, "lists 18 models", 18, (), self.now, key_tested=True)
        return self.checks.get(id, well)

    async def chains(self) -> Chains:
        await self.let_pass("chains")
        return Chains(tuple(map(self._chain, self.order)), self.version)

    async def chain(self, name: str) -> Chain:
        if name not in self.order:
            raise AdminError("No such chain", f"There is no chain '{name}'.", status=404)
        return self._chain(name)

    def _chain(self, name: str) -> Chain:
        entries = self.order[name]
        known = [self.entries[entry] for entry in entries if entry in self.entries]
        serves = next((one.entry for one in known if one.state in _USABLE), None)
        backs = [BackAt(one.entry, one.until) for one in known if one.until is not None]
        first = None if serves else min(backs, key=lambda back: back.at, default=None)
        return Chain(
            name=name,
            entries=entries,
            next=serves,
            first_back=first,
            waiting=self.waiting.get(name, 0),
            default=name == self.state.default_chain,
            models=self.patterns.get(name, ()),
            max_wait_s=None,
            local_only=False,
            version=self.version,
        )

    def _provider(self, id: str) -> Provider:
        if id not in self.configured:
            raise AdminError("No such provider", f"There is no provider '{id}'.", status=404)
        return self.configured[id]

    # Changing.

    async def clear(self, provider: str, model: str | None = None) -> tuple[EntryLimits, ...]:
        await self._act("clear", (provider, model))
        cleared: list[EntryLimits] = []
        for entry, one in self.entries.items():
            if entry == f"{provider}/{model}" or (
                model is None and entry.startswith(provider + "/")
            ):
                state = "tracking" if one.gauges else "available"
                cleared.append(replace(one, state=state, reason=None, until=None))
        self.put(*cleared)
        return tuple(cleared)

    async def add_provider(self, new: NewProvider, *, if_match: str | None = None) -> Provider:
        await self._act("add_provider", dict(new), if_match)
        if new["id"] in self.configured:
            raise AdminError(
                "Name is taken",
                f"There is a provider '{new['id']}' already.",
                field="id",
                status=409,
            )
        self._changing(f"add provider {new['id']}")
        like = scene.provider("cerebras")
        key = new.get("api_key")
        self.configured[new["id"]] = replace(
            like,
            id=new["id"],
            preset=new.get("preset") or new["id"],
            title=new["id"].capitalize(),
            base_url=new.get("base_url") or f"https://api.{new['id']}.example/v1",
            api_key=_secret(key),
            models={},
            state="available",
            reason=None,
            until=None,
            entries=0,
            entries_out=0,
            chains=(),
        )
        return await self.provider(new["id"])

    async def change_provider(
        self, id: str, edit: ProviderEdit, *, if_match: str | None = None
    ) -> Provider:
        await self._act("change_provider", (id, dict(edit)), if_match)
        old = self._provider(id)
        self._changing(f"change provider {id}")
        models = cast("Mapping[str, Mapping[str, Any] | None]", edit.get("models", {}))
        for name, one in models.items():
            entry = f"{id}/{name}"
            if entry in self.entries and one is not None and "enabled" in one:
                on = bool(one["enabled"])
                known = scene.entries().get(entry, self.entries[entry])
                off = replace(known, state="off", reason="disabled", until=None, gauges=())
                self.put(known if on else off)
        self.configured[id] = replace(
            old,
            base_url=edit.get("base_url") or old.base_url,
            enabled=edit.get("enabled", old.enabled),
            api_key=_secret(edit["api_key"]) if "api_key" in edit else old.api_key,
            models=dict(old.models) | {name: _settings(one) for name, one in models.items()},
        )
        return await self.provider(id)

    async def remove_provider(self, id: str, *, if_match: str | None = None) -> None:
        await self._act("remove_provider", id, if_match)
        if any(entry.startswith(f"{id}/") for held in self.order.values() for entry in held):
            raise AdminError("In use", f"{id} is used in a chain.", "Remove it there.", status=409)
        self._provider(id)
        self._changing(f"remove provider {id}")
        del self.configured[id]

    async def add_chain(self, new: NewChain, *, if_match: str | None = None) -> Chain:
        await self._act("add_chain", dict(new), if_match)
        self._changing(f"add chain {new['name']}")
        self._hold_chain(new["name"], new["entries"])
        if not self.state.default_chain:
            self.state = replace(self.state, default_chain=new["name"])
        return self._chain(new["name"])

    async def change_chain(
        self, name: str, edit: ChainEdit, *, if_match: str | None = None
    ) -> Chain:
        await self._act("change_chain", (name, dict(edit)), if_match)
        await self.chain(name)
        renamed = edit.get("name", name)
        self._changing(f"rename chain {name}" if renamed != name else f"change chain {name}")
        entries = edit.get("entries", list(self.order[name]))
        self.order = {(renamed if held == name else held): own for held, own in self.order.items()}
        self._hold_chain(renamed, entries)
        return self._chain(renamed)

    async def remove_chain(self, name: str, *, if_match: str | None = None) -> None:
        await self._act("remove_chain", name, if_match)
        await self.chain(name)
        self._changing(f"remove chain {name}")
        del self.order[name]

    async def undo(self, *, if_match: str | None = None) -> Undone:
        await self._act("undo", None, if_match)
        if not self._past:
            raise AdminError("Nothing to undo", "No change since the start is left.", status=409)
        told, self.order, self.configured = self._past.pop()
        self.version_number += 1
        return Undone(told, len(self._past), self.version)

    def _hold_chain(self, name: str, entries: Sequence[str]) -> None:
        self.order[name] = tuple(entries)
        for entry in entries:
            if entry not in self.entries:
                self.put(scene.limits(entry, "available"))


_PROVIDERS = ("cerebras", "gemini", "groq", "lab", "mistral", "nvidia", "openrouter", "zai")


def _secret(key: str | None) -> SecretState:
    if not key:
        return SecretState(set=False, hint=None, source=None)
    if key.startswith("env:"):
        return SecretState(set=True, hint=None, source=key)
    return SecretState(set=True, hint=f"...{key[-4:]}", source="config")


def _settings(edit: Mapping[str, Any] | None) -> ModelSettings:
    given = edit or {}
    return ModelSettings(
        dict(given.get("limits") or {}),
        given.get("context_window"),
        given.get("max_output"),
        given.get("vision"),
        given.get("tools"),
        bool(given.get("enabled", True)),
    )
