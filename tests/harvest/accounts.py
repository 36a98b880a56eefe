"""The accounts of a run: the farm's own records beside what the clients got."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.demo.asked import Asked
from app.demo.completion import answer_cap, prompt_tokens
from app.demo.provider import SimulatedProvider
from app.demo.quota import Quota, Refused, Ticket
from tests.harvest.farm import CHAIN, SITES
from tests.harvest.load import Outcome
from tests.harvest.perfect import SetClock
from tests.harvest.told import BUSY, AllTold, Foreseen
from tests.harvest.traffic import Planned, number_of

_LOOKS = (0.5, 0.02)
"""Seconds before a client had its failure at which quota is looked for. What lay unused at both
moments, and was not being used up in between, was not merely on its way: a line is woken within
0.1 s, the end of a rolling window is known from outside to a quarter of a second, and a plain
answer's headers are as old as itself."""
_TOLERANCE = 1.0
"""Seconds by which a `retry-after` may differ from the farm's own."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The product was killed, and answered again."""

    killed: float
    back: float


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """An upstream request that was refused, and whether that was to be foreseen."""

    at: float
    entry: str
    number: int
    limits: tuple[str, ...]
    """Words of the limits that stood against it; `overloaded` for none."""
    foreseen: Foreseen


@dataclass(slots=True)
class Accounts:
    """What a run came to. Seconds where nothing else is said."""

    calls: int = 0
    paid: int = 0
    """Upstream answers that took quota."""
    cut: int = 0
    """Of these, what was under way when the product was killed: nobody could have saved it."""
    refusals: list[RefusedCall] = field(default_factory=list[RefusedCall])
    avoidable: list[tuple[Outcome, tuple[str, ...]]] = field(
        default_factory=list[tuple[Outcome, tuple[str, ...]]]
    )
    """Failures, and the entries whose quota stood unused then."""
    untrue: list[tuple[Outcome, float]] = field(default_factory=list[tuple[Outcome, float]])
    """Failures whose `retry-after` is wrong, and what the farm would have said."""
    failovers: list[float] = field(default_factory=list[float])
    by_entry: Counter[str] = field(default_factory=Counter[str])
    """Answers that took quota, by who gave them."""
    replay_differs: int = 0
    """Requests that the replayed quota judged otherwise than the running one: has to be 0."""

    def count(self, foreseen: Foreseen) -> int:
        return sum(one.foreseen == foreseen for one in self.refusals)


@dataclass(order=True, slots=True)
class _Moment:
    at: float
    order: int
    happen: str = field(compare=False)
    site: str = field(compare=False, default="")
    asked: Asked | None = field(compare=False, default=None)
    outcome: Outcome | None = field(compare=False, default=None)


def settle_accounts(
    farm: Mapping[str, SimulatedProvider],
    outcomes: Sequence[Outcome],
    to_wall: float,
    outage: Outage | None = None,
) -> Accounts:
    """Go through a run once more, moment by moment, on quotas of one's own."""
    return _Replay(farm, outcomes, to_wall, outage).accounts


class _Replay:
    def __init__(
        self,
        farm: Mapping[str, SimulatedProvider],
        outcomes: Sequence[Outcome],
        to_wall: float,
        outage: Outage | None,
    ) -> None:
        self.accounts = Accounts()
        self._outage = outage
        self._clock = SetClock(to_wall)
        self._told = AllTold(to_wall)
        self._tickets: dict[int, Ticket] = {}
        self._busy_until: dict[tuple[str, str], float] = {}
        self._unused: dict[int, set[str]] = {}
        self._let_in: dict[str, float] = {}
        """When each entry last let a request in."""
        self._planned = {one.planned.number: one.planned for one in outcomes}
        self._left: dict[int, tuple[float, frozenset[str]]] = {}
        """By request that was refused: when, and who further down had room for it then."""
        moments = [*_asked_moments(farm), *_failure_moments(outcomes)]
        if moments:
            # A counter of the farm begins with the first request: so do these.
            self._clock.at = min(moments).at
        self._quotas: dict[str, Quota] = {
            site.id: site.quota(self._clock) for site in SITES.values()
        }
        heapq.heapify(moments)
        while moments:
            moment = heapq.heappop(moments)
            self._clock.at = max(self._clock.at, moment.at)
            self._live(moment)

    def _live(self, moment: _Moment) -> None:
        if moment.asked is not None and moment.happen == "arrives":
            self._arrives(moment.site, moment.asked)
        elif moment.asked is not None and moment.happen == "told":
            gauges = self._quotas[moment.site].gauges(moment.asked.model)
            self._told.answered(moment.site, moment.asked, gauges)
        elif moment.asked is not None and id(moment.asked) in self._tickets:
            self._tickets[id(moment.asked)].leave()
        elif moment.outcome is not None:
            self._look(moment.outcome, last=moment.happen == "last look")

    def _arrives(self, site: str, asked: Asked) -> None:
        accounts, quota = self.accounts, self._quotas[site]
        accounts.calls += 1
        self._time_failover(f"{site}/{asked.model}", asked)
        busy = asked.refused is None and asked.status not in (0, 200)
        if busy:
            self._busy_until[site, asked.model] = asked.at + BUSY
        if busy or asked.refused is not None:
            accounts.refusals.append(self._refusal(site, asked))
        if busy:
            return
        cost = prompt_tokens(asked.body)
        if SITES[site].counts_cap(self._clock):
            cost += answer_cap(asked.body) or 0
        judged = quota.admit(asked.model, cost)
        accounts.replay_differs += isinstance(judged, Refused) != (asked.refused is not None)
        if isinstance(judged, Refused):
            return
        accounts.paid += 1
        if self._outage is not None and asked.at < self._outage.killed:
            accounts.cut += not asked.ended or asked.ended > self._outage.killed
        entry = f"{site}/{asked.model}"
        accounts.by_entry[entry] += 1
        self._let_in[entry] = asked.at
        tokens = prompt_tokens(asked.body) + _answer_tokens(asked)
        judged.settle(tokens)
        self._tickets[id(asked)] = judged
        limits = [gauge.limit for gauge in quota.gauges(asked.model)]
        self._told.let_in(site, asked, limits, tokens)

    def _time_failover(self, entry: str, asked: Asked) -> None:
        """From the arrival of a refused request to its arrival at one further down who had room.

        One that had none, and was asked when its window had ended, was waited for in the line.
        """
        planned = self._planned.get(number_of(asked.body))
        if planned is None:
            return
        left, room = self._left.pop(planned.number, (0.0, frozenset[str]()))
        cut = self._outage is not None and left < self._outage.killed < asked.at
        if entry in room and not cut:
            self.accounts.failovers.append(asked.at - left)
        if asked.refused is not None or asked.status not in (0, 200):
            place = [f"{id}/{model}" for id, model in CHAIN].index(entry)
            below = CHAIN[place + 1 :]
            room = frozenset(f"{id}/{m}" for id, m in below if self._wait(id, m, planned) == 0)
            self._left[planned.number] = (asked.at, room)

    def _refusal(self, site: str, asked: Asked) -> RefusedCall:
        spent = asked.refused.spent if asked.refused is not None else ()
        return RefusedCall(
            at=asked.at,
            entry=f"{site}/{asked.model}",
            number=number_of(asked.body),
            limits=tuple(one.limit.word for one in spent) or ("overloaded",),
            foreseen=self._told.foreseen(site, asked),
        )

    def _look(self, outcome: Outcome, *, last: bool) -> None:
        """Which entries would let a failed request in, just before it had its failure."""
        waits = {f"{id}/{model}": self._wait(id, model, outcome.planned) for id, model in CHAIN}
        unused = {entry for entry, wait in waits.items() if wait == 0}
        if not last:
            self._unused[outcome.planned.number] = unused
            return
        first_look = outcome.ended - _LOOKS[0]
        unused &= {
            entry
            for entry in self._unused[outcome.planned.number]
            if self._let_in.get(entry, 0.0) < first_look
        }
        if unused and not self._was_down(outcome.ended):
            self.accounts.avoidable.append((outcome, tuple(sorted(unused))))
        soonest = max(1.0, min(waits.values()))
        if outcome.status == 429 and not _is_true(outcome.retry_after, soonest):
            self.accounts.untrue.append((outcome, soonest))

    def _was_down(self, at: float) -> bool:
        """What nobody was there to use may be on its way to those who came back first."""
        outage = self._outage
        return outage is not None and outage.killed <= at < outage.back + _LOOKS[0]

    def _wait(self, site: str, model: str, request: Planned) -> float:
        window = next(one.context_window for one in SITES[site].models if one.id == model)
        if request.prompt > window:
            return math.inf
        cost = request.reserved(counts_cap=SITES[site].counts_cap(self._clock))
        busy = self._busy_until.get((site, model), 0.0) - self._clock.now()
        return max(0.0, busy, self._quotas[site].wait(model, cost))


def _is_true(told: float | None, soonest: float) -> bool:
    return told is not None and soonest - _TOLERANCE <= told <= math.ceil(soonest) + _TOLERANCE


def _answer_tokens(asked: Asked) -> int:
    text = str(asked.body["messages"][-1]["content"])
    return int(text.partition("answer in ")[2].partition(" ")[0])


def _asked_moments(farm: Mapping[str, SimulatedProvider]) -> Iterator[_Moment]:
    for site, provider in farm.items():
        for asked in provider.asked:
            yield _Moment(asked.at, 0, "arrives", site, asked)
            if asked.told:
                yield _Moment(asked.told, 1, "told", site, asked)
            if asked.ended:
                yield _Moment(asked.ended, 2, "ends", site, asked)


def _failure_moments(outcomes: Sequence[Outcome]) -> Iterator[_Moment]:
    for outcome in outcomes:
        if not outcome.complete:
            for name, before in zip(("look", "last look"), _LOOKS, strict=True):
                yield _Moment(outcome.ended - before, 3, name, outcome=outcome)
