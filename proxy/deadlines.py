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


class Alarm:
    """A timer that outlives its task: the next one moves it only if it would ring too late.

    Most deadlines are minutes away and never pass, so one timer does for thousands of tasks.
    """

    __slots__ = ("owner", "timer")

    def __init__(self) -> None:
        self.owner: Deadlines | None = None
        self.timer: asyncio.TimerHandle | None = None

    def ring_by(self, at: float, loop: asyncio.AbstractEventLoop) -> None:
        if self.timer is None or self.timer.when() > at:
            self.stop()
            self.timer = loop.call_at(at, self._ring)

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _ring(self) -> None:
        self.timer = None
        if self.owner is not None:
            self.owner.look()


class Deadlines:
    """`with Deadlines() as deadlines`: raises DeadlinePassed when the one in force passes.

    `spare` alarms are used before new ones are made, and get them back.

    Moving the deadline (`until`) costs an assignment; the timer looks at it when it fires and goes
    back to sleep if there is time left. Moments are the running loop's time. It cancels its task as
    `asyncio.timeout` does, without the two coroutines and the second timer of that.
    """

    __slots__ = (
        "_alarm",
        "_at",
        "_cancelling",
        "_loop",
        "_spare",
        "_task",
        "_waived",
        "passed",
        "what",
    )

    def __init__(self, spare: list[Alarm] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._spare = spare
        self._alarm = spare.pop() if spare else Alarm()
        self._alarm.owner = self
        self._waived: Callable[[], bool] | None = None
        self._at = inf
        self.what = ""
        self.passed = False

    def until(self, at: float, what: str, waived: Callable[[], bool] | None = None) -> None:
        """From now on this deadline counts. `waived` may put it off as long as it says True."""
        self._at = at
        self.what = what
        self._waived = waived
        self._alarm.ring_by(at, self._loop)

    def none(self) -> None:
        """No deadline for the time being."""
        self._at = inf

    def look(self) -> None:
        """The alarm rings: has the deadline passed?"""
        now = self._loop.time()
        if self._at > now:
            if self._at < inf:
                self._alarm.ring_by(self._at, self._loop)
        elif self._waived is not None and self._waived():
            self._alarm.ring_by(now + _LATER, self._loop)
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
        self._alarm.owner = None
        if self._spare is None:
            self._alarm.stop()
        else:
            self._spare.append(self._alarm)
        if not self.passed:
            return
        ours_alone = self._task.uncancel() <= self._cancelling
        if ours_alone and isinstance(error, asyncio.CancelledError):
            raise DeadlinePassed(self.what) from error
