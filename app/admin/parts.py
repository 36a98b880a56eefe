"""What the admin API is made of, apart from it: a start makes these before it loads that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.configured import Configured
from app.options import Options
from proxy.engine import Engine
from proxy.events import RequestFinished
from store.database import Database
from store.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a running instance is made of."""

    engine: Engine
    configured: Configured
    database: Database
    recorder: Recorder
    options: Options
    price: Callable[[RequestFinished], float | None]
    base_url: str
    """Of the OpenAI-compatible API, as a program on this machine reaches it."""
