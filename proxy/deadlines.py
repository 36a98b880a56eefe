"""Absolute deadlines for a task that waits many times, at the price of one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from types import TracebackType

_LATER = 0.25
"""Seconds until a deadline that was waived is looked at again."""


class DeadlinePassed(Exception):
    """The deadline named `what` has passed."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Deadlines:
    """`with Deadlines() as deadlines`: raises DeadlinePassed when the one in force passes.

    Moving the deadline (`until`) costs an assignment; the timer looks at it when it fires and goes
    back to sleep if there is time left. Moments are the running loop's time. It cancels its task as
    `asyncio.timeout` does, without the two coroutines and the second timer of that.
    """

    __slots__ = ("_at", "_cancelling", "_loop", "_task", "_timer", "_waived", "passed", "what")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._waived: Callable[[], bool] | None = None
        self._at = inf
        self.what = ""
        self.passed = False

    def until(self, at: float, what: str, waived: Callable[[], bool] | None = None) -> None:
        """From now on this deadline counts. `waived` may put it off as long as it says True."""
        self._at = at
        self.what = what
        self._waived = waived
        if self._timer is None or self._timer.when() > at:
            self._arm(at)

    def none(self) -> None:
        """No deadline for the time being."""
        self._at = inf

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._at > now:
            if self._at < inf:
                self._arm(self._at)
        elif self._waived is not None and self._waived():
            self._arm(now + _LATER)
        else:
            self.passed = True
            self._task.cancel()

    def __enter__(self) -> Deadlines:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.passed:
            return
        ours_alone = self._task.uncancel() <= self._cancelling
        if ours_alone and isinstance(error, asyncio.CancelledError):
            raise DeadlinePassed(self.what) from error
