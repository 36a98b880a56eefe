"""Random configs, written in all of TOML's ways at random, each line knowing what it is about."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

Table = dict[str, Any]
Path = tuple[str, ...]

PROVIDERS = ["groq", "lab", "open-router", "g_2"]
MODELS = ["a", "llama-3.3-70b", "meta/llama:free", "*", "ü"]
ENTRIES = [f"{provider}/{model}" for provider in PROVIDERS[:3] for model in MODELS[:3]]
CHAINS = ["free", "my.chain", "small", "x"]


@dataclass(frozen=True)
class Line:
    """A line of the file and what it is about; a `whole` line holds all that is inside it."""

    text: str
    place: Path
    whole: bool = False


class Writer:
    """Writes a table in ways chosen at random, with a numbered comment here and there."""

    def __init__(self, rnd: random.Random) -> None:
        self.rnd = rnd
        self.comments = 0

    def often(self, share: float) -> bool:
        return self.rnd.random() < share

    def comment(self) -> str:
        self.comments += 1
        return f"#c{self.comments}c"

    def trail(self) -> str:
        return "  " + self.comment() if self.often(0.4) else ""

    def key(self, name: str) -> str:
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", name, re.ASCII)
        styles = [json.dumps(name, ensure_ascii=False), f"'{name}'"]
        return name if bare and self.often(0.8) else self.rnd.choice(styles)

    def scalar(self, value: Any) -> str:
        if isinstance(value, str) and self.often(0.3):
            return f"'{value}'"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.scalar, cast("list[Any]", value))) + "]"
        return json.dumps(value, ensure_ascii=False)

    def inline(self, value: Any) -> str:
        if not isinstance(value, dict):
            return self.scalar(value)
        table = cast("Table", value)
        members = [f"{self.key(name)} = {self.inline(one)}" for name, one in table.items()]
        return "{ " + ", ".join(members) + " }" if members else "{}"

    def array(self, head: str, place: Path, items: list[str]) -> Iterator[Line]:
        """An array over several lines, sometimes with two items on one."""
        yield Line(head + "[" + self.trail(), place)
        for index, item in enumerate(items):
            if self.often(0.3):
                yield Line("    " + self.comment(), (*place, item))
            if self.often(0.15):
                yield Line("", place)
            last = index == len(items) - 1
            comma = "" if last and self.often(0.5) else ","
            yield Line("    " + self.scalar(item) + comma + self.trail(), (*place, item))
        if self.often(0.2):
            yield Line("    " + self.comment(), (*place, "at the end"))
        yield Line("]" + self.trail(), place)

    def assignment(self, keys: Path, base: Path, value: Any) -> Iterator[Line]:
        place = (*base, *keys)
        head = ".".join(map(self.key, keys)) + self.rnd.choice([" = ", "="])
        if self.often(0.3):
            yield Line(self.comment(), place)
        if isinstance(value, list) and self.often(0.6):
            yield from self.array(head, place, cast("list[str]", value))
        else:
            inside = isinstance(value, dict)
            yield Line(head + self.inline(value) + self.trail(), place, inside)

    def dotted(self, keys: Path, base: Path, value: Any) -> Iterator[Line]:
        if isinstance(value, dict) and value:
            for name, one in cast("Table", value).items():
                yield from self.dotted((*keys, name), base, one)
        else:
            yield from self.assignment(keys, base, value)

    def sections(self, base: Path, table: Table) -> Iterator[list[Line]]:
        """The sections of a table, its own first; without a header for the root."""
        own: list[list[Line]] = []
        inner: list[list[Line]] = []
        for name, value in table.items():
            way = self.rnd.choice(["header"] * 3 + ["inline", "dotted"])
            if not isinstance(value, dict) or way == "inline":
                own.append(list(self.assignment((name,), base, value)))
            elif way == "dotted":
                own.append(list(self.dotted((name,), base, value)))
            else:
                inner += self.sections((*base, name), cast("Table", value))
        self.rnd.shuffle(own)
        lines = [line for group in own for line in group]
        if base and (lines or not inner or self.often(0.3)):
            remark = [Line(self.comment(), base)] if self.often(0.3) else []
            header = Line("[" + ".".join(map(self.key, base)) + "]" + self.trail(), base)
            lines = [*remark, header, *lines]
        yield lines
        yield from inner

    def file(self, table: Table) -> list[Line]:
        root, *rest = self.sections((), table)
        if self.often(0.5):
            self.rnd.shuffle(rest)
        lines = root
        for section in rest:
            blank = [Line("", ("nothing",))] * self.rnd.choice([0, 1, 1, 2])
            lines = [*lines, *blank, *section]
        return [Line("# about the file", ("the file",)), Line("", ("nothing",)), *lines]


def some(rnd: random.Random, of: list[str], least: int = 0) -> list[str]:
    return rnd.sample(of, rnd.randint(least, min(4, len(of))))


def provider(rnd: random.Random) -> Table:
    table: Table = {"api_key": "env:K"} if rnd.random() < 0.7 else {}
    if rnd.random() < 0.4:
        table["headers"] = {"x-team": "a"}
    if rnd.random() < 0.5:
        table["limits"] = dict.fromkeys(some(rnd, ["rpm", "rpd", "tpm"]), 7)
    if rnd.random() < 0.5:
        limits: Table = {"limits": {"rpm": 3}, "vision": True}
        table["models"] = {model: deepcopy(limits) for model in some(rnd, MODELS)}
    return table


def config(rnd: random.Random) -> Table:
    table: Table = {"server": {"port": 1, "api_keys": ["k"]}} if rnd.random() < 0.7 else {}
    if rnd.random() < 0.5:
        table["routing"] = {"default_chain": rnd.choice(CHAINS)}
    if rnd.random() < 0.9:
        table["providers"] = {one: provider(rnd) for one in some(rnd, PROVIDERS)}
    if rnd.random() < 0.9:
        chains: Table = {one: {"entries": some(rnd, ENTRIES)} for one in some(rnd, CHAINS)}
        table["chains"] = chains
        for chain in chains.values():
            if rnd.random() < 0.3:
                chain["max_wait"] = "10m"
    if rnd.random() < 0.4:
        client = {"key": "k", "chain": rnd.choice(CHAINS), "chains": some(rnd, CHAINS, 1)}
        table["clients"] = {"journal": client}
    return table
