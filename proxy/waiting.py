"""The line of requests whose whole chain is exhausted for the moment: first come, first served.

Whenever something may have become free, the waiters are tried in order, and one that fits gets its
reservation on the spot. So as many wake as fit, in order, and no newcomer slips in before them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from proxy.job import Job
from proxy.limits.ledger import Ledger, Reservation
from proxy.limits.status import Verdict
from proxy.model import Chain, Entry

_TICK = 0.5
"""Seconds between two looks when nothing else wakes the line: bounds how late it notices that the
machine slept, which the loop's own clock does not count."""
_AGAIN = 1.0
"""Seconds until an entry is asked again whose refusal left no trace in the books."""


class LineFull(Exception):
    """`max_queue` requests wait already."""


class LineClosed(Exception):
    """The program stops: nothing will be given out any more."""


class Waiter:
    """One request in the line. Its grant is the reservation with which it goes on."""

    __slots__ = ("chain", "grant", "granted", "in_vain", "job")

    def __init__(
        self, job: Job, granted: asyncio.Future[None], in_vain: dict[Entry, float]
    ) -> None:
        self.job = job
        self.chain = job.chain
        self.granted = granted
        self.grant: Reservation | None = None
        self.in_vain = in_vain
        """Entries that it has just asked in vain and that are free all the same: not granted
        before that moment, or it would ask them over and over."""


class Line:
    """All waiting requests, in the order in which they came to wait."""

    __slots__ = ("_chain_now", "_closed", "_due", "_ledger", "_poked", "_timer", "_waiters")

    def __init__(self, ledger: Ledger, chain_now: Callable[[Chain], Chain]) -> None:
        self._ledger = ledger
        self._chain_now = chain_now
        """A chain as the configuration in force has it."""
        self._waiters: dict[Waiter, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        """When the timer fires, in `Clock.now()` seconds."""
        self._poked = False
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiters)

    def waiting_for(self, chain: str) -> int:
        """How many wait for the chain of that name."""
        return sum(waiter.chain.name == chain for waiter in self._waiters)

    async def wait(self, job: Job, until: float, most: int) -> Reservation | None:
        """Wait for a reservation on an entry of the job's chain; None when `until` has come.

        `until` is a `Clock.now()` moment. Raises LineFull when `most` wait already, LineClosed when
        the program stops.
        """
        if self._closed:
            raise LineClosed
        if len(self._waiters) >= most:
            raise LineFull
        loop = asyncio.get_running_loop()
        waiter = Waiter(job, loop.create_future(), self._asked_in_vain(job))
        self._waiters[waiter] = None
        job.waiting = True
        try:
            async with asyncio.timeout(max(0.0, until - self._ledger.clock.now())):
                self.poke()
                await waiter.granted
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if waiter.grant is not None:
                self._ledger.release(waiter.grant)
            raise
        finally:
            job.waiting = False
            self._waiters.pop(waiter, None)
            if not self._waiters and self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if self._closed and waiter.grant is None:
            raise LineClosed
        return waiter.grant

    def close(self) -> None:
        """Send everybody home, and let nobody in any more."""
        self._closed = True
        for waiter in self._waiters:
            if not waiter.granted.done():
                waiter.granted.set_result(None)

    def poke(self) -> None:
        """Something changed: look through the line before the loop does anything else."""
        if self._waiters and not self._poked:
            self._poked = True
            asyncio.get_running_loop().call_soon(self.serve)

    def go_first(self) -> None:
        """Somebody is about to take something: those in the line who could have it come first."""
        if self._waiters and (self._poked or self._ledger.clock.now() >= self._due):
            self.serve()

    def serve(self) -> None:
        """Give out what is free, to the waiters in their order."""
        self._poked = False
        if not self._waiters:
            return
        shut: dict[Entry, float] = {}
        earliest = self._ledger.clock.now() + _TICK
        for waiter in list(self._waiters):
            if waiter.granted.done():
                continue  # on its way out of the line
            waiter.chain = self._chain_now(waiter.chain)
            back = self._try(waiter, shut)
            if back is not None:
                earliest = min(earliest, back)
        self._rearm(earliest)

    def _try(self, waiter: Waiter, shut: dict[Entry, float]) -> float | None:
        """Grant what fits; else the moment at which something of its chain comes back."""
        job, moments = waiter.job, list[float]()
        for entry in waiter.chain.entries:
            if job.rules_out(entry):
                continue
            if entry in shut:
                # Shut for every request alike: asking again for the next waiter tells nothing.
                moments.append(shut[entry])
                continue
            not_before = self._not_before(waiter, entry)
            if not_before is not None:
                moments.append(not_before)
                continue
            got = self._ledger.reserve(entry, job.need)
            if isinstance(got, Verdict) and got.guess:
                got = self._ledger.reserve(entry, job.need, hopeful=True)
            if not isinstance(got, Verdict):
                self._grant(waiter, got)
                return None
            if got.until is not None:
                moments.append(got.until)
                if got.by_limit and not got.reason.startswith("t"):
                    shut[entry] = got.until
        return min(moments, default=None)

    def _asked_in_vain(self, job: Job) -> dict[Entry, float]:
        """What refused for a limit that is over at once is asked again in a second, all else when
        it has been out and is back."""
        soon = self._ledger.clock.now() + _AGAIN
        return {
            entry: soon if job.trail.asked[entry.name] == "limit" else inf
            for entry in job.chain.entries
            if entry.name in job.tried and self._ledger.verdict(entry, job.need) is None
        }

    def _not_before(self, waiter: Waiter, entry: Entry) -> float | None:
        """When the waiter may ask the entry again, if that is still ahead."""
        moment = waiter.in_vain.get(entry)
        if moment is None:
            return None
        is_out = self._ledger.verdict(entry, waiter.job.need) is not None
        if is_out or self._ledger.clock.now() >= moment:
            del waiter.in_vain[entry]
            return None
        return moment

    def _grant(self, waiter: Waiter, reservation: Reservation) -> None:
        waiter.grant = reservation
        del self._waiters[waiter]
        waiter.granted.set_result(None)

    def _rearm(self, earliest: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due = earliest
        if self._waiters:
            delay = max(0.001, earliest - self._ledger.clock.now())
            self._timer = asyncio.get_running_loop().call_later(delay, self.serve)
