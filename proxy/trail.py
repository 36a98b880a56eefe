"""What became of each entry of a chain, for one request: `x-429chain-trail` and `error.trail`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from proxy.limits.readings import Meaning, Refusal
from proxy.limits.status import LIMIT_REASONS, Verdict
from proxy.model import Entry
from proxy.text import fit_trail, trail_header, trail_text

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


_SKIPPED = {reason: f"skipped:{reason}" for reason in _OF_REASON}


class Head:
    """The trail of a chain's first entries, all passed over: made once for all such requests."""

    __slots__ = ("entries", "pairs", "steps", "text")

    def __init__(self, entries: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
        self.entries = entries[: len(verdicts)]
        self.steps: dict[str, Step | Verdict | None] = {entry.name: None for entry in entries}
        """Of the whole chain."""
        for entry, verdict in zip(entries, verdicts, strict=False):
            self.steps[entry.name] = verdict
        self.pairs = _pairs(islice(self.steps.items(), len(verdicts)))
        self.text = trail_text(self.pairs)

    def __len__(self) -> int:
        return len(self.entries)


class Trail:
    """The steps of a request, in chain order. Read by interfaces while it runs.

    Of an entry that was passed over the verdict is kept, of one that nobody came to nothing: steps
    are made of them for those who read, so that a long chain costs those who don't next to nothing.
    """

    __slots__ = ("_head", "_steps", "_under_way", "asked", "on_step")

    def __init__(self) -> None:
        self._steps: dict[str, Step | Verdict | None] = {}
        self._head: Head | None = None
        """What `_steps` begins with, while that is unchanged."""
        self._under_way: str | None = None
        """The entry that an upstream request is sent to right now."""
        self.asked: dict[str, Cause] = {}
        """Entries that an upstream request was sent for, and how the last of them ended."""
        self.on_step = _nobody
        """Called with each step as it happens (a test prompt is watched by a person)."""

    def follow(self, entries: Iterable[Entry]) -> None:
        """Put the steps in the order of this chain; entries that left it keep their place last."""
        self._head = None
        before, self._steps = self._steps, dict.fromkeys([entry.name for entry in entries])
        for name, step in before.items():
            if step is not None:
                self._steps[name] = step

    def begin(self, head: Head) -> None:
        """Follow a chain whose first entries are passed over as one; nothing was tried before."""
        self._head, self._steps = head, head.steps.copy()
        if self.on_step is not _nobody:
            for name, word in islice(head.steps.items(), len(head)):
                self.on_step(_step(name, word))

    def skipped(self, entry: Entry, verdict: Verdict) -> None:
        self._steps[entry.name] = verdict
        if self.on_step is not _nobody:
            self.on_step(_step(entry.name, verdict))

    def ended(self, step: Step) -> None:
        """An upstream request for the entry came to its end."""
        self._under_way = None
        self.asked[step.entry] = step.cause
        self._steps[step.entry] = step
        self.on_step(step)

    def comes_back(self, entry: Entry, at: float | None) -> None:
        """When an entry that did not serve can take the request, as it stands by now."""
        self._head = None
        step = _step(entry.name, self._steps[entry.name])
        self._steps[entry.name] = replace(step, retry_at=at)

    def trying(self, entry: Entry) -> None:
        """An upstream request is on its way."""
        self._under_way = entry.name
        if self.on_step is not _nobody:
            self.on_step(Step(entry.name, "trying", "other"))

    def __iter__(self) -> Iterable[Step]:
        return iter(self.steps)

    @property
    def steps(self) -> list[Step]:
        """To be read only: what is written into one is lost."""
        return [_step(name, step) for name, step in self._steps.items()]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """`(entry, WORD)` in chain order."""
        if self._head is None:
            return _pairs(self._steps.items())
        return self._head.pairs + _pairs(islice(self._steps.items(), len(self._head), None))

    def pairs_so_far(self) -> tuple[tuple[str, str], ...]:
        """Of a request that runs: as `pairs`, with `trying` for the entry that is asked now."""
        asked = self._under_way
        return tuple([(name, "trying" if name == asked else w) for name, w in self.pairs()])

    def header(self) -> str:
        """`x-429chain-trail`."""
        if self._head is None:
            return trail_header(self.pairs())
        rest = _pairs(islice(self._steps.items(), len(self._head), None))
        return fit_trail(",".join((self._head.text, trail_text(rest))) if rest else self._head.text)


def _pairs(steps: Iterable[tuple[str, Step | Verdict | None]]) -> tuple[tuple[str, str], ...]:
    return tuple([(name, _word(step)) for name, step in steps])


def _nobody(step: Step) -> None:
    """Nobody watches."""


def _step(name: str, step: Step | Verdict | None) -> Step:
    if step is None:
        return Step(name, "not-tried", "not-tried")
    if isinstance(step, Verdict):
        return Step(name, _word(step), cause_of_reason(step.reason), "", step.until)
    return step


def _word(step: Step | Verdict | None) -> str:
    if step is None:
        return "not-tried"
    return _SKIPPED[step.reason] if isinstance(step, Verdict) else step.word
