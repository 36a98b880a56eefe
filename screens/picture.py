"""The instance as the screens show it at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.request_snapshot import Request
from app.snapshot import Chain, EntryLimits, Status


@dataclass(frozen=True, slots=True)
class Picture:
    """One look at the instance. Nothing in it changes; the next look is another picture."""

    status: Status
    limits: Mapping[str, EntryLimits]
    chains: tuple[Chain, ...]
    version: str
    """Of the config, for `if_match`."""
    requests: tuple[Request, ...]
    """The newest, those that run on top."""
    pace: tuple[float | None, ...] = ()
    """Requests a minute, one point every few seconds, the newest last."""
    silent_s: float = 0.0
    """How long the instance has not answered."""
    since_s: float = 0.0
    """How long ago it told its time."""

    @property
    def now(self) -> datetime:
        """The instance's time: countdowns are right wherever this screen runs."""
        return self.status.time + timedelta(seconds=self.since_s)

    def chain(self, name: str) -> Chain | None:
        return next((chain for chain in self.chains if chain.name == name), None)
