"""What a simulated provider remembers of the chat requests that reached it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.demo.quota import Refused


@dataclass(slots=True)
class Asked:
    """One chat request that arrived. `status` is 0 until it is answered.

    Moments are in seconds since boot; 0 where it has not come to that.
    """

    at: float
    model: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    status: int = 0
    refused: Refused | None = None
    """The limits that stood against it; None for any other refusal."""
    told: float = 0.0
    """When the head of its answer was made: its budget headers tell the state of that moment."""
    ended: float = 0.0


@dataclass(slots=True)
class Tally:
    """What became of the chat requests, and how much was served to whom."""

    served: int = 0
    refused: int = 0
    failed: int = 0
    abandoned: int = 0
    """The client went away before its answer was complete."""
    served_by_model: Counter[str] = field(default_factory=Counter[str])
    tokens_by_model: Counter[str] = field(default_factory=Counter[str])
