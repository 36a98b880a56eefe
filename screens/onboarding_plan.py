"""The first start as a plan: which providers, what they list, and the chain that follows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from app.contract import Admin, AdminError, NewProvider
from app.snapshot import ListedModel, Preset
from screens.picture import Picture

Phase = Literal["idle", "asking", "works", "failed"]

_FIRST = ("groq", "openrouter", "gemini", "cerebras", "mistral", "ollama")
"""Those that are shown before anybody asks for all."""
_PER_DAY = {"rpd": 1, "rph": 24, "rpm": 1440}
_PER_MONTH_DAYS = 30


def wanted(picture: Picture) -> bool:
    """Whether an instance has nothing in it yet."""
    return not picture.chains and not picture.limits


@dataclass(slots=True)
class Candidate:
    """A provider that may be used. `key` is what was pasted, empty: the variable's."""

    preset: Preset
    picked: bool = False
    key: str = ""
    phase: Phase = "idle"
    told: str = ""
    models: tuple[ListedModel, ...] = ()
    added: bool = False

    @property
    def id(self) -> str:
        return self.preset.id

    @property
    def has_key(self) -> bool:
        return bool(self.key or self.preset.key_found or not self.preset.needs_key)

    @property
    def entry(self) -> str | None:
        """What it brings to the first chain: the first suggestion that it really lists."""
        listed = [model.id for model in self.models if model.free is not False]
        for pattern in self.preset.suggest:
            for model in listed:
                if fnmatchcase(model, pattern):
                    return f"{self.id}/{model}"
        return f"{self.id}/{listed[0]}" if listed else None


def candidates(presets: Iterable[Preset]) -> list[Candidate]:
    """Keys that are there first, then the well-known ones, then local servers, then the rest."""

    def order(preset: Preset) -> tuple[bool, bool, int, str]:
        known = _FIRST.index(preset.id) if preset.id in _FIRST else len(_FIRST)
        return preset.key_found is None, preset.local, known, preset.id

    usable = [preset for preset in presets if preset.base_url and "{" not in preset.base_url]
    return [
        Candidate(preset, picked=preset.key_found is not None)
        for preset in sorted(usable, key=order)
    ]


def shown_first(every: Sequence[Candidate]) -> list[Candidate]:
    """What fits one page: found keys and the well-known ones."""
    return [one for one in every if one.preset.key_found or one.id in _FIRST or one.picked]


def requests_a_day(preset: Preset, model: str = "") -> float | None:
    """Free requests of the preset's facts; None where there are none. Local: without end."""
    if preset.local:
        return sys.float_info.max
    found: list[float] = []
    for free in preset.free:
        if model and not fnmatchcase(model, free.pattern or "*"):
            continue
        for word, times in _PER_DAY.items():
            if size := free.sizes.get(word):
                found.append(size * times)
                break
        else:
            if size := free.sizes.get("rpmo"):
                found.append(size / _PER_MONTH_DAYS)
    return min(found) if found else None


def allowance(preset: Preset, model: str = "") -> str:
    """`1000 a day`, `60 a minute`, `no limit`; empty where nobody knows."""
    if preset.local:
        return "no limit"
    for free in preset.free:
        if model and not fnmatchcase(model, free.pattern or "*"):
            continue
        for word, each in (("rpd", "a day"), ("rph", "an hour"), ("rpm", "a minute")):
            if size := free.sizes.get(word):
                return f"{size} {each}"
        if size := free.sizes.get("rpmo"):
            return f"{size} a month"
    return ""


def first_chain(every: Iterable[Candidate]) -> list[str]:
    """One entry a provider that works, most free requests a day first."""
    found: list[tuple[float, str]] = []
    for one in every:
        if one.picked and one.phase == "works" and (entry := one.entry) is not None:
            model = entry.partition("/")[2]
            # What runs here is the last resort: it is slow, and it is always there.
            day = -1.0 if one.preset.local else requests_a_day(one.preset, model) or 0.0
            found.append((-day, entry))
    return [entry for _, entry in sorted(found)]


@dataclass(slots=True)
class Tests:
    """Adds candidates to the instance and asks whether their keys work, at no cost in quota."""

    admin: Admin
    added: list[str] = field(default_factory=list[str])

    async def test(self, one: Candidate) -> None:
        """What it says stands in the candidate afterwards. Never raises AdminError."""
        one.phase, one.told = "asking", ""
        try:
            await self._add(one)
            check = await self.admin.check(one.id)
            if not check.ok:
                one.phase, one.told = "failed", check.detail
                return
            one.models = (await self.admin.models(one.id)).items
        except AdminError as error:
            one.phase, one.told = "failed", str(error)
            return
        one.phase, one.told = "works", f"works, {len(one.models)} models"

    async def _add(self, one: Candidate) -> None:
        if one.added:
            if one.key:
                await self.admin.change_provider(one.id, {"api_key": one.key})
            return
        new: NewProvider = {"id": one.id}
        if one.key:
            new["api_key"] = one.key
        await self.admin.add_provider(new)
        one.added = True
        self.added.append(one.id)

    async def drop(self, one: Candidate) -> None:
        """Take it out of the instance again."""
        if not one.added:
            return
        await self.admin.remove_provider(one.id)
        one.added, one.phase, one.told, one.models = False, "idle", "", ()
        self.added.remove(one.id)
