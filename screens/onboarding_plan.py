"""The first start as a plan: which providers, what they list, and the chain that follows."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

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
    """A provider that may be used. `key` is what was pasted, empty: the variable's.

    `there`: it stood in the config before, `added`: it was put there to be tested.
    """

    preset: Preset
    picked: bool = False
    key: str = ""
    phase: Phase = "idle"
    told: str = ""
    models: tuple[ListedModel, ...] = ()
    key_tested: bool = True
    """Whether a wrong key would have been refused."""
    asked_at: float = 0.0
    """Seconds of the interface's clock."""
    there: bool = False
    added: bool = False

    @property
    def id(self) -> str:
        return self.preset.id

    @property
    def has_key(self) -> bool:
        found = self.key or self.preset.key_found or self.there
        return bool(found or not self.preset.needs_key)

    @property
    def entry(self) -> str | None:
        """What it brings to the first chain: the first suggestion that it really lists."""
        listed = [model.id for model in self.models if model.free is not False]
        for pattern in self.preset.suggest:
            for model in listed:
                if fnmatchcase(model, pattern):
                    return f"{self.id}/{model}"
        return f"{self.id}/{listed[0]}" if listed else None


def candidates(presets: Iterable[Preset], configured: Collection[str] = ()) -> list[Candidate]:
    """Keys that are there first, then the well-known ones, then local servers, then the rest.

    `configured` are the ids of providers that the config has already.
    """

    def order(preset: Preset) -> tuple[bool, bool, int, str]:
        known = _FIRST.index(preset.id) if preset.id in _FIRST else len(_FIRST)
        has_key = preset.key_found is not None or preset.id in configured
        return not has_key, preset.local, known, preset.id

    usable = [preset for preset in presets if preset.base_url and "{" not in preset.base_url]
    every = [
        Candidate(preset, there=preset.id in configured) for preset in sorted(usable, key=order)
    ]
    for one in every:
        one.picked = one.there or one.preset.key_found is not None
    return every


def looked_again(before: Iterable[Candidate], now: Iterable[Candidate]) -> list[Candidate]:
    """What stood on the page, in its order, with what is known by now: keys may be there."""
    fresh = {one.id: one for one in now}
    kept = [one for one in before if one.id in fresh]
    for one in kept:
        found = fresh.pop(one.id)
        if not one.has_key and found.has_key:
            one.picked = True
        one.preset, one.there = found.preset, found.there and not one.added
        if one.picked and one.phase == "failed":
            one.phase = "idle"
    return [*kept, *fresh.values()]


def shown_first(every: Sequence[Candidate]) -> list[Candidate]:
    """What fits one page: found keys and the well-known ones."""
    return [
        one
        for one in every
        if one.preset.key_found or one.there or one.key or one.picked or one.id in _FIRST
    ]


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
