"""What a person is told while an older version's database is brought up to date.

A log of a million requests takes half a minute, in which nothing else is to be seen.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from app.progress import percent
from proxy.clock import Clock

log = logging.getLogger("429chain")


class Upgrade:
    """Handed to a `Database`; `ended` when that is open."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._began: float | None = None
        self._doing = ""
        self._show: Callable[[float], None] = lambda _: None

    def __call__(self, doing: str, share: float) -> None:
        """So much of it is done, 0 to 1. Called from worker threads too."""
        if self._began is None:
            self._began = self._clock.now()
            size = self._path.stat().st_size / 1e6
            log.info(
                "%s (%.1f MB) is an older version's: it is copied and brought up to date before "
                "anything is served",
                self._path,
                size,
            )
        if doing != self._doing:
            self._doing, self._show = doing, percent(sys.stderr, doing)
        self._show(share)

    def ended(self) -> None:
        """Tell that it is over, if there was anything to do."""
        if self._began is not None:
            log.info("the database is up to date, after %.1f s", self._clock.now() - self._began)
