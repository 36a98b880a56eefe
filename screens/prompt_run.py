"""A test prompt on its way, as its events tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.changes import PromptEvent
from app.contract import AdminError
from app.request_snapshot import Answered, Step, Text
from screens.wrapped import Wrapped


@dataclass(slots=True)
class Tried:
    """An entry that was asked, or passed over. Times in seconds of the interface's clock."""

    entry: str
    word: str
    detail: str
    retry_at: datetime | None
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Run:
    """One prompt: what was sent where, and what has happened since."""

    prompt: str
    title: str
    """Of the chain or entry it was sent to."""
    entries: tuple[str, ...]
    stream: bool
    at: datetime
    elapsed: Callable[[], float]
    began: float = 0.0
    tried: dict[str, Tried] = field(default_factory=dict[str, Tried])
    content: Wrapped = field(default_factory=Wrapped)
    reasoning: Wrapped = field(default_factory=Wrapped)
    pieces: int = 0
    first_token: float | None = None
    end: float | None = None
    answered: Answered | None = None
    error: AdminError | None = None
    stopped: bool = False

    def __post_init__(self) -> None:
        self.began = self.elapsed()

    @property
    def runs(self) -> bool:
        return self.end is None

    @property
    def seconds(self) -> float:
        return (self.elapsed() if self.end is None else self.end) - self.began

    @property
    def landing(self) -> str | None:
        """Who answers: known from the first token on."""
        if self.answered is not None:
            return self.answered.entry
        if self.first_token is None:
            return None
        asked = [one.entry for one in self.tried.values() if one.word in ("trying", "ok")]
        return asked[-1] if asked else None

    @property
    def tokens_out(self) -> int:
        return self.answered.tokens_out if self.answered is not None else self.pieces

    @property
    def tokens_a_second(self) -> float | None:
        if self.first_token is None:
            return None
        streaming = (self.elapsed() if self.end is None else self.end) - self.first_token
        return self.tokens_out / streaming if streaming > 0.2 else None

    def take(self, event: PromptEvent) -> None:
        now = self.elapsed()
        match event:
            case Step():
                self._step(event, now)
            case Text():
                if self.first_token is None:
                    self.first_token = now
                self.pieces += 1
                self.content.add(event.content)
                self.reasoning.add(event.reasoning)
            case Answered():
                self._answer(event, now)

    def _step(self, step: Step, now: float) -> None:
        before = self.tried.get(step.entry)
        began = before.began if before is not None and before.word == "trying" else now
        ended = None if step.outcome == "trying" else now
        self.tried[step.entry] = Tried(
            step.entry, step.outcome, step.detail, step.retry_at, began, ended
        )

    def _answer(self, answered: Answered, now: float) -> None:
        self.answered, self.end = answered, now
        if not self.content.text:
            self.content.add(answered.content)
        if not self.reasoning.text:
            self.reasoning.add(answered.reasoning)
        for step in answered.trail:
            if step.entry not in self.tried and step.outcome != "not-tried":
                self._step(step, now)

    def stop(self) -> None:
        """The person wants no more of it."""
        if self.end is None:
            self.stopped, self.end = True, self.elapsed()

    def fail(self, error: AdminError) -> None:
        self.error, self.end = error, self.elapsed()
