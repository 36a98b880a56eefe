"""The events of `GET /api/events`: what changed, as it is now. Losing one is harmless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.request_snapshot import Answered, Request, Step, Text
from app.snapshot import EntryLimits


@dataclass(frozen=True, slots=True)
class LimitsChange:
    """Entries whose limits or state changed."""

    items: tuple[EntryLimits, ...]


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """Another configuration is in force, or an edit was refused (`error`)."""

    config_version: int
    error: str | None


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A part of the process got worse or better."""

    part: str
    healthy: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Resync:
    """Events were lost, or the stream has just begun: read everything again."""

    reason: str


Change = LimitsChange | Request | ConfigChange | HealthChange | Resync

CHANGES: Mapping[str, type] = {
    "limits": LimitsChange,
    "request": Request,
    "config": ConfigChange,
    "health": HealthChange,
    "resync": Resync,
}
"""The name of each event on the wire."""

PromptEvent = Step | Text | Answered

PROMPT_EVENTS: Mapping[str, type] = {"step": Step, "text": Text, "done": Answered}
"""Likewise, of a test prompt."""
