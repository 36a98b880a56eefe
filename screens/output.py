"""Textual's way to the terminal, made harmless: the proxy lives in the same loop.

Textual hands its output to a thread through a queue of 30. Where the terminal takes nothing any
more (closed, or a connection that hangs), putting into the full queue stops the loop, and with it
every request.
"""

from __future__ import annotations

import threading
from queue import Queue
from typing import Any

_PATIENCE = 2.0
"""Seconds that the last output may take."""
_MOST_WAITING = 60
"""Pieces of output from which on nothing new is painted."""


class Output:
    """The writer of a driver. Its names are private to Textual, so that a test watches over them;
    where they are others, everything is as Textual made it."""

    def __init__(self, driver: object) -> None:
        self._thread: Any = getattr(driver, "_writer_thread", None)
        queue = getattr(self._thread, "_queue", None)
        self._queue: Queue[str | None] | None = queue if isinstance(queue, Queue) else None
        if self._queue is not None:
            self._queue.maxsize = 0
            self._thread.join = self._join

    def _join(self, timeout: float | None = None) -> None:
        threading.Thread.join(self._thread, timeout or _PATIENCE)

    @property
    def is_stuck(self) -> bool:
        """The terminal does not take what it was sent."""
        return self._queue is not None and self._queue.qsize() > _MOST_WAITING
