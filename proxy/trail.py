"""What became of each entry of a chain, for one request: `x-429chain-trail` and `error.trail`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from proxy.limits.readings import Meaning, Refusal
from proxy.limits.status import LIMIT_REASONS
from proxy.model import Entry

Cause = Literal[
    "ok",
    "bad-request",
    "timeout",
    "unreachable",
    "transient",
    "limit",
    "too-long",
    "incapable",
    "credit",
    "no-model",
    "key",
    "other",
    "not-tried",
]
"""Why an entry did not serve, in the terms of DESIGN A4's table."""

_OF_REASON: dict[str, Cause] = {
    **dict.fromkeys(LIMIT_REASONS, "limit"),
    "down": "transient",
    "no-key": "key",
    "bad-key": "key",
    "no-credit": "credit",
    "no-allowance": "credit",
    "no-model": "no-model",
    "too-long": "too-long",
    "no-tools": "incapable",
    "no-vision": "incapable",
    "disabled": "other",
}

_OF_MEANING: dict[Meaning, Cause] = {
    Meaning.LIMIT: "limit",
    Meaning.WAIT: "limit",
    Meaning.SILENT: "limit",
    Meaning.CONCURRENT: "limit",
    Meaning.CREDIT: "credit",
    Meaning.NO_ALLOWANCE: "credit",
    Meaning.BAD_KEY: "key",
    Meaning.NO_MODEL: "no-model",
    Meaning.INCAPABLE: "incapable",
    Meaning.TOO_LONG: "too-long",
    Meaning.BAD_REQUEST: "bad-request",
    Meaning.PARAMETERS: "bad-request",
    Meaning.CAP_TOO_LARGE: "bad-request",
    Meaning.OVERLOADED: "transient",
    Meaning.FAILURE: "transient",
}


def cause_of_reason(reason: str) -> Cause:
    return _OF_REASON[reason]


def cause_of_refusal(refusal: Refusal) -> Cause:
    # An overload told as 429 belongs to the limits (A4).
    if refusal.meaning is Meaning.OVERLOADED and refusal.status == 429:
        return "limit"
    # The answer is too dear for what is left of the credit: another account may afford it.
    if refusal.meaning is Meaning.CAP_TOO_LARGE and refusal.request_only:
        return "credit"
    return _OF_MEANING[refusal.meaning]


@dataclass(slots=True)
class Step:
    """An entry's last word. `retry_at` in `Clock.now()` seconds, None where nobody can say."""

    entry: str
    word: str
    cause: Cause
    detail: str = ""
    retry_at: float | None = None


class Trail:
    """The steps of a request, in chain order. Read by interfaces while it runs."""

    __slots__ = ("_steps", "asked", "on_step")

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        self.asked: dict[str, Cause] = {}
        """Entries that an upstream request was sent for, and how the last of them ended."""
        self.on_step = _nobody
        """Called with each step as it happens (a test prompt is watched by a person)."""

    def follow(self, entries: Iterable[Entry]) -> None:
        """Put the steps in the order of this chain; entries that left it keep their place last."""
        steps = {e.name: self._steps.get(e.name) or _untried(e.name) for e in entries}
        for name, step in self._steps.items():
            if name not in steps and step.cause != "not-tried":
                steps[name] = step
        self._steps = steps

    def skipped(self, entry: Entry, reason: str, retry_at: float | None) -> None:
        self._put(Step(entry.name, f"skipped:{reason}", cause_of_reason(reason), "", retry_at))

    def ended(self, step: Step) -> None:
        """An upstream request for the entry came to its end."""
        self.asked[step.entry] = step.cause
        self._put(step)

    def trying(self, entry: Entry) -> None:
        """An upstream request is on its way."""
        self.on_step(Step(entry.name, "trying", "other"))

    def _put(self, step: Step) -> None:
        self._steps[step.entry] = step
        self.on_step(step)

    def __iter__(self) -> Iterable[Step]:
        return iter(self._steps.values())

    @property
    def steps(self) -> list[Step]:
        return list(self._steps.values())

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """`(entry, WORD)` in chain order."""
        return tuple((step.entry, step.word) for step in self._steps.values())


def _nobody(step: Step) -> None:
    """Nobody watches."""


def _untried(name: str) -> Step:
    return Step(name, "not-tried", "not-tried")
