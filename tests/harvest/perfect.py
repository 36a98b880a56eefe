"""What could have been served: schedulers that know every limit, offline, on the farm's own quotas.

`in_order` keeps the chain's order and serves first come, first served, as the product promises.
`clairvoyant` may give any waiting request to any entry, whoever came first.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.demo.quota import Quota, Refused, Ticket
from proxy.clock import Clock
from proxy.model import Limit
from tests.harvest.farm import CHAIN, SITES, Site
from tests.harvest.traffic import Planned

# No real wait is shorter; a smaller step would only repeat the same moment.
_STEP = 1e-4
_EVERYDAY = 1500
"""Tokens of a rather large request of the overload."""


class SetClock:
    """A clock that stands where it is put. `now` is 0 at the wall time it is made with."""

    def __init__(self, wall: float, now: float = 0.0) -> None:
        self._offset = wall - now
        self.at = now

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self._offset + self.at


@dataclass
class Served:
    """What a scheduler made of a plan. Latencies in seconds, from arrival to the answer's end."""

    latencies: list[float] = field(default_factory=list[float])
    failed: int = 0
    by_entry: Counter[str] = field(default_factory=Counter[str])

    @property
    def count(self) -> int:
        return len(self.latencies)


class _Desk:
    """One entry of the chain: its site, the site's quota, what a request costs there."""

    def __init__(self, site: Site, model: str, quota: Quota, clock: Clock) -> None:
        self.site = site
        self.model = model
        self.quota = quota
        self.counts_cap = site.counts_cap(clock)
        self.window = next(one.context_window for one in site.models if one.id == model)
        self.by_tokens = _scarce_in_tokens(site.model_limits.get(model, site.limits))

        self.by_places = any(limit.dimension == "concurrent" for limit in site.limits)

    def cost(self, request: Planned) -> int:
        return request.cost(counts_cap=self.counts_cap)

    def take(self, request: Planned) -> Ticket:
        ticket = self.quota.admit(self.model, self.cost(request))
        if isinstance(ticket, Refused):
            raise AssertionError("a perfect scheduler is never refused")
        ticket.settle(request.prompt + request.answer)
        return ticket


def _scarce_in_tokens(limits: Sequence[Limit]) -> bool:
    """Its minute's tokens run out before its minute's requests do, for everyday requests."""
    minute = {limit.dimension: limit.size for limit in limits if limit.window == "minute"}
    tokens, requests = minute.get("tokens"), minute.get("requests")
    return tokens is not None and requests is not None and tokens / requests < _EVERYDAY


Choose = Callable[[Sequence[_Desk], list[Planned]], tuple[_Desk, Planned] | float]
"""The next desk and request to bring together; or seconds until it is worth looking again."""


def in_order(plan: Sequence[Planned], wall: float, *, max_wait: float, max_queue: int) -> Served:
    """First come, first served, each by the first entry of the chain that lets it in.

    `wall` is the time at which the plan begins.
    """
    return _Run(plan, wall, max_wait, max_queue, _first_come).result


def clairvoyant(plan: Sequence[Planned], wall: float, *, max_wait: float, max_queue: int) -> Served:
    """As many as can be found to be servable by whoever may give any request to any entry.

    The best of several orders, with a line in which the largest give way; the very best order of
    all is not feasible to find.
    """
    runs = [
        _Run(plan, wall, max_wait, max_queue, _any_order, fair=False),
        _Run(plan, wall, max_wait, max_queue, _first_come, fair=False),
        _Run(plan, wall, max_wait, max_queue, _first_come),
    ]
    return max((run.result for run in runs), key=lambda served: served.count)


def _first_come(desks: Sequence[_Desk], waiting: list[Planned]) -> tuple[_Desk, Planned] | float:
    soonest = float("inf")
    open_desks: list[tuple[_Desk, dict[int, float]]] = []
    for desk in desks:
        if wait := desk.quota.wait(desk.model, 0):
            soonest = min(soonest, wait)
        else:
            open_desks.append((desk, {}))
    for request in waiting:
        for desk, waits in open_desks:
            cost = desk.cost(request)
            # What is as large as one that does not fit does not fit either.
            if request.prompt > desk.window or any(cost >= known for known in waits):
                continue
            wait = desk.quota.wait(desk.model, cost)
            if not wait:
                return desk, request
            waits[cost] = wait
            soonest = min(soonest, wait)
    return soonest


def _any_order(desks: Sequence[_Desk], waiting: list[Planned]) -> tuple[_Desk, Planned] | float:
    """Where tokens are scarce the smallest, where places are the shortest, else the oldest."""
    soonest = float("inf")
    for desk in sorted(desks, key=lambda one: not one.by_tokens):
        fitting = [one for one in waiting if one.prompt <= desk.window]
        if not fitting:
            continue
        request = fitting[0]
        if desk.by_tokens:
            request = min(fitting, key=desk.cost)
        elif desk.by_places:
            request = min(fitting, key=desk.site.duration)
        wait = desk.quota.wait(desk.model, desk.cost(request))
        if not wait:
            return desk, request
        soonest = min(soonest, wait)
    return soonest


class _Run:
    """One plan, scheduled. Moments are seconds from its start."""

    def __init__(
        self,
        plan: Sequence[Planned],
        wall: float,
        max_wait: float,
        max_queue: int,
        choose: Choose,
        *,
        fair: bool = True,
    ) -> None:
        self._clock = SetClock(wall)
        quotas = {site.id: site.quota(self._clock) for site in SITES.values()}
        self._desks = [_Desk(SITES[id], model, quotas[id], self._clock) for id, model in CHAIN]
        self._fair = fair
        self._max_wait = max_wait
        self._max_queue = max_queue
        self._choose = choose
        self._waiting: list[Planned] = []
        self._ends: list[tuple[float, int, Ticket]] = []
        self.result = Served()
        self._run(sorted(plan, key=lambda one: one.at))

    def _run(self, plan: Sequence[Planned]) -> None:
        coming = 0
        wake = float("inf")
        while coming < len(plan) or self._waiting:
            arrival = plan[coming].at if coming < len(plan) else float("inf")
            over = self._waiting[0].at + self._max_wait if self._waiting else float("inf")
            end = self._ends[0][0] if self._ends else float("inf")
            self._clock.at = min(arrival, over, end, wake)
            now = self._clock.at
            while self._ends and self._ends[0][0] <= now:
                heapq.heappop(self._ends)[2].leave()
            if coming < len(plan) and arrival <= now:
                self._waiting.append(plan[coming])
                coming += 1
            wake = now + max(_STEP, self._serve())
            self._send_home(now)

    def _serve(self) -> float:
        """Bring together what fits; seconds until more may."""
        while self._waiting:
            chosen = self._choose(self._desks, self._waiting)
            if not isinstance(chosen, tuple):
                return chosen
            desk, request = chosen
            ticket = desk.take(request)
            self._waiting.remove(request)
            end = self._clock.at + desk.site.duration(request)
            heapq.heappush(self._ends, (end, request.number, ticket))
            self.result.latencies.append(end - request.at)
            self.result.by_entry[f"{desk.site.id}/{desk.model}"] += 1
        return float("inf")

    def _send_home(self, now: float) -> None:
        """Whose time is over; and, of a line that is full, the last one or the largest."""
        staying = [one for one in self._waiting if now < one.at + self._max_wait]
        while len(staying) > self._max_queue:
            staying.remove(staying[-1] if self._fair else max(staying, key=lambda one: one.prompt))
        self.result.failed += len(self._waiting) - len(staying)
        self._waiting = staying
