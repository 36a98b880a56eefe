"""What was changed in this session, newest first: the list beside a chain, and what undo names."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

_MOST = 20
"""As many as the instance can take back."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A change. `before` and `after` are versions of the config."""

    at: datetime
    text: str
    before: str
    after: str


@dataclass(slots=True)
class Journal:
    """The changes of the config that were made from this interface."""

    _noted: deque[Noted] = field(default_factory=lambda: deque(maxlen=_MOST))
    _same: tuple[str, str] = ("", "")
    """After an undo: `(version, the older one with the same text)`."""

    def note(self, text: str, at: datetime, *, before: str, after: str) -> None:
        """Keep a change that has just been written."""
        self._noted.appendleft(Noted(at, text, before, after))

    def __iter__(self) -> Iterator[Noted]:
        return iter(self._noted)

    def take_back(self, version: str, undone: str) -> str | None:
        """The change whose undoing made `version` into `undone`; None if it was not made here."""
        known = self._same[1] if version == self._same[0] else version
        if not self._noted or self._noted[0].after != known:
            return None
        newest = self._noted.popleft()
        self._same = (undone, newest.before)
        return newest.text
