"""What the clients ask: three shapes of traffic, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

from app.demo.completion import Completion, prompt_tokens

ShapeName = Literal["steady", "bursts", "overload"]

MODEL = "free"
"""The chain that every request names."""

_MARK = re.compile(r"request (?P<number>\d+), answer in (?P<answer>\d+) words")
_WORDS = ("def", "return", "import", "class", "self", "index", "path", "window", "token", "queue")
_TOOL: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Read a file of the workspace.",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    },
}
_PARALLEL = 8
"""Requests that a coding agent sends at once."""


@dataclass(frozen=True)
class Planned:
    """One request: when it comes (seconds from the start), and what it asks for."""

    number: int
    at: float
    size: int
    """Bytes of its prompt."""
    answer: int
    """Tokens of the answer, whoever gives it."""
    cap: int | None
    stream: bool
    tools: bool = False

    @cached_property
    def body(self) -> Mapping[str, Any]:
        chance = random.Random(self.number)
        mark = f"request {self.number}, answer in {self.answer} words\n"
        words = chance.choices(_WORDS, k=self.size // 4)
        text = (mark + " ".join(words))[: max(self.size, len(mark))]
        body: dict[str, Any] = {
            "model": MODEL,
            "messages": [{"role": "user", "content": text}],
            "stream": self.stream,
        }
        if self.cap is not None:
            body["max_tokens"] = self.cap
        if self.tools:
            body["tools"] = [_TOOL]
        return body

    @cached_property
    def prompt(self) -> int:
        """Tokens of the prompt, as the simulated providers count them."""
        return prompt_tokens(self.body)

    def cost(self, *, counts_cap: bool) -> int:
        """Tokens for which it is let in."""
        return self.prompt + ((self.cap or 0) if counts_cap else 0)

    def reserved(self, *, counts_cap: bool) -> int:
        """Tokens that have to be there before it is sent (DESIGN A6): an unnamed answer is 500."""
        if self.cap is None:
            return self.prompt + 500
        return self.prompt + (self.cap if counts_cap else min(self.cap, 1000))


def number_of(body: Mapping[str, Any]) -> int:
    """Which planned request a body belongs to. Raises ValueError for one that belongs to none."""
    return int(_mark(body)["number"])


def scripted_answer(body: Mapping[str, Any], chance: random.Random) -> Completion:
    """The answer that its request has planned: the same length at every provider."""
    del chance
    words = int(_mark(body)["answer"])
    return Completion(("word ",) * words, None, "stop", prompt_tokens(body), words)


def _mark(body: Mapping[str, Any]) -> re.Match[str]:
    messages = cast("Sequence[Mapping[str, Any]]", body.get("messages") or [{}])
    found = _MARK.match(str(messages[-1].get("content", "")))
    if found is None:
        raise ValueError("the body was not planned here")
    return found


@dataclass(frozen=True)
class Shape:
    """A way to ask: how much of the capacity, how large, how bunched."""

    name: ShapeName
    load: float
    """Of the capacity."""
    draw: Callable[[random.Random, int, float], Planned]
    """Makes the request of that number at that moment."""
    parallel: int = 1

    def sample(self) -> list[Planned]:
        """Requests to take averages of; always the same."""
        chance = random.Random(0)
        return [self.draw(chance, number, 0.0) for number in range(1000)]

    def plan(self, rate: float, seconds: float, seed: int) -> list[Planned]:
        """Requests for so many seconds, `rate` a second on average, in the order they come."""
        chance = random.Random(f"{self.name} {seed}")
        planned: list[Planned] = []
        at = 0.0
        while True:
            if self.parallel == 1:
                at += chance.expovariate(rate)
            elif planned:
                at += self.parallel / rate * chance.uniform(0.7, 1.3)
            if at >= seconds:
                return planned
            for place in range(self.parallel):
                planned.append(self.draw(chance, len(planned), at + 0.005 * place))


def _chat(chance: random.Random, number: int, at: float) -> Planned:
    """A program's everyday request: 0.3 to 8 kB, half of them name a cap."""
    size = int(min(8000, max(300, chance.lognormvariate(7.2, 0.8))))
    cap = 512 if chance.random() < 0.5 else None
    return Planned(number, at, size, chance.randint(20, 250), cap, chance.random() < 0.5)


def _agent(chance: random.Random, number: int, at: float) -> Planned:
    """A coding agent's: 10 to 40 kB with a tool, streaming, half of them name a cap."""
    size = chance.randint(10_000, 40_000)
    cap = 2048 if chance.random() < 0.5 else None
    return Planned(number, at, size, chance.randint(30, 300), cap, stream=True, tools=True)


def _batch(chance: random.Random, number: int, at: float) -> Planned:
    """One of a batch job's: 1.2 to 2 kB, all much alike, half of them name a cap."""
    size = chance.randint(1200, 2000)
    cap = 256 if chance.random() < 0.5 else None
    return Planned(number, at, size, chance.randint(100, 150), cap, chance.random() < 0.5)


SHAPES: Mapping[ShapeName, Shape] = {
    "steady": Shape("steady", 0.45, _chat),
    "bursts": Shape("bursts", 0.45, _agent, _PARALLEL),
    "overload": Shape("overload", 2.0, _batch),
}
